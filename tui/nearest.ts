// The word that was probably meant: for mistyped commands and options.

/** Edits that turn one word into the other, a swap of neighbours counting once (Damerau 1964). */
function editDistance(one: string, other: string): number {
  const width = other.length + 1;
  const rows = Array.from({ length: one.length + 1 }, () => new Array<number>(width).fill(0));
  const at = (row: number, column: number) => rows[row]?.[column] ?? 0;
  for (let row = 0; row <= one.length; row += 1) {
    for (let column = 0; column < width; column += 1) {
      const same = one[row - 1] === other[column - 1] ? 0 : 1;
      const swapped = one[row - 1] === other[column - 2] && one[row - 2] === other[column - 1];
      const choices =
        row === 0 || column === 0
          ? [row + column]
          : [at(row - 1, column) + 1, at(row, column - 1) + 1, at(row - 1, column - 1) + same];
      if (row > 1 && column > 1 && swapped) choices.push(at(row - 2, column - 2) + 1);
      (rows[row] as number[])[column] = Math.min(...choices);
    }
  }
  return at(one.length, other.length);
}

/** Further from every word than this is no slip of the fingers. */
const NEAR_EDITS_MAX = 2;

/** @returns null when none of the names is near */
export function nearest(name: string, names: readonly string[]): string | null {
  const byDistance = names
    .map((candidate) => ({ candidate, distance: editDistance(name, candidate) }))
    .sort((one, other) => one.distance - other.distance);
  const best = byDistance[0];
  return best && best.distance <= NEAR_EDITS_MAX ? best.candidate : null;
}
