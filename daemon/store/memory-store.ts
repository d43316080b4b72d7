// The store without a disk, for tests and for simulations: the same answers as the one on SQLite, from
// plain maps. What is not committed is forgotten by `crash`, and nothing else is.
import { type Digest, type Entry, entryHash, type StreamId, streamIdOf } from '../ring/entry.ts';
import { type RingRecord, type Store, type StoredEntry, StoreError } from './store.ts';

const HASH_MODULUS = 2n ** 256n;

/** One step of a transaction, and how it is undone. */
type Undo = () => void;

/** The same hidden flags as on disk: of one request only the lowest in the order is shown. */
type Held = { -readonly [K in keyof StoredEntry]: StoredEntry[K] } & { hidden: boolean };

export class MemoryStore implements Store {
  private record: RingRecord;
  private readonly streams = new Map<StreamId, Held[]>();
  private readonly byRequest = new Map<string, Held[]>();
  private readonly byRoom = new Map<string, Held[]>();
  private readonly highest = new Map<string, number>();
  private readonly bases = new Map<StreamId, Digest>();
  private readonly pruned = new Map<StreamId, number>();
  private seenMs: ReadonlyMap<string, number> = new Map();
  private entryCount = 0;
  private postCount = 0;
  private hash = 0n;
  private time = { ms: 0, counter: 0 };
  private undos: Undo[] = [];

  constructor(incarnation: string) {
    this.record = { incarnation, installedTerm: 0, promisedTerm: 0 };
  }

  ringRecord(): RingRecord {
    return this.record;
  }

  digest(): Map<StreamId, number> {
    const streams = [...this.streams].filter(([, entries]) => entries.length > 0);
    return new Map(streams.map(([stream, entries]) => [stream, entries.length]));
  }

  counts() {
    return { entries: this.entryCount, posts: this.postCount };
  }

  historyHash(): string {
    return this.hash.toString(16).padStart(64, '0');
  }

  highestTime() {
    return this.time;
  }

  begin(): void {
    this.undos = [];
  }

  commit(): void {
    this.undos = [];
  }

  /** The power goes: what was written since `begin` never was. */
  crash(): void {
    for (const undo of this.undos.reverse()) undo();
    this.undos = [];
  }

  saveRingRecord({ installedTerm, promisedTerm }: Omit<RingRecord, 'incarnation'>): void {
    const before = this.record;
    this.record = { ...before, installedTerm, promisedTerm };
    this.undos.push(() => {
      this.record = before;
    });
  }

  append(stored: StoredEntry): void {
    const stream = streamIdOf(stored.entry);
    const entries = listOf(this.streams, stream);
    if (stored.entry.sequence !== entries.length + 1) {
      const text = `entry ${stored.entry.sequence} does not follow in stream ${stream}`;
      throw new StoreError('failed', text);
    }
    const { entryCount, postCount, hash, time } = this;
    const held: Held = { ...stored, hidden: false };
    entries.push(held);
    this.undos.push(() => {
      entries.pop();
      Object.assign(this, { entryCount, postCount, hash, time });
    });
    this.count(held);
    this.index(held);
  }

  private count({ entry }: Held): void {
    this.entryCount += 1;
    this.hash = (this.hash + hashValue(entry)) % HASH_MODULUS;
    const { hlcMs, hlcCounter } = entry;
    const later =
      hlcMs > this.time.ms || (hlcMs === this.time.ms && hlcCounter > this.time.counter);
    if (later) this.time = { ms: hlcMs, counter: hlcCounter };
  }

  private index(held: Held): void {
    const { room, requestId } = held.index;
    if (requestId !== null) this.indexRequest(held, requestId);
    if (room === null) return;
    if (!held.hidden) this.postCount += 1;
    const inRoom = listOf(this.byRoom, room);
    insertInOrder(inRoom, held);
    this.undos.push(() => inRoom.splice(inRoom.indexOf(held), 1));
  }

  private indexRequest(held: Held, requestId: string): void {
    const same = listOf(this.byRequest, requestId);
    const shown = same.find((other) => !other.hidden);
    const loser = shown && shown.order < held.order ? held : shown;
    if (loser) loser.hidden = true;
    if (loser && loser !== held && loser.index.kind === 'post') this.postCount -= 1;
    insertInOrder(same, held);
    const session = requestId.slice(0, requestId.lastIndexOf('/'));
    const highest = this.highestNumber(session);
    const number = Number(requestId.slice(requestId.lastIndexOf('/') + 1));
    this.highest.set(session, Math.max(highest, number));
    this.undos.push(() => {
      if (loser) loser.hidden = false;
      same.splice(same.indexOf(held), 1);
      this.highest.set(session, highest);
    });
  }

  prune(query: { below: string; limit: number; replace: (entry: Entry) => string }): number {
    let looked = 0;
    for (const [stream, entries] of this.streams) {
      const after = this.pruned.get(stream) ?? 0;
      let reached = after;
      for (const held of entries.slice(after)) {
        if (held.order >= query.below || looked >= query.limit) break;
        if (held.index.kind === 'post') this.pruneOne(held, query.replace);
        reached += 1;
        looked += 1;
      }
      this.pruned.set(stream, reached);
      this.undos.push(() => this.pruned.set(stream, after));
    }
    return looked;
  }

  private pruneOne(held: Held, replace: (entry: Entry) => string): void {
    const { hash, postCount } = this;
    const { entry, index } = held;
    const inRoom = listOf(this.byRoom, index.room ?? '');
    const place = inRoom.indexOf(held);
    inRoom.splice(place, 1);
    held.entry = { ...entry, body: replace(entry) };
    held.index = { ...index, kind: 'pruned', room: null };
    this.hash =
      (this.hash - hashValue(entry) + hashValue(held.entry) + HASH_MODULUS) % HASH_MODULUS;
    if (!held.hidden) this.postCount -= 1;
    this.undos.push(() => {
      Object.assign(held, { entry, index });
      inRoom.splice(place, 0, held);
      Object.assign(this, { hash, postCount });
    });
  }

  hasPrunable(below: string): boolean {
    return [...this.streams].some(([stream, entries]) =>
      entries
        .slice(this.pruned.get(stream) ?? 0)
        .some(({ order, index }) => order < below && index.kind === 'post'),
    );
  }

  seen(): ReadonlyMap<string, number> {
    return this.seenMs;
  }

  saveSeen(seen: ReadonlyMap<string, number>): void {
    const before = this.seenMs;
    this.seenMs = new Map(seen);
    this.undos.push(() => {
      this.seenMs = before;
    });
  }

  saveBase(stream: StreamId, base: Digest): void {
    const before = this.bases.get(stream);
    // The newest stands last.
    this.bases.delete(stream);
    this.bases.set(stream, new Map(base));
    this.undos.push(() => {
      if (before) this.bases.set(stream, before);
      else this.bases.delete(stream);
    });
  }

  newestBase() {
    const newest = [...this.bases].at(-1);
    return newest ? { stream: newest[0], digest: newest[1] } : null;
  }

  base(stream: StreamId): Digest | null {
    return this.bases.get(stream) ?? null;
  }

  readStream(query: { stream: StreamId; after: number; limit: number; bytesMax: number }): Entry[] {
    const entries: Entry[] = [];
    let bytes = 0;
    const held = this.streams.get(query.stream) ?? [];
    for (const { entry } of held.slice(query.after, query.after + query.limit)) {
      bytes += Buffer.byteLength(entry.body);
      if (entries.length > 0 && bytes > query.bytesMax) break;
      entries.push(entry);
    }
    return entries;
  }

  *readOthers(): Iterable<Entry> {
    for (const entries of this.streams.values()) {
      for (const { entry, index } of entries) if (index.kind === 'other') yield entry;
    }
  }

  readPosts(query: { room: string; before: string | null; limit: number }): Entry[] {
    const { room, before, limit } = query;
    const shown = (this.byRoom.get(room) ?? []).filter(
      ({ order, hidden }) => !hidden && (before === null || order < before),
    );
    return shown.slice(Math.max(0, shown.length - limit)).map(({ entry }) => entry);
  }

  latestOrder(room: string): string | null {
    return this.byRoom.get(room)?.findLast(({ hidden }) => !hidden)?.order ?? null;
  }

  findRequest(requestId: string): Entry | null {
    return this.byRequest.get(requestId)?.[0]?.entry ?? null;
  }

  highestNumber(sessionId: string): number {
    return this.highest.get(sessionId) ?? 0;
  }

  close(): void {
    this.crash();
  }
}

function hashValue(entry: Entry): bigint {
  return BigInt(`0x${Buffer.from(entryHash(entry)).toString('hex')}`);
}

function listOf(lists: Map<string, Held[]>, key: string): Held[] {
  const list = lists.get(key) ?? [];
  lists.set(key, list);
  return list;
}

/** Keeps a list in the one order; what is new is nearly always the newest. */
function insertInOrder(list: Held[], held: Held): void {
  const after = list.findLastIndex(({ order }) => order < held.order);
  list.splice(after + 1, 0, held);
}

/** @param incarnation 16 hex digits */
export function openMemoryStore(incarnation: string): MemoryStore {
  return new MemoryStore(incarnation);
}
