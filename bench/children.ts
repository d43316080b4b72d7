// Processes that a measurement starts: on the cores that it says, ended by their process id, and ended by the
// kernel when the bench itself is killed.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, openSync, writeFileSync } from 'node:fs';

export type Words = readonly [string, ...string[]];

const running = new Set<ChildProcess>();
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.once(signal, () => process.exit(1));
}

let priority = 0;

/** How much the processes started from now on come before everything else, 0 to 20 (root); nice(1) the other way round. */
export function setPriority(value: number): void {
  priority = value;
}

/**
 * Linux weighs sessions against each other before it weighs the processes in one (sched(7), autogroup): each server
 * has a session of its own, and the session gets the priority too.
 */
export function prefer(pid: number | undefined): void {
  if (priority === 0 || pid === undefined) return;
  const file = `/proc/${pid}/autogroup`;
  if (existsSync(file)) writeFileSync(file, String(-priority));
}

/** What comes before a command so that it runs on these cores only, and not longer than the bench. */
export function entrance(cores: string): string[] {
  return [
    'nice',
    '-n',
    String(-priority),
    'setpriv',
    '--pdeathsig',
    'KILL',
    'taskset',
    '--cpu-list',
    cores,
  ];
}

export type Started = Readonly<{
  pid: number;
  isOver(): boolean;
  stop(signal?: NodeJS.Signals): Promise<void>;
}>;

/** Starts a server whose output goes to a file. */
export function start(words: Words, options: { cores: string; log: string }): Started {
  const log = openSync(options.log, 'a');
  const [file = '', ...rest] = [...entrance(options.cores), ...words];
  const child = spawn(file, rest, { stdio: ['ignore', log, log], detached: true });
  closeSync(log);
  track(child);
  prefer(child.pid);
  return {
    pid: child.pid ?? Number.NaN,
    isOver: () => !running.has(child),
    stop: async (signal = 'SIGKILL') => {
      if (!running.has(child)) return;
      const gone = once(child, 'exit');
      child.kill(signal);
      await gone;
    },
  };
}

/** Ended with the bench, whatever ends it. */
export function track(child: ChildProcess): void {
  running.add(child);
  child.once('exit', () => running.delete(child));
  child.once('error', () => running.delete(child));
}
