// What was cut out of drafts, newest last, so that it can be put in again elsewhere: the kill ring of Emacs and
// readline. Cuts that follow each other without another key between them are one piece.
import { EDITS, type Edit, type Editor, insert } from './editor.ts';

/** As many pieces as Emacs keeps. */
const PIECES_MAX = 60;

const CUTS: ReadonlySet<Edit> = new Set([
  'deleteWordBefore',
  'deleteWordAfter',
  'deleteToStart',
  'deleteToEnd',
]);

/** What an edit cut out of a draft; null for one that cuts nothing. */
export function cutBy(name: Edit, draft: Editor): string | null {
  if (!CUTS.has(name)) return null;
  const after = EDITS[name](draft);
  const length = draft.text.length - after.text.length;
  return length === 0 ? null : draft.text.slice(after.cursor, after.cursor + length);
}

/** @param joins whether the cut follows another one: backward cuts go before it, forward cuts behind it */
export function kept(
  ring: readonly string[],
  { cut, edit, joins }: { cut: string; edit: Edit; joins: boolean },
): readonly string[] {
  const last = joins ? ring.at(-1) : undefined;
  if (last === undefined) return keptWhole(ring, cut);
  const isForward = edit === 'deleteWordAfter' || edit === 'deleteToEnd';
  return ring.with(-1, isForward ? last + cut : cut + last);
}

/** A text that was dropped whole, as a piece of its own. */
export const keptWhole = (ring: readonly string[], text: string): readonly string[] =>
  [...ring, text].slice(-PIECES_MAX);

/** Where a piece was put in, and which one: 0 is the newest. */
export type Yank = Readonly<{ start: number; length: number; index: number }>;

/**
 * Puts the newest piece in at the cursor; after `last`, the one before that in its place, going round.
 * @returns null when nothing was cut yet
 */
export function yanked(
  ring: readonly string[],
  draft: Editor,
  last: Yank | null,
): { draft: Editor; yank: Yank } | null {
  if (ring.length === 0) return null;
  const index = last ? (last.index + 1) % ring.length : 0;
  const piece = ring[ring.length - 1 - index] ?? '';
  const from = last
    ? {
        text: draft.text.slice(0, last.start) + draft.text.slice(last.start + last.length),
        cursor: last.start,
      }
    : draft;
  const next = insert(from, piece);
  return {
    draft: next,
    yank: { start: from.cursor, length: next.cursor - from.cursor, index },
  };
}
