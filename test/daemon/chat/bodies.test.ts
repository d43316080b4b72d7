// The quick reading of the commonest body: whatever it takes, the schema takes too, and as the same.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bodyOf, plainPost } from '../../../daemon/chat/bodies.ts';
import type { Entry } from '../../../daemon/ring/entry.ts';
import { ODD_VALUES, variantsOf } from '../../support/variants.ts';

const ACCOUNT = 'AbCdEfGh_-012345';
const POST = { t: 'post', q: `${ACCOUNT}.bbbbbbbbbbbb/1`, u: ACCOUNT, r: 'general', x: 'hello' };

const VALUES: readonly unknown[] = [
  ...ODD_VALUES,
  ...['x'.repeat(64), 'x'.repeat(65), `${' '.repeat(3_999)}x`],
  ...[ACCOUNT, `${ACCOUNT}x`, `${ACCOUNT}\n`, 'edit', { length: 1 }],
];

const entryOf = (body: string): Entry => ({
  ...{ term: 1, ringPosition: 3, incarnation: 'ffffffffffffffff', sequence: 1 },
  ...{ hlcMs: 1, hlcCounter: 0, wallMs: 1, body },
});

/** As the schema alone reads it: a body with a field more is never read without, and loses that field. */
const bySchema = (fields: object) =>
  bodyOf(entryOf(JSON.stringify({ ...fields, unknownField: 1 })));

function assertSame(fields: object): void {
  const text = JSON.stringify(fields);
  const plain = plainPost(JSON.parse(text));
  if (plain !== null) assert.deepEqual(plain, bySchema(fields), text);
  assert.deepEqual(bodyOf(entryOf(text)), bySchema(fields), text);
}

test('a post is read without its schema', () => {
  assert.deepEqual(plainPost(POST), POST);
  assert.deepEqual(bySchema(POST), POST);
});

test('with any field out of its bounds, gone, or too many, the verdict is that of the schema', () => {
  const fields = [...Object.keys(POST), 'y', 'a', 'k', 'constructor'];
  for (const variant of variantsOf(POST, fields, VALUES)) assertSame(variant);
});

test('a key of prototypes, the same key twice, and deep nesting are nothing but fields', () => {
  const whole = JSON.stringify(POST);
  for (const more of ['"__proto__":{"x":"y"}', '"x":"twice"', '"r":"general","r":7']) {
    const text = `${whole.slice(0, -1)},${more}}`;
    const alone = bodyOf(entryOf(`${text.slice(0, -1)},"unknownField":1}`));
    assert.deepEqual(bodyOf(entryOf(text)), alone, text);
  }
  const deep = `${'['.repeat(9_000)}${']'.repeat(9_000)}`;
  assert.equal(bodyOf(entryOf(`{"t":"post","q":"","u":"","r":"","x":${deep}}`)), null);
});
