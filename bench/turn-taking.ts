// A lock on a file, held while something runs: two measurements at once measure each other.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { track } from './children.ts';

/** Waits for the lock, as `flock` takes it, and gives it back afterwards. */
export async function withLock<T>(file: string, run: () => Promise<T>): Promise<T> {
  const child = spawn('flock', [file, 'sh', '-c', 'echo held; cat'], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  track(child);
  await once(child.stdout, 'data');
  try {
    return await run();
  } finally {
    const gone = once(child, 'exit');
    child.stdin.end();
    await gone;
  }
}
