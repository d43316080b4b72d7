// Several runs of the same measurement, as one figure: the median and how far the runs lay apart.

export type Spread = Readonly<{ median: number; min: number; max: number; count: number }>;

/** @returns null when there is no value; the median of an even number lies in the middle of two */
export function spreadOf(values: readonly number[]): Spread | null {
  const sorted = values.filter(Number.isFinite).sort((one, other) => one - other);
  const [min] = sorted;
  const max = sorted.at(-1);
  if (min === undefined || max === undefined) return null;
  const half = (sorted.length - 1) / 2;
  const low = sorted[Math.floor(half)] as number;
  const high = sorted[Math.ceil(half)] as number;
  return { median: (low + high) / 2, min, max, count: sorted.length };
}

export type Better = 'higher' | 'lower';

/** The best of several; null for none. */
export function bestOf<T extends { median: number }>(all: readonly T[], better: Better): T | null {
  const sign = better === 'higher' ? -1 : 1;
  return [...all].sort((one, other) => sign * (one.median - other.median))[0] ?? null;
}

/** Two or three digits that count, with the thousands apart: 1,234,567 becomes 1,230,000. */
export function rounded(value: number): string {
  if (!Number.isFinite(value)) return '-';
  const digits = Math.abs(value) >= 1_000 ? 3 : 2;
  const number = Number(value.toPrecision(Math.abs(value) >= 100 ? 3 : digits));
  return number.toLocaleString('en-US', { maximumFractionDigits: 4 });
}
