// A daemon that is expected to end by itself at once, for what it says and with which code.
import { execa } from 'execa';
import { DAEMON_MAIN } from './daemons.ts';

/** Far longer than a start takes: one that serves after all is ended, and has no exit code. */
const END_MS_MAX = 15_000;

/** @returns its exit code, -1 without one, and its lines of standard error */
export async function runDaemon(
  words: readonly string[],
): Promise<{ code: number; errors: string[] }> {
  const options = { reject: false, timeout: END_MS_MAX } as const;
  const { exitCode = -1, stderr } = await execa(DAEMON_MAIN, words, options);
  return { code: exitCode, errors: stderr.split('\n') };
}
