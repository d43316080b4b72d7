// Emoji by their names and keywords, as emojilib has them in English. Read from the disk by the first `:` that is completed.
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);

const CHOICES_MAX = 20;

let library: readonly (readonly [string, readonly string[]])[] | null = null;

function all() {
  library ??= Object.entries(require('emojilib') as Record<string, string[]>);
  return library;
}

/** The better the nearer to 0: a whole name, the start of a name, a whole keyword, the start of a keyword. */
function distance([name = '', ...keywords]: readonly string[], word: string): number | null {
  if (name === word) return 0;
  if (name.startsWith(word)) return 1;
  if (keywords.includes(word)) return 2;
  return keywords.some((keyword) => keyword.startsWith(word)) ? 3 : null;
}

/** The name that one would type; empty for one that has none. */
export function emojiName(emoji: string): string {
  return (
    all()
      .find(([each]) => each === emoji)?.[1][0]
      ?.replaceAll('_', ' ') ?? ''
  );
}

/** @param word what was written behind the colon @returns emoji, best first, at most 20 */
export function emojiFor(word: string): string[] {
  const lower = word.toLowerCase();
  return all()
    .flatMap(([emoji, keywords]) => {
      const rank = distance(keywords, lower);
      return rank === null ? [] : [{ emoji, rank }];
    })
    .sort((one, other) => one.rank - other.rank)
    .slice(0, CHOICES_MAX)
    .map(({ emoji }) => emoji);
}
