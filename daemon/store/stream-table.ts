// The streams that a history holds, by the numbers that stand for them in its tables; a mirror of what is on
// the disk, so that asking costs nothing.
import { parseStreamId, type StreamId, type StreamKey } from '../ring/entry.ts';

export type StreamRow = Readonly<{
  id: number;
  name: StreamId;
  last: number;
  pruned: number;
  filed: number;
}>;

export class StreamTable {
  private readonly numbers = new Map<StreamId, number>();
  private readonly names = new Map<number, StreamId>();
  private readonly keys = new Map<StreamId, StreamKey>();
  private readonly lasts = new Map<StreamId, number>();
  /** Posts up to here are pruned. */
  private readonly pruned = new Map<StreamId, number>();
  /** Entries up to here are in the tables for looking up. */
  private readonly filed = new Map<StreamId, number>();
  /** Streams whose numbers are not on the disk yet. */
  private readonly touched = new Set<StreamId>();

  reset(rows: readonly StreamRow[]): void {
    const { numbers, names, keys, lasts, pruned, filed, touched } = this;
    for (const kept of [numbers, names, keys, lasts, pruned, filed, touched]) kept.clear();
    for (const { id, name, ...row } of rows) {
      this.add(name, id);
      lasts.set(name, row.last);
      pruned.set(name, row.pruned);
      filed.set(name, row.filed);
    }
  }

  add(stream: StreamId, number: number): void {
    this.numbers.set(stream, number);
    this.names.set(number, stream);
  }

  numberOf(stream: StreamId): number | undefined {
    return this.numbers.get(stream);
  }

  /** The name behind a number that a row has; undefined when the row is damaged there. */
  nameOf(number: number): StreamId | undefined {
    return this.names.get(number);
  }

  keyOf(stream: StreamId): StreamKey {
    const known = this.keys.get(stream);
    if (known) return known;
    const key = parseStreamId(stream);
    this.keys.set(stream, key);
    return key;
  }

  /** Highest sequence held; 0 when there is none. */
  lastOf(stream: StreamId): number {
    return this.lasts.get(stream) ?? 0;
  }

  setLast(stream: StreamId, sequence: number): void {
    this.lasts.set(stream, sequence);
    this.touched.add(stream);
  }

  prunedOf(stream: StreamId): number {
    return this.pruned.get(stream) ?? 0;
  }

  setPruned(stream: StreamId, sequence: number): void {
    this.pruned.set(stream, sequence);
    this.touched.add(stream);
  }

  filedOf(stream: StreamId): number {
    return this.filed.get(stream) ?? 0;
  }

  setFiled(stream: StreamId, sequence: number): void {
    this.filed.set(stream, sequence);
    this.touched.add(stream);
  }

  digest(): Map<StreamId, number> {
    return new Map([...this.lasts].filter(([, last]) => last > 0));
  }

  /** @returns what changed since the last call */
  takeTouched(): { number: number; last: number; pruned: number; filed: number }[] {
    const rows = [...this.touched].map((stream) => ({
      number: this.numbers.get(stream) ?? 0,
      last: this.lastOf(stream),
      pruned: this.prunedOf(stream),
      filed: this.filedOf(stream),
    }));
    this.touched.clear();
    return rows;
  }
}
