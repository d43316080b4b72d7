// How a checker says that something does not hold.

export class InvariantBroken extends Error {
  override name = 'InvariantBroken';
  readonly invariant: number;
  constructor(invariant: number, text: string) {
    super(`invariant ${invariant}: ${text}`);
    this.invariant = invariant;
  }
}

/** @param invariant number in the list of docs/ARCHITECTURE.md */
export function check(condition: boolean, invariant: number, text: () => string): void {
  if (!condition) throw new InvariantBroken(invariant, text());
}
