// What a run shows, as a page of Markdown that reads as well on a terminal.

import type { Findings } from './checker.ts';
import { type FaultKind, KINDS } from './plan.ts';
import { summaryOf } from './statistics.ts';
import { isHeld, type Outcome } from './torture.ts';

const FINDINGS: Readonly<Record<keyof Findings, string>> = {
  lost: 'Lost: acknowledged or shown to anyone, and missing from a history',
  doubled: 'Doubled: twice in a history, or shown twice',
  disordered: 'Disordered: after a later post of the same sender',
  invented: 'Invented: there, and never sent, or refused',
  unequal: 'Unequal: histories that differ between servers',
  unanswered: 'Unanswered though everything was healed',
};
/** Of each kind of finding; the rest is counted. */
const EXAMPLES_MAX = 20;

const ms = (value: number) => (Number.isFinite(value) ? `${Math.round(value)} ms` : 'never');

/** Columns as wide as their widest cell. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((name, column) =>
    Math.max(3, name.length, ...rows.map((row) => (row[column] ?? '').length)),
  );
  const line = (cells: readonly string[]) =>
    `| ${widths.map((width, column) => (cells[column] ?? '').padEnd(width)).join(' | ')} |`;
  const rule = `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`;
  return [line(head), rule, ...rows.map(line)].join('\n');
}

/**
 * How long posts waited for their acknowledgement, the longest after each fault: of those that were sent from
 * its beginning to the beginning of the next one.
 */
function waitsByKind({ faults, posts }: Outcome): Map<FaultKind | 'none', number[]> {
  const waits = new Map<FaultKind | 'none', number[]>();
  const begins = [{ kind: 'none' as const, fromMs: Number.NEGATIVE_INFINITY }, ...faults];
  for (const [index, { kind, fromMs }] of begins.entries()) {
    const nextMs = begins[index + 1]?.fromMs ?? Number.POSITIVE_INFINITY;
    let longestMs = 0;
    for (const { sentMs, answeredMs } of posts) {
      if (sentMs >= fromMs && sentMs < nextMs) longestMs = Math.max(longestMs, answeredMs - sentMs);
    }
    waits.set(kind, [...(waits.get(kind) ?? []), longestMs]);
  }
  return waits;
}

function faultsTable(outcome: Outcome): string {
  const rows = [...waitsByKind(outcome)].map(([kind, waits]) => {
    const { count, median, p99, max } = summaryOf(waits) as NonNullable<
      ReturnType<typeof summaryOf>
    >;
    const what = kind === 'none' ? 'before the first fault' : KINDS[kind].what;
    const times = kind === 'none' ? '' : String(count);
    return [kind, what, times, ms(median), ms(p99), ms(max)];
  });
  return table(['fault', 'what', 'times', 'median', 'p99', 'max'], rows);
}

function postsTable({ posts, findings }: Outcome): string {
  const stored = posts.filter(({ answer }) => answer?.type === 'stored').length;
  const reasons = new Map<string, number>();
  for (const { answer } of posts) {
    if (answer?.type === 'refused') reasons.set(answer.code, (reasons.get(answer.code) ?? 0) + 1);
  }
  const refusals = [...reasons].map(([code, count]) => [`refused: ${code}`, String(count)]);
  return table(
    ['posts', 'count'],
    [
      ['sent', String(posts.length)],
      ['acknowledged', String(stored)],
      ...(refusals.length > 0 ? refusals : [['refused', '0']]),
      ...Object.entries(findings).map(([name, found]) => [name, String(found.length)]),
    ],
  );
}

function findingsText({ findings, troubles }: Outcome): string[] {
  const lists = { ...findings, troubles };
  return Object.entries(lists).flatMap(([name, found]) => {
    if (found.length === 0) return [];
    const title = FINDINGS[name as keyof Findings] ?? 'Troubles of the run';
    const shown = found.slice(0, EXAMPLES_MAX).map((text) => `- ${text}`);
    const more = found.length - shown.length;
    return ['', `## ${title}`, '', ...shown, ...(more > 0 ? [`- and ${more} more`] : [])];
  });
}

/**
 * @param where on what network, and what could not be done there and why
 * @param command that makes the same plan again
 */
export function reportText(
  outcome: Outcome,
  { where, command }: { where: string; command: string },
): string {
  const { faults, skippedCount, leaders, latenessMs, sightingsCount } = outcome;
  const terms = leaders.length - 1;
  return [
    `# Torture: ${isHeld(outcome) ? 'every promise was kept' : 'PROMISES WERE BROKEN'}`,
    '',
    `\`${command}\`, ${where}.`,
    '',
    postsTable(outcome),
    '',
    `${faults.length} faults (${skippedCount} planned ones met nobody), ${terms} changes of the leader, ` +
      `${sightingsCount} posts shown to readers. Each server's history was read while it led.`,
    '',
    'The longest that a post waited for its acknowledgement after each fault:',
    '',
    faultsTable(outcome),
    '',
    `The harness itself was late by ${ms(latenessMs)} at most.`,
    ...findingsText(outcome),
    '',
  ].join('\n');
}
