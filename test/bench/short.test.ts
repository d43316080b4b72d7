// When the short form calls a change a step back.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Results } from '../../bench/results.ts';
import { falls } from '../../bench/short.ts';
import type { Sample, Work } from '../../bench/works/work.ts';

const work = (better: 'higher' | 'lower') =>
  ({ metrics: [{ key: 'x', title: 'x', better }] }) as unknown as Work;

const sample = (system: string, role: Sample['role'], x: number): Sample => ({
  case: 'a case',
  system,
  version: '1',
  role,
  values: { x },
  serverShare: 1,
  generatorShare: 0.5,
  othersShare: 0,
  bottleneck: 'server',
});

/** A run with figures of SyncNet and of two peers; the second one only where it is given. */
const run = (own: number, one: number, two?: number) => [
  sample('SyncNet', 'own', own),
  sample('inspircd', 'peer', one),
  ...(two === undefined ? [] : [sample('redis', 'peer', two)]),
];

const recorded = (samples: readonly Sample[]) => ({ runs: [samples] }) as unknown as Results;

for (const { title, better, before, now, isFall } of [
  {
    title: 'all are slower',
    better: 'higher',
    before: run(100, 50),
    now: run(10, 5),
    isFall: false,
  },
  {
    title: 'half is just held',
    better: 'higher',
    before: run(100, 50),
    now: run(50, 50),
    isFall: false,
  },
  {
    title: 'less than half is left',
    better: 'higher',
    before: run(100, 50),
    now: run(49, 50),
    isFall: true,
  },
  {
    title: 'it takes twice as long',
    better: 'lower',
    before: run(100, 50),
    now: run(201, 50),
    isFall: true,
  },
  {
    title: 'it takes less long',
    better: 'lower',
    before: run(100, 50),
    now: run(50, 50),
    isFall: false,
  },
] as const) {
  test(`a ratio ${isFall ? 'fell' : 'did not fall'} by half where ${title}`, () => {
    const [only] = falls(work(better), now, recorded(before));
    assert.equal(only?.isFall, isFall);
  });
}

test('a peer that is not installed here counts on neither side', () => {
  const [only] = falls(work('higher'), run(100, 50), recorded(run(100, 50, 1_000)));
  assert.equal(only?.recordedGoodness, 2);
  assert.equal(only?.isFall, false);
});

test('what was never recorded cannot fall', () => {
  assert.deepEqual(falls(work('higher'), run(1, 50), recorded([])), []);
});
