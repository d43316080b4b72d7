// Frames that the screen must draw, and outcomes of scenarios, kept as text that a person can read. UPDATE_GOLDENS=1 writes them anew;
// what changed is then reviewed like code.
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';

const FOLDER = new URL('../goldens/', import.meta.url);

/** Compares a frame with the golden of that name. @throws AssertionError where they differ */
export function assertGolden(name: string, frame: string): void {
  const path = new URL(`${name}.txt`, FOLDER);
  const text = `${frame}\n`;
  if (process.env.UPDATE_GOLDENS === '1') {
    mkdirSync(new URL('.', path), { recursive: true });
    writeFileSync(path, text);
  }
  assert.ok(existsSync(path), `no golden ${name}: write it with UPDATE_GOLDENS=1, then read it`);
  assert.equal(text, readFileSync(path, 'utf8'), `${name}: UPDATE_GOLDENS=1 rewrites it`);
}
