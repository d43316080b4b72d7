// A simulated disk beneath the store in memory: what a commit wrote is durable some time later, together or
// not at all, as SQLite's log gives it; what was not durable is gone with a crash. A full disk, or one that
// fails, takes nothing: SQLite's log makes a torn transaction vanish as a whole, so that there are no halves here either;
// and one that rots gives entries back otherwise than it took them.
import { type Entry, type StreamId, streamIdOf } from '../../daemon/ring/entry.ts';
import { MemoryStore } from '../../daemon/store/memory-store.ts';
import { type RingRecord, type Store, StoreError } from '../../daemon/store/store.ts';

export class SimulatedDisk {
  readonly memory: MemoryStore;
  /** Durable highest sequence per stream, and what the ring must not forget. */
  readonly durable = new Map<StreamId, number>();
  record: RingRecord;
  /** No transaction is taken: there is no space, or an error is all that comes back. */
  refuses: 'full' | 'failed' | null = null;
  /** Keys of entries that are damaged here, until a repair is durable. */
  readonly rotten = new Set<string>();
  /** Of the transaction that is not durable yet; null when there is none. */
  private written: Entry[] | null = null;
  /** Of that transaction: what this disk counts as held and never had. */
  private holes: { stream: StreamId; sequence: number }[] = [];
  private repaired: string[] = [];
  private committed = false;
  private readonly onDurable: (entries: readonly Entry[]) => void;

  constructor(parts: {
    incarnation: string;
    onDurable: (entries: readonly Entry[]) => void;
  }) {
    this.memory = new MemoryStore(parts.incarnation);
    this.record = this.memory.ringRecord();
    this.onDurable = parts.onDurable;
  }

  has(stream: StreamId, sequence: number): boolean {
    return (this.durable.get(stream) ?? 0) >= sequence;
  }

  hasIntact(stream: StreamId, sequence: number): boolean {
    return this.has(stream, sequence) && !this.rotten.has(`${stream}/${sequence}`);
  }

  /** Sequences of a stream that are damaged here. */
  rottenIn(stream: StreamId): number[] {
    const prefix = `${stream}/`;
    return [...this.rotten].flatMap((key) =>
      key.startsWith(prefix) ? Number(key.slice(prefix.length)) : [],
    );
  }

  /** Damages an entry that is durable. @param draw decides how */
  rot(stream: StreamId, sequence: number, draw: number): void {
    this.rotten.add(`${stream}/${sequence}`);
    this.memory.corrupt(stream, sequence, (entry) => rotten(entry, draw));
  }

  /** What was written is on the disk now. */
  sync(): void {
    if (!this.written) return;
    const written = this.written;
    this.written = null;
    this.memory.commit();
    this.record = this.memory.ringRecord();
    for (const key of this.repaired.splice(0)) this.rotten.delete(key);
    for (const entry of written) this.noteDurable(streamIdOf(entry), entry.sequence);
    for (const { stream, sequence } of this.holes.splice(0)) {
      this.noteDurable(stream, sequence);
      this.rotten.add(`${stream}/${sequence}`);
    }
    this.onDurable(written);
  }

  private noteDurable(stream: StreamId, sequence: number): void {
    this.durable.set(stream, Math.max(this.durable.get(stream) ?? 0, sequence));
  }

  /** The power goes. @param survives whether a transaction that was being written got there in time */
  crash(survives: boolean): void {
    if (survives && this.committed) this.sync();
    this.memory.crash();
    this.memory.forget();
    for (const key of this.rotten) {
      const [stream = '', sequence] = key.split('/');
      if (this.memory.isIntact(stream, Number(sequence))) this.rotten.delete(key);
    }
    this.repaired = [];
    this.holes = [];
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
        // A disk that fails may have it all the same.
        this.committed = this.refuses === 'failed';
        if (this.refuses) throw new StoreError(this.refuses, `the simulated disk: ${this.refuses}`);
        this.committed = true;
        onCommit();
      },
      saveRingRecord: (record) => memory.saveRingRecord(record),
      append: (stored) => {
        memory.append(stored);
        this.written?.push(stored.entry);
      },
      leaveHole: (hole) => {
        memory.leaveHole(hole);
        this.holes.push(hole);
      },
      prune: (query) => memory.prune(query),
      hasPrunable: (below) => memory.hasPrunable(below),
      seen: () => memory.seen(),
      saveSeen: (seen) => memory.saveSeen(seen),
      saveBase: (stream, base) => memory.saveBase(stream, base),
      base: (stream) => memory.base(stream),
      newestBase: () => memory.newestBase(),
      damaged: () => memory.damaged(),
      noteLost: (stream, sequence) => memory.noteLost(stream, sequence),
      repair: (stored, pruned) => {
        this.repaired.push(`${streamIdOf(stored.entry)}/${stored.entry.sequence}`);
        return memory.repair(stored, pruned);
      },
      scrub: (limit) => memory.scrub(limit),
      readEntry: (stream, sequence) => memory.readEntry(stream, sequence),
      readStream: (query) => memory.readStream(query),
      readOthers: () => memory.readOthers(),
      readPosts: (query) => memory.readPosts(query),
      latestOrder: (room) => memory.latestOrder(room),
      findRequest: (id) => memory.findRequest(id),
      firstPlace: (id) => memory.firstPlace(id),
      highestNumber: (id) => memory.highestNumber(id),
      close: () => {},
    };
  }
}

/** Another entry in place of one: one that would be believed, were it not checked, or one that is no use. */
function rotten(entry: Entry, draw: number): Entry {
  if (draw < 0.2) return { ...entry, wallMs: entry.wallMs + 1 };
  const believable = entry.body.replace(/"(x|n)":"/, '"$1":"rotten-');
  const body = draw < 0.8 && believable !== entry.body ? believable : entry.body.slice(1);
  return { ...entry, body };
}
