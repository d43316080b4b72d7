// What the bench found, beside what is aimed at, as a table that reads as well on a terminal as in a page.
import { table } from '../../test/torture/report.ts';
import { summaryOf } from '../../test/torture/statistics.ts';
import type { Figures } from './measure.ts';
import { slopePerMinute } from './trend.ts';

/** One figure; `goal` is the most it is to be, null where none was set. */
export type Finding = Readonly<{ what: string; value: number; unit: string; goal: number | null }>;

/** Memory settles before it can be said to grow. */
const SETTLED_FROM_SHARE = 0.5;

function timesOf(
  what: string,
  valuesMs: readonly number[],
  goals: { median?: number; p99?: number } = {},
): Finding[] {
  const summary = summaryOf(valuesMs);
  if (!summary) return [];
  const { median, p99, max } = summary;
  return [
    { what: `${what}, p50`, value: median, unit: 'ms', goal: goals.median ?? null },
    { what: `${what}, p99`, value: p99, unit: 'ms', goal: goals.p99 ?? null },
    { what: `${what}, longest`, value: max, unit: 'ms', goal: null },
  ];
}

/** The goals are those of two cores with Node 24. */
export function findingsOf({ starts, quiet, busy }: Figures): Finding[] {
  const still = { median: 8, p99: 20 };
  const settled = busy.memory.slice(Math.floor(busy.memory.length * SETTLED_FROM_SHARE));
  const peak = Math.max(...busy.memory.map(({ value }) => value));
  const one = (what: string, value: number, unit: string, goal: number | null = null) => [
    { what, value, unit, goal },
  ];
  return [
    ...timesOf(
      'start to first frame',
      starts.map(({ frameMs }) => frameMs),
      { median: 400 },
    ),
    ...timesOf(
      'start to first posts',
      starts.map(({ postsMs }) => postsMs),
    ),
    ...timesOf('key to frame, quiet', quiet.keysMs, still),
    ...timesOf('page up to frame, quiet', quiet.pagesMs, still),
    ...timesOf('key to frame, far up, quiet', quiet.farUpKeysMs, still),
    ...one('processor when idle', quiet.idleShare * 100, '%', 0.5),
    ...one('resident memory, quiet', quiet.residentMb, 'MB', 120),
    ...timesOf('key to frame, busy', busy.keysMs, { p99: 30 }),
    ...timesOf('page up to frame, busy', busy.pagesMs, { p99: 30 }),
    ...timesOf('key to frame, far up, busy', busy.farUpKeysMs, { p99: 30 }),
    ...timesOf('age of the newest post shown, busy', busy.agesMs),
    ...one('processor, busy', busy.cpuShare * 100, '%', 100),
    ...one('posts stored in the open room', busy.openPerSecond, '/s'),
    ...one('posts stored in other rooms', busy.othersPerSecond, '/s'),
    ...one('written to the terminal, busy', busy.writtenKbPerSecond, 'KB/s'),
    ...one('resident memory, busy, highest', peak, 'MB', 120),
    ...one('resident memory, busy, growth', slopePerMinute(settled), 'MB/min'),
  ];
}

export const isMissed = ({ value, goal }: Finding) => goal !== null && !(value <= goal);

/** A row for each figure. */
export function findingsTable(findings: readonly Finding[]): string {
  const rows = findings.map((finding) => {
    const { what, value, unit, goal } = finding;
    const aim = goal === null ? '' : `${goal} ${unit}${isMissed(finding) ? ', missed' : ''}`;
    return [what, `${value.toFixed(value < 10 ? 2 : 1)} ${unit}`, aim];
  });
  return table(['what', 'found', 'aim, at most'], rows);
}
