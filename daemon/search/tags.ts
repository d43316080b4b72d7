// Rooms and accounts as words of the index, so that a search in a small room looks at its posts alone, and not at
// all that have a common word. One character of a plane for private use, or two: nobody can type them as a word.

const PLANE_START = 0xf0000;
const PLANE_SIZE = 0xff00;

/** The word for the nth room or account, from 0. */
export function tagOf(number: number): string {
  const low = String.fromCodePoint(PLANE_START + (number % PLANE_SIZE));
  if (number < PLANE_SIZE) return low;
  return String.fromCodePoint(PLANE_START + Math.floor(number / PLANE_SIZE)) + low;
}

/** A condition of FTS5: any of these. */
export function anyTag(numbers: readonly number[]): string {
  return `tags : (${numbers.map((number) => `"${tagOf(number)}"`).join(' OR ')})`;
}
