// Many seeds on many processes: each takes its share of the list, and tells of what it found.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { failureText, simulate } from './simulate.ts';

export type Found = Readonly<{ seed: number; text: string }>;
export type Tally = {
  runs: number;
  steps: number;
  acknowledged: number;
  faults: Record<string, number>;
  failures: Found[];
};

type Report = Readonly<{
  steps: number;
  acknowledged: number;
  faults: Readonly<Record<string, number>>;
  failure: Found | null;
}>;

const emptyTally = (): Tally => ({ runs: 0, steps: 0, acknowledged: 0, faults: {}, failures: [] });

function add(tally: Tally, report: Report): void {
  tally.runs += 1;
  tally.steps += report.steps;
  tally.acknowledged += report.acknowledged;
  for (const [name, times] of Object.entries(report.faults))
    tally.faults[name] = (tally.faults[name] ?? 0) + times;
  if (report.failure) tally.failures.push(report.failure);
}

function run(seed: number): Report {
  const outcome = simulate(seed);
  const { steps, acknowledged, faults, failure } = outcome;
  const found = failure ? { seed, text: failureText(outcome) } : null;
  return { steps, acknowledged, faults, failure: found };
}

/**
 * @param fields.untilMs wall clock at which to end, or null for all seeds
 * @param fields.signal ends it after the seeds that are under way
 */
export async function simulateMany(fields: {
  seeds: readonly number[];
  untilMs: number | null;
  workers: number;
  failuresMax: number;
  signal: AbortSignal;
  onProgress: (done: number) => void;
}): Promise<Tally> {
  const tally = emptyTally();
  const { seeds, untilMs, workers, failuresMax, signal, onProgress } = fields;
  let next = 0;
  const due = () =>
    next < seeds.length &&
    !signal.aborted &&
    tally.failures.length < failuresMax &&
    (untilMs === null || Date.now() < untilMs);
  const work = async () => {
    const child = fork(new URL(import.meta.url), {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    const exited = once(child, 'exit').then(([code]) => {
      throw new Error(`a worker of the simulator ended with ${code}`);
    });
    exited.catch(() => {}); // only of interest while an answer is awaited
    while (due()) {
      const seed = seeds[next];
      next += 1;
      child.send({ seed });
      const [report] = (await Promise.race([once(child, 'message'), exited])) as [Report];
      add(tally, report);
      onProgress(tally.runs);
    }
    child.disconnect();
  };
  await Promise.all(Array.from({ length: workers }, work));
  return tally;
}

if (process.send) {
  process.on('SIGINT', () => {}); // of a terminal, for all: the seed that is under way is still told of
  process.on('message', ({ seed }: { seed: number }) => process.send?.(run(seed)));
}
