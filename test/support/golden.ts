// Frames that the screen must draw, and outcomes of scenarios, kept as text that a person can read. UPDATE_GOLDENS=1 writes them anew;
// what changed is then reviewed like code.
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';

const FOLDER = new URL('../goldens/', import.meta.url);

const pathOf = (name: string) => new URL(`${name}.txt`, FOLDER);

/** Whether goldens are written anew in this run. */
export const isUpdating = () => process.env.UPDATE_GOLDENS === '1';

/** What a golden says; null where there is none. */
export function goldenText(name: string): string | null {
  const path = pathOf(name);
  return existsSync(path) ? readFileSync(path, 'utf8') : null;
}

export function writeGolden(name: string, text: string): void {
  const path = pathOf(name);
  mkdirSync(new URL('.', path), { recursive: true });
  writeFileSync(path, text);
}

/** Compares a frame with the golden of that name. @throws AssertionError where they differ */
export function assertGolden(name: string, frame: string): void {
  const text = `${frame}\n`;
  if (isUpdating()) writeGolden(name, text);
  const golden = goldenText(name);
  assert.ok(golden !== null, `no golden ${name}: write it with UPDATE_GOLDENS=1, then read it`);
  assert.equal(text, golden, `${name}: UPDATE_GOLDENS=1 rewrites it`);
}
