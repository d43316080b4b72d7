// A deliberate mistake that no longer fits its source would be caught by nothing, and shows nothing.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { MUTANTS } from './mutants.ts';

const ROOT = new URL('../../', import.meta.url);

test('each deliberate mistake fits its source, in one place', () => {
  for (const { name, file, edits, alsoIn } of MUTANTS) {
    for (const part of [{ file, edits }, ...(alsoIn ? [alsoIn] : [])]) {
      const source = readFileSync(new URL(part.file, ROOT), 'utf8');
      for (const [find] of part.edits)
        assert.equal(source.split(find).length - 1, 1, `${name}: ${find}`);
    }
  }
});
