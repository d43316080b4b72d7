// What a measurement found, as a page of Markdown that reads as well on a terminal.
import { loadavg } from 'node:os';
import { type Compared, RIVALS, type Rival } from './compare.ts';
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

/** The cells of this measure in the table of the page: median, p99, max, times, refused, command. */
export function measureCells(
  { costs, refusedCount }: Measured,
  { measure, command }: { measure: Measure; command: string },
): string {
  // A return has no moment from which people would notice anything.
  const summary = summaryOf(
    costs.map((cost) => cost[measure === 'takeback' ? 'silenceMs' : 'firstMs']),
  );
  if (!summary) throw new Error('nothing was measured');
  const { median, p99, max, count } = summary;
  const cells = [ms(median), ms(p99), ms(max), count, refusedCount, `\`${command}\``];
  return ` | ${cells.join(' | ')} `;
}

/** SyncNet and etcd by row, with how many times longer etcd took. */
export function comparedText({ syncnet, version, firstMs }: Compared, command: string): string {
  const ours = summaryOf(syncnet.costs.map((cost) => cost.firstMs));
  const rivals = Object.entries(firstMs).map(([name, values]) => {
    const { heartbeatMs, electionMs } = RIVALS[name as Rival];
    const settings = `heartbeat ${heartbeatMs} ms, election ${electionMs} ms`;
    return { what: `etcd ${version}, ${settings}`, summary: summaryOf(values) };
  });
  const rows = [{ what: 'SyncNet', summary: ours }, ...rivals].flatMap(({ what, summary }) => {
    if (!summary || !ours) return [];
    const { count, median, p99, max } = summary;
    return [[what, String(count), ms(median), ms(p99), ms(max), (median / ours.median).toFixed(1)]];
  });
  return [
    `\`${command}\`: from the signal to the next message, or value, that another client saw.`,
    '',
    table(['SIGKILL of the leader', 'times', 'median', 'p99', 'max', 'times as long'], rows),
    ...findingsText(syncnet),
  ].join('\n');
}

/** @param command that does the same again */
export function enduranceText(endured: Endured, command: string): string {
  const { durationMs, coresBusy, postsCount, suspicions, viewChanges, longestWaitMs } = endured;
  const minutes = (durationMs / 60_000).toFixed(1);
  return [
    `\`${command}\`: in ${minutes} minutes of full load, with ${postsCount} posts and ${coresBusy} other processes that ` +
      `never rested, servers were called dead by others ${suspicions} times, and the view was changed ` +
      `${viewChanges} times. The longest wait for an acknowledgement was ${ms(longestWaitMs)}.`,
    ...findingsText(endured),
  ].join('\n');
}
