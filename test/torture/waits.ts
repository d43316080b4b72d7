// How long people waited for their acknowledgements, and which fault made them wait.
import type { TimedPost } from './crowd.ts';
import type { FaultKind } from './plan.ts';
import type { FaultRecord } from './torture.ts';

/** A fault is felt for so long after its end: a server that returns takes the lead after one second. */
const AFTERMATH_MS = 1_500;

/** `several`: faults that met each other, which nobody can tell apart afterwards. */
export type Cause = FaultKind | 'none' | 'several';

type Span = { cause: Cause; fromMs: number; untilMs: number };

/** Faults with their aftermath; those that touch are one. In order of time. */
function spansOf(faults: readonly FaultRecord[]): Span[] {
  const spans: Span[] = [];
  for (const { kind, fromMs, untilMs } of faults) {
    const last = spans.at(-1);
    const endMs = untilMs + AFTERMATH_MS;
    if (last && fromMs < last.untilMs) {
      last.cause = 'several';
      last.untilMs = Math.max(last.untilMs, endMs);
    } else spans.push({ cause: kind, fromMs, untilMs: endMs });
  }
  return spans;
}

type Wait = Readonly<{ sentMs: number; answeredMs: number }>;

/** Whether a wait met a time: one that was sent a moment before a fault waits because of it. */
const meets = ({ sentMs, answeredMs }: Wait, fromMs: number, untilMs: number): boolean =>
  sentMs < untilMs && answeredMs >= fromMs;

/**
 * The longest wait of a post that met each fault or its aftermath, by kind of fault. `none` has the longest of all
 * others, in one figure.
 * @param posts in the order in which they were sent
 */
export function waitsByCause(
  faults: readonly FaultRecord[],
  posts: readonly TimedPost[],
): Map<Cause, number[]> {
  const spans = spansOf(faults);
  const longest = new Map<Span | null, number>([
    [null, 0],
    ...spans.map((span) => [span, 0] as const),
  ]);
  for (const post of posts) {
    const span = spans.find(({ fromMs, untilMs }) => meets(post, fromMs, untilMs)) ?? null;
    longest.set(span, Math.max(longest.get(span) ?? 0, post.answeredMs - post.sentMs));
  }
  const waits = new Map<Cause, number[]>();
  for (const [span, waitMs] of longest) {
    const cause = span?.cause ?? 'none';
    waits.set(cause, [...(waits.get(cause) ?? []), waitMs]);
  }
  return waits;
}

/** The faults that were under way, or just over, while a post waited. */
export function faultsAround(faults: readonly FaultRecord[], post: Wait): FaultRecord[] {
  return faults.filter(({ fromMs, untilMs }) => meets(post, fromMs, untilMs + AFTERMATH_MS));
}

/** Times in which nobody was acknowledged anything, longer than `leastMs`. */
export function silences(
  posts: readonly TimedPost[],
  leastMs: number,
): { fromMs: number; untilMs: number }[] {
  const answered = posts
    .map(({ answeredMs }) => answeredMs)
    .filter(Number.isFinite)
    .sort((one, other) => one - other);
  return answered.flatMap((untilMs, index) => {
    const fromMs = answered[index - 1] ?? untilMs;
    return untilMs - fromMs > leastMs ? [{ fromMs, untilMs }] : [];
  });
}
