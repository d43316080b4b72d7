// npm run simulate -- --seed N | --seeds COUNT [--from N] | --minutes M: runs the simulator, prints what it found.
import { parseArgs } from 'node:util';
import { freshSeeds, type Outcome, simulate } from '../test/simulator/simulate.ts';

const { values } = parseArgs({
  options: {
    seed: { type: 'string' },
    seeds: { type: 'string', default: '200' },
    from: { type: 'string' },
    minutes: { type: 'string' },
  },
});

function report(outcome: Outcome): void {
  if (!outcome.failure) return;
  console.log(outcome.story.join('\n'));
  console.log(
    `\nseed ${outcome.seed}: ${outcome.failure.stack}\nagain: npm run simulate -- --seed ${outcome.seed}`,
  );
}

if (values.seed) {
  const outcome = simulate(Number(values.seed));
  report(outcome);
  if (!outcome.failure)
    console.log(
      `seed ${outcome.seed}: held; ${outcome.acknowledged} acknowledged, ${outcome.steps} steps`,
    );
  process.exitCode = outcome.failure ? 1 : 0;
} else {
  const from = values.from ? Number(values.from) : Math.floor(Math.random() * 2 ** 32);
  const untilMs = values.minutes
    ? Date.now() + Number(values.minutes) * 60_000
    : Number.POSITIVE_INFINITY;
  const seeds = freshSeeds(values.minutes ? 10_000_000 : Number(values.seeds), from);
  console.log(
    `simulating from ${from}: ${values.minutes ? `${values.minutes} minutes` : `${seeds.length} seeds`}`,
  );
  let runs = 0;
  let steps = 0;
  let acknowledged = 0;
  let failed = 0;
  for (const seed of seeds) {
    if (Date.now() > untilMs || failed >= 3) break;
    const outcome = simulate(seed);
    runs += 1;
    steps += outcome.steps;
    acknowledged += outcome.acknowledged;
    if (outcome.failure) failed += 1;
    report(outcome);
  }
  console.log(`${runs} seeds, ${steps} steps, ${acknowledged} acknowledged, ${failed} failed`);
  process.exitCode = failed > 0 ? 1 : 0;
}
