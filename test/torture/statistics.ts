// Figures that a few slow cases cannot hide behind: median, 99th percentile, maximum.

export type Summary = Readonly<{ count: number; median: number; p99: number; max: number }>;

/** @returns null for an empty list; percentiles by the nearest rank, which is always one of the values */
export function summaryOf(values: readonly number[]): Summary | null {
  if (values.length === 0) return null;
  const sorted = [...values].sort((one, other) => one - other);
  const at = (share: number) => sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] as number;
  return { count: sorted.length, median: at(0.5), p99: at(0.99), max: at(1) };
}
