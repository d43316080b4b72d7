// Fuzzy matching for the room switcher: every letter in order, runs and starts of words first.

/** Bonuses: a run reads as a word, a start as an abbreviation, gaps cost a little. Weighed by hand. */
const RUN_BONUS = 8;
const START_BONUS = 6;
const GAP_COST = 1;

/**
 * How well a query fits a name.
 * @returns null when a letter is missing; otherwise higher is better, and an empty query fits all at 0
 */
export function fuzzyScore(query: string, name: string): number | null {
  const letters = [...query.toLowerCase()];
  const folded = name.toLowerCase();
  let score = 0;
  let position = 0;
  for (const letter of letters) {
    const found = folded.indexOf(letter, position);
    if (found === -1) return null;
    const isStart = found === 0 || /[^\p{L}\p{N}]/u.test(folded[found - 1] ?? '');
    if (found === position && position > 0) score += RUN_BONUS;
    else score -= GAP_COST * Math.min(found - position, 10);
    if (isStart) score += START_BONUS;
    position = found + letter.length;
  }
  // Of two that fit alike, the shorter name is the one that was meant.
  return score - (letters.length === 0 ? 0 : folded.length / 100);
}

/** Those that fit, best first; in their own order where they fit alike. */
export function fuzzyMatches<T>(
  query: string,
  items: readonly T[],
  nameOf: (item: T) => string,
): T[] {
  return items
    .flatMap((item) => {
      const score = fuzzyScore(query, nameOf(item));
      return score === null ? [] : [{ item, score }];
    })
    .sort((one, other) => other.score - one.score)
    .map(({ item }) => item);
}
