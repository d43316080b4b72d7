// The hash that a server announces is of what it holds now.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { step } from '../../../daemon/ring/ring.ts';
import { createRing, digestHash, ownHash, type RingInput } from '../../../daemon/ring/state.ts';

test('the hash of what is held is found once for each change, and never an old one', () => {
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
  assert.equal(ownHash(ring), digestHash(ring.digest));
  for (let ticks = 0; ticks < 80; ticks += 1) feed({ type: 'tick' });
  assert.equal(ring.phase, 'leading');
  for (const body of ['one', 'two']) {
    feed({ type: 'append', body, above: null });
    assert.equal(ownHash(ring), digestHash(ring.digest));
  }
  const { hashed } = ring;
  ownHash(ring);
  assert.equal(ring.hashed, hashed);
});
