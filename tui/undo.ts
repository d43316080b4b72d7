// Undo and redo of a draft: what it was before each change, and what was taken back. Typing one word is one change.
import type { Editor } from './editor.ts';

export type Undo = Readonly<{ past: readonly Editor[]; future: readonly Editor[] }>;

export const NOTHING_TO_UNDO: Undo = { past: [], future: [] };

/** More steps than anyone takes back one by one. */
const STEPS_MAX = 200;

/** @param joins whether this change goes on with the one before, so that both are taken back as one */
export function changed(
  undo: Undo,
  { before, after, joins }: { before: Editor; after: Editor; joins: boolean },
): Undo {
  if (before.text === after.text) return undo;
  const past = joins && undo.past.length > 0 ? undo.past : [...undo.past, before].slice(-STEPS_MAX);
  return { past, future: [] };
}

type Moved = Readonly<{ undo: Undo; draft: Editor }>;

/** @returns null when nothing is left to take back */
export function undone({ past, future }: Undo, draft: Editor): Moved | null {
  const before = past.at(-1);
  return before
    ? { draft: before, undo: { past: past.slice(0, -1), future: [...future, draft] } }
    : null;
}

/** @returns null when nothing was taken back, or something was written since */
export function redone({ past, future }: Undo, draft: Editor): Moved | null {
  const after = future.at(-1);
  return after
    ? { draft: after, undo: { past: [...past, draft], future: future.slice(0, -1) } }
    : null;
}
