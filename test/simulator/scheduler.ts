// Simulated time: events in the order of their times, those of the same time in the order of their making.

type Event = { atMs: number; order: number; run: () => void };

export type Scheduler = Readonly<{
  nowMs(): number;
  after(delayMs: number, run: () => void): void;
  /** Runs the next event. @returns false when there is none, or none before `untilMs` */
  runNext(untilMs: number): boolean;
}>;

/** A binary heap by (time, order of making). */
export function createScheduler(): Scheduler {
  const heap: Event[] = [];
  let nowMs = 0;
  let made = 0;

  const before = (one: Event, other: Event) =>
    one.atMs < other.atMs || (one.atMs === other.atMs && one.order < other.order);

  function swap(one: number, other: number): void {
    const kept = heap[one] as Event;
    heap[one] = heap[other] as Event;
    heap[other] = kept;
  }

  function after(delayMs: number, run: () => void): void {
    made += 1;
    heap.push({ atMs: nowMs + Math.max(0, delayMs), order: made, run });
    for (let at = heap.length - 1; at > 0; ) {
      const parent = (at - 1) >> 1;
      if (!before(heap[at] as Event, heap[parent] as Event)) break;
      swap(at, parent);
      at = parent;
    }
  }

  function pop(): Event | undefined {
    const first = heap[0];
    const last = heap.pop();
    if (!first || !last || heap.length === 0) return first;
    heap[0] = last;
    for (let at = 0; ; ) {
      const left = 2 * at + 1;
      if (left >= heap.length) break;
      const right = left + 1;
      const least =
        right < heap.length && before(heap[right] as Event, heap[left] as Event) ? right : left;
      if (!before(heap[least] as Event, heap[at] as Event)) break;
      swap(at, least);
      at = least;
    }
    return first;
  }

  function runNext(untilMs: number): boolean {
    const next = heap[0];
    if (!next || next.atMs > untilMs) return false;
    pop();
    nowMs = next.atMs;
    next.run();
    return true;
  }

  return { nowMs: () => nowMs, after, runNext };
}
