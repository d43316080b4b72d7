// Where a line stands among those of its room.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { insertLine, noticeLine } from '../../../tui/state/lines.ts';
import type { Line } from '../../../tui/state/model.ts';

const notice = (lines: readonly Line[], text: string, time: number) =>
  noticeLine(lines, { text, time, key: text });

test('a notice that is shown late stands before those of what happened after it', () => {
  const early = notice([], 'recovered', 1_000);
  const lines = [notice([], 'killed', 500), notice([], 'started', 2_000)];
  const texts = insertLine(lines, early).map((line) => (line.kind === 'notice' ? line.text : ''));
  assert.deepEqual(texts, ['killed', 'recovered', 'started']);
});
