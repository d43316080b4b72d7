// Words for SQLite's FTS5: how a text is cut up to be found, and how what somebody types becomes a query.

/** Scripts that put no space between words: each character is a word of its own, and a run of them a phrase. */
const UNSPACED = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}]/gu;

/** More words than anyone looks for at once. */
const WORDS_MAX = 12;

/** A text as it is given to the index. */
export function spread(text: string): string {
  return text.normalize('NFKC').replace(UNSPACED, ' $& ');
}

/** `"` would end the phrase early; FTS5 knows no other sign within one. */
const phrase = (text: string) => `"${spread(text).replaceAll('"', ' ').trim()}"`;

const HAS_WORD = /[\p{L}\p{N}]/u;

/** A query ends at a NUL for SQLite, in the middle of a phrase; what JSON can carry of the others is no word either. */
const CONTROL = /\p{Cc}/gu;

/** A beginning that so many posts may have that its words are better looked for one by one: four letters or more. */
const LONG_BEGINNING = /^[a-z0-9]{4,}$/;

/** The words of a text that may be looked for by a long beginning, as the index has them. */
export function longWords(text: string): Set<string> {
  const plain = text
    .normalize('NFKD')
    .replace(/\p{Mn}+/gu, '')
    .toLowerCase();
  return new Set(plain.match(/(?<![\p{L}\p{N}])[a-z0-9]{4}[\p{L}\p{N}]*/gu));
}

/** Gives every word that is known to begin so; null when they are too many. */
export type Expand = (beginning: string) => readonly string[] | null;

/**
 * Whether what begins so ends in one letter by itself. The index has the beginnings of two and three letters side by
 * side; with one FTS5 goes through a tenth of all that was ever said, a second for ten million posts.
 */
function endsInOneLetter(text: string): boolean {
  const plain = spread(text)
    .normalize('NFKD')
    .replace(/\p{M}+/gu, '');
  return /(?<![\p{L}\p{N}\p{Co}])[\p{L}\p{N}\p{Co}][^\p{L}\p{N}\p{Co}]*$/u.test(plain);
}

/** FTS5 gathers all that begins so before it gives the first; whole words come one by one, the newest first. */
function beginning(word: string, expand: Expand): string {
  if (endsInOneLetter(word)) return phrase(word);
  const plain = word.toLowerCase();
  const words = LONG_BEGINNING.test(plain) ? expand(plain) : null;
  if (words === null || words.length === 0) return `${phrase(word)}*`;
  return `(${words.map((each) => `"${each}"`).join(' OR ')})`;
}

/**
 * A query in FTS5's own language for what somebody typed: words of which all must be there, each as the beginning of
 * one; a letter by itself, and `"in quotes"`, exactly so. Every sign is text: nobody can write FTS5's operators, or a
 * query that is wrong.
 * @returns null when there is no word in it
 */
export function matchOf(typed: string, expand: Expand = () => null): string | null {
  const parts: string[] = [];
  const plain = typed.normalize('NFKC').replace(CONTROL, ' ');
  for (const [, quoted, word] of plain.matchAll(/"([^"]*)"|([^\s"]+)/g)) {
    const text = quoted ?? word ?? '';
    if (!HAS_WORD.test(text)) continue;
    parts.push(quoted === undefined ? beginning(text, expand) : phrase(text));
  }
  return parts.length === 0 ? null : parts.slice(0, WORDS_MAX).join(' AND ');
}
