// Goals are held against medians of what was recorded, and what was not measured is not reached.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { figureOf, GOALS, type Goal, goalsText } from '../../bench/goals.ts';
import type { Results } from '../../bench/results.ts';
import type { Sample } from '../../bench/works/work.ts';
import { WORKS } from '../../bench/works/works.ts';

const sample = (system: string, speed: number): Sample => ({
  case: 'a room',
  system,
  version: '1',
  role: system === 'SyncNet' ? 'own' : 'peer',
  values: { speed },
  serverShare: 1,
  generatorShare: 0.5,
  othersShare: 0,
  bottleneck: 'server',
});

const recorded = (...runs: readonly Sample[][]) => ({ runs }) as unknown as Results;

const goal = (bound: { least?: number; most?: number }, isRatio = true) =>
  ({
    work: { name: 'a work' },
    what: 'speed',
    case: 'a room',
    own: { system: 'SyncNet', metric: 'speed' },
    to: isRatio ? { system: 'inspircd', metric: 'speed' } : null,
    ...bound,
  }) as unknown as Goal;

const RUNS = recorded(
  [sample('SyncNet', 90), sample('inspircd', 50)],
  [sample('SyncNet', 110), sample('inspircd', 50)],
);

test('a ratio is that of the medians of all runs', () => {
  assert.equal(figureOf(goal({ least: 1 }), RUNS), 2);
  assert.equal(figureOf(goal({ least: 1 }, false), RUNS), 100);
});

for (const [bound, verdict] of [
  [{ least: 2 }, '| speed | at least 2x | 2x | yes |'],
  [{ least: 2.1 }, '| speed | at least 2.1x | 2x | **no** |'],
  [{ most: 1.9 }, '| speed | at most 1.9x | 2x | **no** |'],
] as const) {
  test(`the table has a row like ${verdict}`, () => {
    assert.equal(
      goalsText([goal(bound)], () => RUNS)
        .split('\n')
        .at(-1),
      verdict,
    );
  });
}

test('what was not measured is not reached, and said not to be measured', () => {
  const row = '| speed | at least 1x | - | not measured |';
  assert.equal(
    goalsText([goal({ least: 1 })], () => null)
      .split('\n')
      .at(-1),
    row,
  );
  assert.equal(
    goalsText([goal({ least: 1 })], () => recorded([]))
      .split('\n')
      .at(-1),
    row,
  );
});

test('every goal is about a work and a metric that are measured', () => {
  for (const { work, own, to } of GOALS) {
    assert.ok(WORKS.includes(work));
    const keys = work.metrics.map(({ key }) => key);
    assert.ok(keys.includes(own.metric), own.metric);
    assert.ok(to === null || keys.includes(to.metric), to?.metric);
  }
});
