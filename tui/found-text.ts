// What a search has found, in one row: where a text is longer than that, the part that has the words.
import { escaped } from '../lib/escaped.ts';
import { cellWidth, tailOf, truncate } from './text.ts';

/** A text in three parts, of which the middle one is what was looked for; empty where it is not seen. */
export type FoundText = Readonly<{ before: string; hit: string; behind: string }>;

/** Words as they are looked for: each the beginning of one, those in quotes together. Null where there are none. */
function patternOf(words: string): RegExp | null {
  const found = words.match(/"[^"]*"|[^\s"]+/g) ?? [];
  const plain = found.map((word) => word.replaceAll('"', '').trim()).filter((word) => word !== '');
  if (plain.length === 0) return null;
  const any = plain.map((word) => escaped(word).replace(/\s+/g, '\\s+')).join('|');
  return new RegExp(`(?<![\\p{L}\\p{N}])(?:${any})`, 'iu');
}

/**
 * @param text in one line
 * @param words what was looked for, without filters
 * @param width cells of all three parts together
 */
export function foundText(text: string, words: string, width: number): FoundText {
  const match = patternOf(words)?.exec(text);
  if (!match) return { before: truncate(text, width), hit: '', behind: '' };
  const [hit] = match;
  const before = text.slice(0, match.index);
  const behind = text.slice(match.index + hit.length);
  const fits = cellWidth(before) + cellWidth(hit) <= width - 1;
  // At least a third of the row says what comes before.
  const free = Math.max(Math.floor(width / 3), width - cellWidth(hit) - cellWidth(behind));
  const shown = fits ? before : `…${tailOf(before, free - 1)}`;
  const shownHit = truncate(hit, Math.max(1, width - cellWidth(shown)));
  const left = width - cellWidth(shown) - cellWidth(shownHit);
  return { before: shown, hit: shownHit, behind: left < 1 ? '' : truncate(behind, left) };
}
