// What the disk itself takes to have a few bytes for good: nobody who waits for it can answer sooner.
import { closeSync, fdatasyncSync, openSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { summaryOf } from '../test/torture/statistics.ts';

/** About as many as a post takes. */
const RECORD_BYTES = 150;

/**
 * Appends and syncs one record after the other.
 * @returns how many a second, and milliseconds of one
 */
export function probeDisk(
  directory: string,
  windowMs: number,
): { perSecond: number; p50: number; p99: number } {
  const file = join(directory, 'probe');
  const descriptor = openSync(file, 'w');
  const record = Buffer.alloc(RECORD_BYTES, 'x');
  const times: number[] = [];
  const fromMs = performance.now();
  for (let beforeMs = fromMs; beforeMs - fromMs < windowMs; ) {
    writeSync(descriptor, record);
    fdatasyncSync(descriptor);
    const nowMs = performance.now();
    times.push(nowMs - beforeMs);
    beforeMs = nowMs;
  }
  const perSecond = (times.length * 1_000) / (performance.now() - fromMs);
  closeSync(descriptor);
  rmSync(file);
  const summary = summaryOf(times);
  return { perSecond, p50: summary?.median ?? Number.NaN, p99: summary?.p99 ?? Number.NaN };
}
