// Frames: whole, in pieces, glued, too long. What comes out does not depend on how the bytes came.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { frameReader } from '../../../lib/protocol/frame.ts';

const bytes = (text: string) => Buffer.from(text, 'utf8');
const TEXT = '{"a":1}\n{"b":"日本語 👩‍👩‍👧"}\r\n\n{"c":3}\n';
const LINES = ['{"a":1}', '{"b":"日本語 👩‍👩‍👧"}', '{"c":3}'];

for (const size of [1, 2, 3, 5, 7, 1000]) {
  test(`lines come out whole when the bytes come by ${size}`, () => {
    const reader = frameReader(100);
    const whole = bytes(TEXT);
    const lines: string[] = [];
    for (let at = 0; at < whole.length; at += size) {
      lines.push(...reader.push(whole.subarray(at, at + size)).lines);
    }
    assert.deepEqual(lines, LINES);
  });
}

test('what has no line end yet is kept back', () => {
  const reader = frameReader(100);
  assert.deepEqual(reader.push(bytes('{"a"')).lines, []);
  assert.deepEqual(reader.push(bytes(':1}\n')).lines, ['{"a":1}']);
});

test('a line of the greatest length passes, one byte more is an overflow', () => {
  assert.deepEqual(frameReader(4).push(bytes('1234\n')), { lines: ['1234'], overflow: false });
  assert.equal(frameReader(4).push(bytes('12345\n')).overflow, true);
});

test('an overflow is noticed before the line ends, keeps the lines before it, and lasts', () => {
  const reader = frameReader(4);
  assert.deepEqual(reader.push(bytes('12\n12345')), { lines: ['12'], overflow: true });
  assert.deepEqual(reader.push(bytes('\n1\n')), { lines: [], overflow: true });
});

test('invalid UTF-8 becomes the replacement character', () => {
  const { lines } = frameReader(10).push(Buffer.from([0x61, 0xff, 0x0a]));
  assert.deepEqual(lines, ['a\ufffd']);
});
