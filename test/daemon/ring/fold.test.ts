// A server whose disk gave not every account and room at the start does not lead before it has them, as long
// as somebody could give them. The rest of the ring is tested by the simulator.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { digestText, hashOf, hashText } from '../../../daemon/ring/digest.ts';
import type { Announcement } from '../../../daemon/ring/messages.ts';
import { step } from '../../../daemon/ring/ring.ts';
import {
  JOINING_PATIENCE_MS,
  TICK_INTERVAL_MS,
  HEARTBEAT_INTERVAL_MS as TOLD_EVERY_MS,
} from '../../../daemon/ring/settings.ts';
import { createRing, type RingInput } from '../../../daemon/ring/state.ts';

const WALL_MS = 1_700_000_000_000;
const DIGEST = new Map([['1.1.00000000000000aa', 3]]);

function stage() {
  const ring = createRing({
    self: { id: 'server2', ringPosition: 2, address: '' },
    peers: [{ id: 'server1', ringPosition: 1, address: '' }],
    copiesMin: 1,
    boot: 'b2',
    record: { incarnation: '00000000000000bb', installedTerm: 1, promisedTerm: 1 },
    digest: DIGEST,
    hlc: { ms: 1, counter: 0 },
    base: null,
    foldIsWhole: false,
    nowMs: 0,
  });
  let nowMs = 0;
  const logged: string[] = [];
  const feed = (input: RingInput) => {
    for (const output of step(ring, { ...input, nowMs, wallMs: WALL_MS, draw: 0.5 }))
      if (output.type === 'log') logged.push(output.message);
  };
  let version = 0;
  /** The other server says that it is there, and holds the same. */
  const hear = () => {
    version += 1;
    const announcement: Announcement = {
      ...{ version, phase: 'active', promisedTerm: 1, installedTerm: 1, view: null },
      ...{
        entryCount: 3,
        digestHash: hashText(hashOf(DIGEST), DIGEST),
        hears: ['server2'],
        wallMs: WALL_MS,
      },
    };
    const digest = digestText(DIGEST);
    if (version === 1) {
      feed({ type: 'linkUp', peer: 'server1', boot: 'b1' });
      const message = { type: 'hello' as const, boot: 'b1', announcement, digest };
      feed({ type: 'message', from: 'server1', message });
    } else feed({ type: 'heartbeat', from: 'server1', announcement });
  };
  const pass = (forMs: number, isHeard: boolean) => {
    for (const untilMs = nowMs + forMs; nowMs < untilMs; ) {
      nowMs += TICK_INTERVAL_MS;
      if (isHeard && nowMs % TOLD_EVERY_MS === 0) hear();
      feed({ type: 'tick' });
    }
  };
  return { ring, feed, pass, logged };
}

test('it joins as long as another could give what is missing, and leads when it has it', () => {
  const { ring, feed, pass } = stage();
  pass(10 * JOINING_PATIENCE_MS, true);
  assert.equal(ring.phase, 'joining');
  feed({ type: 'foldIsWhole' });
  pass(TICK_INTERVAL_MS, true);
  assert.notEqual(ring.phase, 'joining');
});

test('alone it waits for its patience, and serves without, and says so', () => {
  const { ring, pass, logged } = stage();
  pass(JOINING_PATIENCE_MS, false);
  assert.equal(ring.phase, 'joining');
  pass(JOINING_PATIENCE_MS, false);
  assert.equal(ring.phase, 'leading');
  assert.ok(logged.includes('serving without accounts or rooms that are damaged on the disk'));
});
