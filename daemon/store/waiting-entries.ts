// Entries that are in the journal and not in the tables yet, with what is asked of them most.
import { type StreamId, streamIdOf } from '../ring/entry.ts';
import type { StoredEntry } from './store.ts';

export class WaitingEntries {
  /** In the order in which they came. */
  list: StoredEntry[] = [];
  /** Of what came since it was empty: perhaps of more than is in the list now, and never of less. */
  private readonly lasts = new Map<StreamId, number>();
  private readonly numbers = new Map<string, number>();
  private readonly latest = new Map<string, string>();

  add(stored: StoredEntry): void {
    const { entry, order, index } = stored;
    this.list.push(stored);
    this.lasts.set(streamIdOf(entry), entry.sequence);
    const { kind, room, requestId } = index;
    if (requestId !== null) {
      const { session, number } = sessionAndNumber(requestId);
      this.numbers.set(session, Math.max(number, this.highestNumber(session)));
    }
    if (kind === 'post' && room !== null && order > (this.latest.get(room) ?? ''))
      this.latest.set(room, order);
  }

  /** Takes the first of them out. */
  take(count: number): StoredEntry[] {
    if (count < this.list.length) return this.list.splice(0, count);
    const all = this.list;
    this.reset([]);
    return all;
  }

  reset(list: readonly StoredEntry[]): void {
    this.list = [];
    for (const kept of [this.lasts, this.numbers, this.latest]) kept.clear();
    for (const stored of list) this.add(stored);
  }

  /** Highest sequence of a stream; 0 when it has none here. */
  lastOf(stream: StreamId): number {
    return this.lasts.get(stream) ?? 0;
  }

  streams(): Iterable<[StreamId, number]> {
    return this.lasts;
  }

  /** Highest number of a session; 0 when it has none here. */
  highestNumber(session: string): number {
    return this.numbers.get(session) ?? 0;
  }

  /** Place of the newest post of a room; null when it has none here. */
  latestOrder(room: string): string | null {
    return this.latest.get(room) ?? null;
  }
}

export function sessionAndNumber(requestId: string): { session: string; number: number } {
  const slash = requestId.lastIndexOf('/');
  return { session: requestId.slice(0, slash), number: Number(requestId.slice(slash + 1)) };
}
