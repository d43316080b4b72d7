// What a measurement found, as a page of Markdown that reads as well on a terminal.
import { loadavg } from 'node:os';
import type { Endured } from './endurance.ts';
import type { Measure, Measured } from './measure.ts';
import { findingsText, table } from './report.ts';
import { summaryOf } from './statistics.ts';

const WHAT: Readonly<Record<Measure, string>> = {
  sigkill: 'SIGKILL of the leader',
  sigterm: 'SIGTERM of the leader',
  sigstop: 'SIGSTOP of the leader',
  cable: "the leader's cable is pulled: no peers, no clients",
  takeback: 'the highest server returns and takes the lead',
};
const ROWS = [
  ['firstMs', 'from the fault to the next message that another client saw'],
  ['silenceMs', 'longest silence of the other client'],
  ['waitMs', 'longest wait for an acknowledgement'],
] as const;

const ms = (value: number) => `${value.toFixed(1)} ms`;

/** @param command that measures the same again */
export function measureText(measured: Measured, of: { measure: Measure; command: string }): string {
  const { costs, postsCount, refusedCount } = measured;
  // A return has no moment from which people would notice anything: the silence is all there is.
  const rows = ROWS.filter(([name]) => of.measure !== 'takeback' || name !== 'firstMs');
  const figures = rows.flatMap(([name, what]) => {
    const summary = summaryOf(costs.map((cost) => cost[name]));
    return summary ? [[what, ms(summary.median), ms(summary.p99), ms(summary.max)]] : [];
  });
  return [
    `# ${WHAT[of.measure]}, ${costs.length} times`,
    '',
    `\`${of.command}\``,
    '',
    table(['as people notice it', 'median', 'p99', 'max'], figures),
    '',
    `${postsCount} posts, ${refusedCount} refused; load of the machine ${loadavg()[0]?.toFixed(1)}.`,
    ...findingsText(measured),
    '',
  ].join('\n');
}

/** @param command that does the same again */
export function enduranceText(endured: Endured, command: string): string {
  const { durationMs, coresBusy, postsCount, viewChanges, longestWaitMs } = endured;
  return [
    `# ${(durationMs / 60_000).toFixed(1)} minutes of full load, ${viewChanges} false suspicions`,
    '',
    `\`${command}\`: ${postsCount} posts, while ${coresBusy} other processes never rested. The longest wait for an ` +
      `acknowledgement was ${ms(longestWaitMs)}.`,
    ...findingsText(endured),
    '',
  ].join('\n');
}
