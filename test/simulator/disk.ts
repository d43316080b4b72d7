// A simulated disk: what was committed survives a crash, what was not is gone. It keeps just what the
// ring needs; pages and searches have tests of their own.
import type { Digest, Entry, StreamId } from '../../daemon/ring/entry.ts';
import { streamIdOf } from '../../daemon/ring/entry.ts';
import type { RingRecord, Store, StoredEntry } from '../../daemon/store/store.ts';

type Saved = Partial<Pick<RingRecord, 'installedTerm' | 'promisedTerm'>>;

export class SimulatedDisk {
  record: RingRecord;
  readonly streams = new Map<StreamId, Entry[]>();
  readonly bases = new Map<StreamId, Digest>();
  /** What any disk of this server ever held: outlives a wiped directory. */
  private readonly everHeld: Map<StreamId, number>;
  private pendingEntries: Entry[] = [];
  private pendingRecord: Saved = {};
  private pendingBases: [StreamId, Digest][] = [];

  constructor(incarnation: string, everHeld: Map<StreamId, number>) {
    this.everHeld = everHeld;
    this.record = { incarnation, installedTerm: 0, promisedTerm: 0 };
  }

  digest(): Map<StreamId, number> {
    return new Map([...this.streams].map(([stream, entries]) => [stream, entries.length]));
  }

  everHad(stream: StreamId, sequence: number): boolean {
    return (this.everHeld.get(stream) ?? 0) >= sequence;
  }

  highestTime(): { ms: number; counter: number } {
    let best = { ms: 0, counter: 0 };
    for (const entries of this.streams.values()) {
      for (const { hlcMs, hlcCounter } of entries) {
        if (hlcMs > best.ms || (hlcMs === best.ms && hlcCounter > best.counter))
          best = { ms: hlcMs, counter: hlcCounter };
      }
    }
    return best;
  }

  /** The power goes: what was not committed never was. */
  crash(): void {
    this.pendingEntries = [];
    this.pendingRecord = {};
    this.pendingBases = [];
  }

  commit(): void {
    for (const entry of this.pendingEntries) {
      const stream = streamIdOf(entry);
      const entries = this.streams.get(stream) ?? [];
      if (entry.sequence !== entries.length + 1)
        throw new Error(`gap in ${stream} at ${entry.sequence}`);
      entries.push(entry);
      this.streams.set(stream, entries);
      this.everHeld.set(stream, Math.max(this.everHeld.get(stream) ?? 0, entry.sequence));
    }
    for (const [stream, base] of this.pendingBases) this.bases.set(stream, base);
    this.record = { ...this.record, ...this.pendingRecord };
    this.crash();
  }

  asStore(): Store {
    const unused = (): never => {
      throw new Error('not part of the simulated disk');
    };
    return {
      ringRecord: () => this.record,
      digest: () => this.digest(),
      highestTime: () => this.highestTime(),
      begin: () => {},
      commit: () => this.commit(),
      saveRingRecord: (record) => {
        this.pendingRecord = {
          installedTerm: record.installedTerm,
          promisedTerm: record.promisedTerm,
        };
      },
      append: (stored: StoredEntry) => {
        this.pendingEntries.push(stored.entry);
      },
      saveBase: (stream, base) => {
        this.pendingBases.push([stream, base]);
      },
      base: (stream) => this.bases.get(stream) ?? null,
      readStream: ({ stream, after, limit }) =>
        (this.streams.get(stream) ?? []).slice(after, after + limit),
      counts: unused,
      historyHash: unused,
      readOthers: unused,
      readPosts: unused,
      latestOrder: unused,
      findRequest: unused,
      highestNumber: unused,
      close: () => {},
    };
  }
}
