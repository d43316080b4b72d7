// A seeded generator: the same seed gives the same numbers on every machine.

/** Gives numbers in [0, 1). */
export type Random = () => number;

/**
 * Mulberry32 (Tommy Ettinger's mixer of a 32-bit Weyl sequence): fast, and good enough to draw faults.
 * @param seed any integer; its lower 32 bits count
 */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
