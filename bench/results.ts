// What was measured, kept as it came: bench/results/NAME.json. The page and its plots are made of it.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Sample } from './works/work.ts';

export type Results = Readonly<{
  work: string;
  /** Processors, Node, day. */
  machine: string;
  kernel: string;
  /** The words that measure it again. */
  command: string;
  /** One list for each run, in which every system had its turn. */
  runs: readonly (readonly Sample[])[];
}>;

const FOLDER = new URL('./results/', import.meta.url);

const fileOf = (work: string) => fileURLToPath(new URL(`${work}.json`, FOLDER));

/** @returns null when nothing is recorded */
export function readResults(work: string): Results | null {
  const file = fileOf(work);
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Results) : null;
}

export function writeResults(results: Results): void {
  mkdirSync(FOLDER, { recursive: true });
  // Five digits say all that there is.
  const short = (_: string, value: unknown) =>
    typeof value === 'number' ? Number(value.toPrecision(5)) : value;
  writeFileSync(fileOf(results.work), `${JSON.stringify(results, short, 1)}\n`);
}
