// What a process takes of the machine, as Linux counts it.
import { readFileSync } from 'node:fs';
import { cpuSeconds, residentBytes } from '../proc-stat.ts';

/** Memory of the process that is in RAM now, in MB of 2^20 bytes. */
export function residentMb(pid: number): number {
  return residentBytes(readFileSync(`/proc/${pid}/status`, 'utf8')) / 2 ** 20;
}

/** Begins to count. @returns a function that tells what share of one core the process took since */
export function countCpu(pid: number): () => number {
  const takenMs = () => 1_000 * cpuSeconds(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  const fromMs = performance.now();
  const before = takenMs();
  return () => (takenMs() - before) / (performance.now() - fromMs);
}
