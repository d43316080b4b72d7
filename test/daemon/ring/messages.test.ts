// The quick reading of what comes with every post: whatever it takes, the schema takes too, and as the same.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  type EntryTuple,
  PeerMessage,
  parsePeerMessage,
  plainPeerMessage,
} from '../../../daemon/ring/messages.ts';

const TUPLE: EntryTuple = [
  4,
  3,
  '0123456789abcdef',
  1,
  1_769_000_000_000,
  0,
  1_769_000_000_001,
  '{}',
];
const APPEND = { type: 'append', term: 4, entries: [TUPLE, TUPLE] };
const STORED = { type: 'stored', term: 4, sequence: 12 };

const VALUES: readonly unknown[] = [
  ...[0, -0, 1, -1, 0.5, 2 ** 24, 2 ** 40, 2 ** 48, 1_000_001, Number.MAX_SAFE_INTEGER, 2 ** 53],
  ...['', 'x', 'ABCDEF0123456789', '0123456789abcdef', '0123456789abcdef\n', 'x'.repeat(1_000_001)],
  ...[null, true, [], [TUPLE], [[]], {}, [TUPLE.slice(1)], [[...TUPLE, 1]], 'append', 'stored'],
];

function assertSame(value: unknown): void {
  const expected = PeerMessage.safeParse(value).data ?? null;
  assert.deepEqual(parsePeerMessage(value), expected);
  const plain = plainPeerMessage(value);
  if (plain !== null) assert.deepEqual(plain, expected);
}

test('appends and what is stored of them are read without their schemas', () => {
  assert.deepEqual(plainPeerMessage(APPEND), APPEND);
  assert.deepEqual(plainPeerMessage(STORED), STORED);
});

test('with any field out of its bounds the verdict is that of the schema', () => {
  for (const message of [APPEND, STORED]) {
    for (const field of [...Object.keys(message), 'more']) {
      for (const value of VALUES) assertSame({ ...message, [field]: value });
    }
  }
  for (let place = 0; place < TUPLE.length; place += 1) {
    for (const value of VALUES)
      assertSame({ ...APPEND, entries: [TUPLE.with(place, value as never)] });
  }
  for (const value of VALUES) assertSame(value);
});
