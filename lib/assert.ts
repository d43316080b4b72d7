// Our own mistakes: a broken invariant ends the process, because going on in a wrong state is worse.

export class AssertionError extends Error {
  override name = 'AssertionError';
}

/** Throws AssertionError with `message` unless `condition` holds. */
export function assert(condition: unknown, message: string): asserts condition {
  if (!condition) throw new AssertionError(`invariant broken: ${message}`);
}

/** For the default of a switch over a closed union: the compiler proves it is never reached. */
export function assertNever(value: never): never {
  throw new AssertionError(`invariant broken: unexpected ${JSON.stringify(value)}`);
}
