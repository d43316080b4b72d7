// Digests: how they travel, and that the hash that a server announces is of what it holds now.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  DIGEST_TEXT,
  digestOf,
  digestText,
  hashOf,
  hashText,
} from '../../../daemon/ring/digest.ts';
import { step } from '../../../daemon/ring/ring.ts';
import { createRing, ownHash, type RingInput } from '../../../daemon/ring/state.ts';

const AA = '1.1.00000000000000aa';
const BB = '20.3.ffffffffffffffbb';

const hashed = (lines: readonly (readonly [string, number])[]) => {
  const digest = new Map(lines);
  return hashText(hashOf(digest), digest);
};

for (const lines of [
  [],
  [[AA, 3]],
  [
    [AA, 3],
    [BB, 1_099_511_627_776],
  ],
] as [string, number][][]) {
  test(`a digest of ${lines.length} streams travels as text and back`, () => {
    const text = digestText(new Map(lines));
    assert.match(text, DIGEST_TEXT);
    assert.deepEqual([...digestOf(text)], lines);
  });
}

test('ten thousand streams are one text that fits the schema', () => {
  const hex = (value: number) => value.toString(16).padStart(16, '0');
  const digest = new Map(
    Array.from({ length: 10_000 }, (_, term) => [`${term}.3.${hex(term)}`, term + 1]),
  );
  const text = digestText(digest);
  assert.match(text, DIGEST_TEXT);
  assert.deepEqual(digestOf(text), digest);
});

for (const [what, text] of Object.entries({
  'a space at the end': `${AA}:3 `,
  'a space at the start': ` ${AA}:3`,
  'two spaces': `${AA}:3  ${BB}:1`,
  'no sequence': `${AA}:`,
  'a sequence of nothing': `${AA}:0`,
  'a stream without incarnation': '1.1:3',
  'a line feed': `${AA}:3\n`,
  'something else': '{}',
})) {
  test(`${what} is no digest`, () => assert.doesNotMatch(text, DIGEST_TEXT));
}

test('the hash is equal for equal digests in any order, and differs by every line and number', () => {
  assert.equal(
    hashed([
      [AA, 3],
      [BB, 1],
    ]),
    hashed([
      [BB, 1],
      [AA, 3],
    ]),
  );
  const others = [
    [],
    [[AA, 3]],
    [
      [AA, 3],
      [BB, 2],
    ],
    [
      [AA, 1],
      [BB, 3],
    ],
  ] as [string, number][][];
  const all = [
    [
      [AA, 3],
      [BB, 1],
    ] as [string, number][],
    ...others,
  ].map(hashed);
  assert.equal(new Set(all).size, all.length);
  for (const hash of all) assert.match(hash, /^[A-Za-z0-9_-]{16}$/);
});

test('the hash of what is held is found again for what changed, and is never an old one', () => {
  const ring = createRing({
    self: { id: 'server1', ringPosition: 1, address: '' },
    peers: [],
    copiesMin: 1,
    boot: 'b1',
    record: { incarnation: '00000000000000aa', installedTerm: 0, promisedTerm: 0 },
    digest: new Map([['1.1.00000000000000bb', 3]]),
    hlc: { ms: 0, counter: 0 },
    base: null,
    foldIsWhole: true,
    nowMs: 0,
  });
  let nowMs = 0;
  const feed = (input: RingInput) => {
    nowMs += 25;
    step(ring, { ...input, nowMs, wallMs: 1_000, draw: 0.5 });
  };
  assert.equal(ownHash(ring), hashed([...ring.digest]));
  for (let ticks = 0; ticks < 80; ticks += 1) feed({ type: 'tick' });
  assert.equal(ring.phase, 'leading');
  for (const body of ['one', 'two', 'three']) {
    feed({ type: 'append', body, above: null });
    if (body !== 'two') assert.equal(ownHash(ring), hashed([...ring.digest]));
  }
});
