// The quick reading of the commonest messages: whatever it takes, the schemas take too, and as the same.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseLine, plainMessage } from '../../../daemon/net/client-requests.ts';
import { ClientMessage } from '../../../lib/protocol/requests.ts';
import { ODD_VALUES, variantsOf } from '../../support/variants.ts';

const POST = { type: 'post', number: 3, lowest: 2, room: 'general', text: 'hello' };
const PING = { type: 'ping', query: 7 };

/** Values at and beyond the bounds of every field, and some of other types. */
const VALUES: readonly unknown[] = [
  ...ODD_VALUES,
  ...[1, -1, 999_999_999_999, 1e12, Number.MAX_SAFE_INTEGER, `${' '.repeat(3999)}x`],
  ...['AbCdEfGh_-012345', 'AbCdEfGh_-01234', 'AbCdEfGh_-0123456', 'ping', false, { text: 'x' }],
];

function assertSame(fields: Record<string, unknown>): void {
  // As it comes from a line: so with keys and values that JSON can carry.
  const value = JSON.parse(JSON.stringify(fields)) as Record<string, unknown>;
  const plain = plainMessage(value);
  if (plain === null) return;
  const { data } = ClientMessage.safeParse(value);
  assert.deepEqual(plain, data, JSON.stringify(fields));
}

for (const message of [POST, PING] as const) {
  test(`what is read as a plain ${message.type} is one by the schema too`, () => {
    assert.deepEqual(plainMessage(message), message);
    const fields = [...Object.keys(message), 'reply', 'action', 'query', '__proto__', 'more'];
    for (const variant of variantsOf(message, fields, VALUES)) assertSame(variant);
  });
}

test('what the schema takes of texts and rooms is read without it', () => {
  for (const value of VALUES) {
    for (const field of ['text', 'room', 'number', 'lowest'] as const) {
      const message = { ...POST, [field]: value };
      const { success } = ClientMessage.safeParse(message);
      assert.equal(plainMessage(message) !== null, success, `${field}: ${JSON.stringify(value)}`);
    }
    const ping = { ...PING, query: value };
    assert.equal(plainMessage(ping) !== null, ClientMessage.safeParse(ping).success);
  }
});

test('random posts are read as the schema reads them', () => {
  let seed = 7;
  const draw = (below: number) => {
    seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0;
    return (seed >>> 8) % below;
  };
  for (let count = 0; count < 5_000; count += 1) {
    const units = Array.from({ length: draw(6) }, () =>
      draw(4) === 0 ? draw(0x1_0000) : draw(0x100),
    );
    const message = { ...POST, text: String.fromCharCode(...units) };
    const { data } = ClientMessage.safeParse(message);
    assert.deepEqual(plainMessage(message), data ?? null, JSON.stringify(message));
  }
});

test('a post with extras, a field too many or too few is left to its schema', () => {
  assert.equal(plainMessage({ ...POST, action: true }), null);
  assert.deepEqual(parseLine(JSON.stringify({ ...POST, action: true })), {
    message: { ...POST, action: true },
  });
  const refused = parseLine(JSON.stringify({ ...POST, more: 1 }));
  assert.equal('code' in refused && refused.code, 'bad-request');
});
