// Whether something grows: a line through what was measured now and then.

export type Sample = Readonly<{ atMs: number; value: number }>;

/** Slope of the line with the least squares, in units of the value for each minute; NaN for fewer than two. */
export function slopePerMinute(samples: readonly Sample[]): number {
  const count = samples.length;
  const mean = (of: (sample: Sample) => number) =>
    samples.reduce((sum, sample) => sum + of(sample), 0) / count;
  const meanAt = mean(({ atMs }) => atMs);
  const meanValue = mean(({ value }) => value);
  let above = 0;
  let below = 0;
  for (const { atMs, value } of samples) {
    above += (atMs - meanAt) * (value - meanValue);
    below += (atMs - meanAt) ** 2;
  }
  return (above / below) * 60_000;
}
