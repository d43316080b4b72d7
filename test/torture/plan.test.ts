// The faults of a run are known before it, and are those that its machine can make.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { drawPlan, FAULT_KINDS, KINDS, possibleKinds } from './plan.ts';
import type { FaultRecord } from './torture.ts';
import { silences, waitsByCause } from './waits.ts';

const OPTIONS = { seed: 7, durationMs: 3_600_000, servers: 3, kinds: FAULT_KINDS };

test('one seed always gives the same faults, another seed gives others', () => {
  assert.deepEqual(drawPlan(OPTIONS), drawPlan(OPTIONS));
  assert.notDeepEqual(drawPlan(OPTIONS), drawPlan({ ...OPTIONS, seed: 8 }));
});

test('an hour has every kind of fault, each within its bounds, in order', () => {
  const plan = drawPlan(OPTIONS);
  assert.deepEqual(new Set(plan.map(({ kind }) => kind)), new Set(FAULT_KINDS));
  for (const [index, fault] of plan.entries()) {
    const [shortest, longest] = KINDS[fault.kind].lastsMs;
    assert.ok(fault.lastsMs >= shortest && fault.lastsMs <= longest, fault.kind);
    assert.ok(fault.atMs >= (plan[index - 1]?.atMs ?? 0) && fault.atMs < OPTIONS.durationMs);
    assert.ok(fault.target === 'leader' || fault.target < 3);
  }
});

test('without namespaces only signals and files are left', () => {
  const kinds = possibleKinds({ network: false, disk: false });
  assert.deepEqual(kinds, ['kill', 'stop', 'freeze', 'wipe', 'blackout', 'sender', 'clock']);
});

const fault = (kind: FaultRecord['kind'], fromMs: number, untilMs: number): FaultRecord => ({
  kind,
  whom: ['server3'],
  fromMs,
  untilMs,
  isFelt: true,
});

const post = (sentMs: number, waitMs: number) => ({
  sender: 'ann',
  sequence: 1,
  room: 'room',
  text: `sent at ${sentMs}`,
  answer: null,
  sentMs,
  answeredMs: sentMs + waitMs,
  seenMs: sentMs + waitMs,
});

test('a wait belongs to the fault it was met in, and faults that meet are told apart by nobody', () => {
  const faults = [
    fault('kill', 1_000, 2_000),
    fault('loss', 9_000, 11_000),
    fault('stop', 10_000, 10_500),
  ];
  const posts = [post(500, 7), post(1_500, 80), post(1_600, 90), post(6_000, 9), post(10_100, 300)];
  const waits = waitsByCause(faults, posts);
  assert.deepEqual(Object.fromEntries(waits), { none: [9], kill: [90], several: [300] });
  // Sent a moment before a fault, and kept waiting by it.
  const met = waitsByCause(faults, [post(999, 400), ...posts]);
  assert.deepEqual(Object.fromEntries(met), { none: [9], kill: [400], several: [300] });
});

test('a silence is a time in which nobody was answered', () => {
  const posts = [post(0, 10), post(100, 10), post(200, 600), post(900, 10)];
  assert.deepEqual(silences(posts, 250), [{ fromMs: 110, untilMs: 800 }]);
});
