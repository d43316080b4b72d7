// Waiting for a condition, with a bound and a reason: instead of sleeping and hoping.
import { setTimeout as delay } from 'node:timers/promises';

const POLL_MS = 20;

/** @throws Error that says what was waited for, when it did not come within `timeoutMs` */
export async function waitFor(
  what: string | (() => string),
  condition: () => boolean | Promise<boolean>,
  timeoutMs: number,
): Promise<void> {
  const untilMs = performance.now() + timeoutMs;
  for (;;) {
    if (await condition()) return;
    if (performance.now() > untilMs) {
      throw new Error(`waited ${timeoutMs} ms for: ${typeof what === 'string' ? what : what()}`);
    }
    await delay(POLL_MS);
  }
}

/** Middle of a list of numbers, the lower of two; NaN for an empty one. */
export function median(values: readonly number[]): number {
  return (
    [...values].sort((one, other) => one - other)[Math.floor((values.length - 1) / 2)] ?? Number.NaN
  );
}
