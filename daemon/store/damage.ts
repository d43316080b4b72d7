// Which entries are damaged on this disk: their checksum does not fit, or their row is gone. They are left
// out of all that is read until a peer's copy takes their place; the ring goes on counting them as held.
import { type Entry, entryHashText, orderOf, type StreamId } from '../ring/entry.ts';

export type DamagedEntry = Readonly<{
  stream: StreamId;
  sequence: number;
  /** `other` also where nothing tells any more: whatever it was, the fold may lack it. */
  kind: 'post' | 'other';
  /** Nobody who can be asked has an intact copy: it is waited for no longer, and taken all the same when it comes. */
  isLost?: true;
}>;

/**
 * Whether an entry is what was stored, by the checksum and the place that were stored with it.
 * @param stored its hash as hexadecimal digits, lower case
 */
export function isSound(entry: Entry, stored: { hash: string; place: string }): boolean {
  return orderOf(entry) === stored.place && entryHashText(entry) === stored.hash;
}

const keyOf = (stream: StreamId, sequence: number) => `${stream}/${sequence}`;

export class Damage {
  private readonly entries = new Map<string, DamagedEntry>();
  /** Keys of posts that a page was given without, since this process began. */
  private readonly leftOut = new Set<string>();
  /** Found or repaired since the last commit, for the table on disk. */
  private readonly changed = new Set<string>();

  list(): readonly DamagedEntry[] {
    return [...this.entries.values()];
  }

  get size(): number {
    return this.entries.size;
  }

  has(stream: StreamId, sequence: number): boolean {
    return this.entries.has(keyOf(stream, sequence));
  }

  note(entry: DamagedEntry): void {
    const key = keyOf(entry.stream, entry.sequence);
    if (this.entries.has(key)) return;
    this.entries.set(key, entry);
    this.changed.add(key);
  }

  /** Until this process ends: the next one asks anew. */
  noteLost(stream: StreamId, sequence: number): void {
    const key = keyOf(stream, sequence);
    const entry = this.entries.get(key);
    if (entry) this.entries.set(key, { ...entry, isLost: true });
  }

  /** Somebody was given a page without it. */
  noteLeftOut(stream: StreamId, sequence: number): void {
    this.leftOut.add(keyOf(stream, sequence));
  }

  /** It is sound again. @returns whether a page was given without it */
  clear(stream: StreamId, sequence: number): boolean {
    const key = keyOf(stream, sequence);
    if (this.entries.delete(key)) this.changed.add(key);
    return this.leftOut.delete(key);
  }

  /** @returns what was found and what was repaired since the last call */
  takeChanges(): { found: DamagedEntry[]; gone: { stream: StreamId; sequence: number }[] } {
    const found: DamagedEntry[] = [];
    const gone: { stream: StreamId; sequence: number }[] = [];
    for (const key of this.changed) {
      const entry = this.entries.get(key);
      const [stream = '', sequence] = key.split('/');
      if (entry) found.push(entry);
      else gone.push({ stream, sequence: Number(sequence) });
    }
    this.changed.clear();
    return { found, gone };
  }

  /** As the disk has it. */
  reset(entries: readonly DamagedEntry[]): void {
    this.entries.clear();
    this.leftOut.clear();
    this.changed.clear();
    for (const { stream, sequence, kind } of entries)
      this.entries.set(keyOf(stream, sequence), { stream, sequence, kind });
  }
}
