// What the built screen starts from: little of it, and nothing that loads half of Node.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { TUI_MAIN } from '../support/daemons.ts';

/** It is 1.38 MB; a library that comes in unnoticed takes more than what is left. */
const STARTED_BYTES_MAX = 1_450_000;

/** Adds a file, and all that it imports by statements, to those that are known. */
function addImported(path: string, known: Map<string, string>): void {
  if (known.has(path)) return;
  const source = readFileSync(path, 'utf8');
  known.set(path, source);
  for (const [, chunk = ''] of source.matchAll(/(?:from|import)\s*"(\.\/[^"]+)"/g)) {
    addImported(join(dirname(path), chunk), known);
  }
}

const started = new Map<string, string>();
for (const entry of ['run.js', 'screen.js']) addImported(join(dirname(TUI_MAIN), entry), started);

test('nothing that a screen starts from looks for fetch, with which Node loads a whole HTTP client', () => {
  for (const [path, source] of started) assert.ok(!/typeof fetch\b/.test(source), path);
});

test(`what a screen starts from is at most ${STARTED_BYTES_MAX} bytes`, () => {
  const bytes = [...started.values()].reduce((sum, source) => sum + source.length, 0);
  const paths = [...started.keys()].join(' ');
  assert.ok(started.size > 2 && bytes <= STARTED_BYTES_MAX, `${bytes} bytes in ${paths}`);
});
