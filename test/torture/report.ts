// What a run shows, as a page of Markdown that reads as well on a terminal.

import { type Audit, isHeld } from './audit.ts';
import type { Findings } from './checker.ts';
import { FAULT_KINDS, type FaultKind, KINDS } from './plan.ts';
import { summaryOf } from './statistics.ts';
import type { Outcome } from './torture.ts';
import { type Cause, faultsAround, waitsByCause } from './waits.ts';

const FINDINGS: Readonly<Record<keyof Findings, string>> = {
  lost: 'Lost: acknowledged or shown to anyone, and missing from a history',
  unseen: 'Unseen: acknowledged, and never shown to a reader of the room',
  doubled: 'Doubled: twice in a history, or shown twice',
  disordered: 'Disordered: after a later post of the same sender',
  invented: 'Invented: there, and never sent, or refused',
  unequal: 'Unequal: histories that differ between servers',
  refused: 'Refused for a reason that nothing gave',
  unanswered: 'Unanswered though everything was healed',
};
const COUNTED: Readonly<Record<keyof Findings, string>> = {
  lost: 'lost',
  unseen: 'never shown to a reader',
  doubled: 'doubled',
  disordered: "out of their sender's order",
  invented: 'invented',
  unequal: 'histories that differ',
  refused: 'refused for no reason',
  unanswered: 'never answered',
};
/** Of each kind of finding; the rest is counted. */
const EXAMPLES_MAX = 20;
const LONGEST_MAX = 5;
const APART_MS = 5_000;

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

const CAUSES: Readonly<Record<Exclude<Cause, FaultKind>, string>> = {
  none: 'no fault, the longest of all that time',
  several: 'faults that met each other',
};

function faultsTable(outcome: Outcome): string {
  const waits = waitsByCause(outcome.faults, outcome.posts);
  const rows = [...waits].flatMap(([cause, values]) => {
    const summary = summaryOf(values);
    if (!summary) return [];
    const what = cause in CAUSES ? CAUSES[cause as 'none'] : KINDS[cause as FaultKind].what;
    const times = cause === 'none' ? '' : String(summary.count);
    return [[cause, what, times, ms(summary.median), ms(summary.p99), ms(summary.max)]];
  });
  return table(['fault', 'what', 'alone', 'median', 'p99', 'max'], rows);
}

function countsTable({ faults }: Outcome): string {
  const rows = FAULT_KINDS.map((kind) => {
    const made = faults.filter((fault) => fault.kind === kind);
    return [kind, made.length, made.filter(({ isFelt }) => isFelt).length].map(String);
  });
  return table(
    ['fault', 'made', 'felt'],
    rows.filter(([, made]) => made !== '0'),
  );
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
      ...Object.entries(findings).map(([name, found]) => [
        COUNTED[name as keyof Findings],
        String(found.length),
      ]),
    ],
  );
}

/** The longest of the waits, each at least so far from the others that they are not of one silence. */
function longestWaits({ faults, posts }: Outcome): string[] {
  const waits = posts
    .map(({ text, sentMs, answeredMs }) => ({ text, sentMs, waitMs: answeredMs - sentMs }))
    .sort((one, other) => other.waitMs - one.waitMs);
  const listed: typeof waits = [];
  for (const wait of waits) {
    const isApart = listed.every(({ sentMs }) => Math.abs(sentMs - wait.sentMs) > APART_MS);
    if (isApart) listed.push(wait);
    if (listed.length === LONGEST_MAX) break;
  }
  return listed.map(({ text, sentMs, waitMs }) => {
    const around = faultsAround(faults, { sentMs, answeredMs: sentMs + waitMs }).map(
      ({ kind, whom }) => `${kind} ${whom.join(' ')}`,
    );
    const amid = around.length > 0 ? around.join(', ') : 'no fault';
    return `- ${ms(waitMs)}: ${text}, sent at ${(sentMs / 1_000).toFixed(2)} s (${amid})`;
  });
}

/** What was found, if anything was: a chapter for each kind. */
export function findingsText({ findings, troubles }: Audit): string[] {
  const lists = { ...findings, troubles };
  return Object.entries(lists).flatMap(([name, found]) => {
    if (found.length === 0) return [];
    const title = FINDINGS[name as keyof Findings] ?? 'Troubles of the run';
    const shown = found.slice(0, EXAMPLES_MAX).map((text) => `- ${text}`);
    const more = found.length - shown.length;
    return ['', `**${title}**`, '', ...shown, ...(more > 0 ? [`- and ${more} more`] : [])];
  });
}

/**
 * @param where on what network, and what could not be done there and why
 * @param command that makes the same plan again
 * @param picture its file, beside the page
 */
export function reportText(
  outcome: Outcome,
  { where, command, picture }: { where: string; command: string; picture: string },
): string {
  const { faults, skippedCount, leaders, latenessMs, sightingsCount, resetsCount } = outcome;
  const resets = resetsCount > 0 ? ` (${resetsCount} times one was told to ask for pages)` : '';
  const terms = leaders.length - 1;
  return [
    `**${isHeld(outcome) ? 'Every promise was kept' : 'PROMISES WERE BROKEN'}**`,
    '',
    `\`${command}\`, ${where}.`,
    '',
    postsTable(outcome),
    '',
    `${faults.length} faults (${skippedCount} planned ones met nobody), ${terms} changes of the leader, ` +
      `${sightingsCount} posts shown to readers${resets}. Each server's history was read while it led.`,
    '',
    'Felt: packets met the rule of the cut, the server came to the end of its disk.',
    '',
    countsTable(outcome),
    '',
    'The longest that a post waited for its acknowledgement, during each fault that met no other, and after it:',
    '',
    faultsTable(outcome),
    '',
    'The longest of these waits:',
    '',
    ...longestWaits(outcome),
    '',
    `![The run as a timeline](${picture})`,
    '',
    `The harness itself was late by ${ms(latenessMs)} at most.`,
    ...findingsText(outcome),
    '',
  ].join('\n');
}
