// A simulated disk beneath the store in memory: what a commit wrote is durable some time later, together or
// not at all, as SQLite's log gives it; what was not durable is gone with a crash. A full disk takes nothing.
import { type Entry, type StreamId, streamIdOf } from '../../daemon/ring/entry.ts';
import { MemoryStore } from '../../daemon/store/memory-store.ts';
import { type RingRecord, type Store, StoreError } from '../../daemon/store/store.ts';

export class SimulatedDisk {
  readonly memory: MemoryStore;
  /** Durable highest sequence per stream, and what the ring must not forget. */
  readonly durable = new Map<StreamId, number>();
  record: RingRecord;
  full = false;
  /** Of the transaction that is not durable yet; null when there is none. */
  private written: Entry[] | null = null;
  private committed = false;
  /** What any disk of this server ever held: outlives a wiped directory. */
  private readonly everHeld: Map<StreamId, number>;
  private readonly onDurable: (entries: readonly Entry[]) => void;

  constructor(parts: {
    incarnation: string;
    everHeld: Map<StreamId, number>;
    onDurable: (entries: readonly Entry[]) => void;
  }) {
    this.memory = new MemoryStore(parts.incarnation);
    this.record = this.memory.ringRecord();
    this.everHeld = parts.everHeld;
    this.onDurable = parts.onDurable;
  }

  everHad(stream: StreamId, sequence: number): boolean {
    return (this.everHeld.get(stream) ?? 0) >= sequence;
  }

  has(stream: StreamId, sequence: number): boolean {
    return (this.durable.get(stream) ?? 0) >= sequence;
  }

  /** What was written is on the disk now. */
  sync(): void {
    if (!this.written) return;
    const written = this.written;
    this.written = null;
    this.memory.commit();
    this.record = this.memory.ringRecord();
    for (const entry of written) {
      const stream = streamIdOf(entry);
      this.durable.set(stream, entry.sequence);
      this.everHeld.set(stream, Math.max(this.everHeld.get(stream) ?? 0, entry.sequence));
    }
    this.onDurable(written);
  }

  /** The power goes. @param survives whether a transaction that was being written got there in time */
  crash(survives: boolean): void {
    if (survives && this.committed) this.sync();
    this.memory.crash();
    this.written = null;
    this.committed = false;
  }

  /** @param onCommit called when a transaction has been handed over: it is durable at the next `sync` */
  asStore(onCommit: () => void): Store {
    const { memory } = this;
    return {
      ringRecord: () => memory.ringRecord(),
      digest: () => memory.digest(),
      counts: () => memory.counts(),
      historyHash: () => memory.historyHash(),
      highestTime: () => memory.highestTime(),
      begin: () => {
        // A second transaction of one turn stands or falls with the first: nothing was let out between.
        if (!this.written) memory.begin();
        this.written ??= [];
        this.committed = false;
      },
      commit: () => {
        if (this.full) throw new StoreError('full', 'the simulated disk is full');
        this.committed = true;
        onCommit();
      },
      saveRingRecord: (record) => memory.saveRingRecord(record),
      append: (stored) => {
        memory.append(stored);
        this.written?.push(stored.entry);
      },
      prune: (query) => memory.prune(query),
      hasPrunable: (below) => memory.hasPrunable(below),
      seen: () => memory.seen(),
      saveSeen: (seen) => memory.saveSeen(seen),
      saveBase: (stream, base) => memory.saveBase(stream, base),
      base: (stream) => memory.base(stream),
      newestBase: () => memory.newestBase(),
      readStream: (query) => memory.readStream(query),
      readOthers: () => memory.readOthers(),
      readPosts: (query) => memory.readPosts(query),
      latestOrder: (room) => memory.latestOrder(room),
      findRequest: (id) => memory.findRequest(id),
      highestNumber: (id) => memory.highestNumber(id),
      close: () => {},
    };
  }
}
