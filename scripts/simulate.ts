// npm run simulate -- --seed N | --seeds COUNT [--from N] | --minutes M: runs the simulator on every core, and
// prints what it found.
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { drawPlan, freshSeeds } from '../test/simulator/plan.ts';
import { shrink } from '../test/simulator/shrink.ts';
import { failureText, simulate } from '../test/simulator/simulate.ts';
import { simulateMany, type Tally } from '../test/simulator/workers.ts';
import { machineText, record } from '../test/support/record.ts';

const USAGE = `Runs whole clusters on simulated time, network and disks, under seeded faults.

  npm run simulate -- --seed N [--story] [--shrink]   one run, its whole story, a smaller plan that fails too
  npm run simulate -- --seeds COUNT [--from N]        so many fresh seeds (2000), or those drawn from N
  npm run simulate -- --minutes M                     fresh seeds for so long
  --workers K                                         processes side by side (one for each core)
  --failures K                                        ends after so many seeds that failed (3)
  --record                                            the figures go into docs/RELIABILITY.md

Ctrl-C ends a long run early, and prints what it found until then.
`;

const { values } = parseArgs({
  options: {
    seed: { type: 'string' },
    seeds: { type: 'string', default: '2000' },
    from: { type: 'string' },
    minutes: { type: 'string' },
    workers: { type: 'string', default: String(availableParallelism()) },
    failures: { type: 'string', default: '3' },
    story: { type: 'boolean', default: false },
    shrink: { type: 'boolean', default: false },
    record: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

function runOne(seed: number): void {
  const outcome = simulate(seed);
  const { failure, acknowledged, steps, digest } = outcome;
  if (values.story) console.log(outcome.story.join('\n'));
  if (!failure) {
    console.log(`seed ${seed}: held; ${acknowledged} acknowledged, ${steps} steps, run ${digest}`);
    return;
  }
  process.exitCode = 1;
  console.log(failureText(outcome));
  if (!values.shrink) return;
  const smaller = shrink(drawPlan(seed), (text) => console.error(text));
  console.log(`\n--- the smallest plan found that fails ---\n${JSON.stringify(smaller, null, 1)}`);
  console.log(failureText(simulate(smaller)));
}

function faultsText({ faults }: Tally): string {
  return Object.entries(faults)
    .sort(([, one], [, other]) => other - one)
    .map(([name, times]) => `${name} ${times}`)
    .join(', ');
}

function recordText(tally: Tally, from: number): string {
  const { runs, steps, acknowledged, failures } = tally;
  const count = (value: number) => value.toLocaleString('en-US');
  const figures = `${count(runs)} seeds drawn from ${from}: ${count(steps)} steps, ${count(acknowledged)} acknowledged requests, ${failures.length} seeds
that failed`;
  return `\n\n${figures} (${machineText(Date.now())}).\n\nFaults: ${faultsText(tally)}.\n\n`;
}

async function runMany(): Promise<void> {
  const from = values.from ? Number(values.from) : Math.floor(Math.random() * 2 ** 32);
  const minutes = values.minutes ? Number(values.minutes) : null;
  const count = minutes === null ? Number(values.seeds) : 10_000_000;
  console.log(
    `simulating ${minutes === null ? `${count} seeds` : `${minutes} minutes`} drawn from ${from}`,
  );
  const beganMs = Date.now();
  const ended = new AbortController();
  process.once('SIGINT', () => ended.abort());
  const tally = await simulateMany({
    signal: ended.signal,
    seeds: freshSeeds(count, from),
    untilMs: minutes === null ? null : beganMs + minutes * 60_000,
    workers: Number(values.workers),
    failuresMax: Number(values.failures),
    onProgress: (done) => {
      if (process.stderr.isTTY) process.stderr.write(`\r${done} seeds`);
    },
  });
  for (const { text } of tally.failures) console.log(`${text}\n`);
  const tookS = Math.round((Date.now() - beganMs) / 1_000);
  console.log(
    `${tally.runs} seeds, ${tally.steps} steps, ${tally.acknowledged} acknowledged, ${tally.failures.length} failed, ${tookS} s`,
  );
  console.log(faultsText(tally));
  if (values.record) record('simulate', recordText(tally, from));
  process.exitCode = tally.failures.length > 0 ? 1 : 0;
}

if (values.help) console.log(USAGE);
else if (values.seed !== undefined) runOne(Number(values.seed));
else await runMany();
