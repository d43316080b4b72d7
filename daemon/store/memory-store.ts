// The store without a disk, for tests and for simulations: the same answers as the one on SQLite, from
// plain maps. What is not committed is forgotten by `crash`; what is damaged by `corrupt` stays so until it is
// repaired.
import {
  type Digest,
  type Entry,
  entryHash,
  orderOf,
  parseStreamId,
  type StreamId,
  streamIdOf,
} from '../ring/entry.ts';
import { Damage, type DamagedEntry, isSound } from './damage.ts';
import {
  type PostsQuery,
  type RingRecord,
  type Store,
  type StoredEntry,
  StoreError,
} from './store.ts';

const HASH_MODULUS = 2n ** 256n;

/** One step of a transaction, and how it is undone. */
type Undo = () => void;

/** The same hidden flags as on disk: of one request only the lowest in the order is shown. */
type Held = { -readonly [K in keyof StoredEntry]: StoredEntry[K] } & {
  hidden: boolean;
  hash: Uint8Array;
  /** What the disk gives may differ from what was stored. */
  suspect: boolean;
  /** Nothing was ever there. */
  isHole: boolean;
};

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
  private readonly damage = new Damage();
  /** The next entry that `scrub` looks at, counted through all streams. */
  private scrubbed = 0;

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
    const hash = entryHash(stored.entry);
    const held: Held = { ...stored, hidden: false, hash, suspect: false, isHole: false };
    this.push(streamIdOf(stored.entry), held);
    this.count(held);
    this.index(held);
  }

  leaveHole({ stream, sequence, kind }: DamagedEntry): void {
    const rest = { hlcMs: 0, hlcCounter: 0, wallMs: 0, body: '' };
    this.push(stream, {
      entry: { ...parseStreamId(stream), sequence, ...rest },
      order: '',
      index: { kind: kind === 'post' ? 'pruned' : 'other', room: null, requestId: null },
      hidden: false,
      hash: new Uint8Array(32),
      suspect: true,
      isHole: true,
    });
    this.damage.note({ stream, sequence, kind });
    this.undos.push(() => this.damage.clear(stream, sequence));
  }

  private push(stream: StreamId, held: Held): void {
    const entries = listOf(this.streams, stream);
    const { sequence } = held.entry;
    if (sequence !== entries.length + 1) {
      const text = `entry ${sequence} does not follow in stream ${stream}`;
      throw new StoreError('failed', text);
    }
    const { entryCount, postCount, hash, time } = this;
    entries.push(held);
    this.entryCount += 1;
    this.undos.push(() => {
      entries.pop();
      Object.assign(this, { entryCount, postCount, hash, time });
    });
  }

  private count({ entry, hash }: Held): void {
    this.hash = (this.hash + hashValue(hash)) % HASH_MODULUS;
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
        const entry = this.check(held);
        // Its stream is pruned on when it is repaired.
        if (!entry) break;
        if (held.index.kind === 'post') this.replace(held, prunedOf(held, entry, query.replace));
        reached += 1;
        looked += 1;
      }
      this.pruned.set(stream, reached);
      this.undos.push(() => this.pruned.set(stream, after));
    }
    return looked;
  }

  /** Another entry in place of one, perhaps without its text. */
  private replace(
    held: Held,
    { entry, index, hash }: Pick<Held, 'entry' | 'index' | 'hash'>,
  ): void {
    const before = { ...held };
    const { hash: sum, postCount } = this;
    const inRoom = listOf(this.byRoom, before.index.room ?? '');
    const place = index.room === before.index.room ? -1 : inRoom.indexOf(held);
    if (place >= 0) inRoom.splice(place, 1);
    if (place >= 0 && !held.hidden) this.postCount -= 1;
    Object.assign(held, { entry, index, hash, suspect: false });
    this.hash =
      (this.hash - hashValue(before.hash) + hashValue(hash) + HASH_MODULUS) % HASH_MODULUS;
    this.undos.push(() => {
      Object.assign(held, before);
      if (place >= 0) inRoom.splice(place, 0, held);
      Object.assign(this, { hash: sum, postCount });
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

  /** The disk rots: an entry that was stored is another one now. */
  corrupt(stream: StreamId, sequence: number, change: (entry: Entry) => Entry): void {
    const held = this.streams.get(stream)?.[sequence - 1];
    if (!held) throw new Error(`no entry ${stream}/${sequence} to damage`);
    held.entry = change(held.entry);
    held.suspect = true;
  }

  /** What a process knew, and no disk, is gone with it. */
  forget(): void {
    this.damage.reset(this.damage.list());
    this.scrubbed = 0;
  }

  private check(held: Held): Entry | null {
    if (!held.suspect) return held.entry;
    const { entry, order, hash, index } = held;
    if (isSound(entry, { place: order, hash: textOf(hash) })) return entry;
    const { sequence } = entry;
    const kind = index.kind === 'other' ? 'other' : 'post';
    this.damage.note({ stream: streamIdOf(entry), sequence, kind });
    return null;
  }

  damaged() {
    return this.damage.list();
  }

  noteLost(stream: StreamId, sequence: number): void {
    this.damage.noteLost(stream, sequence);
  }

  repair({ entry, index }: StoredEntry, pruned: (entry: Entry) => string): { leftOut: boolean } {
    const stream = streamIdOf(entry);
    const held = this.streams.get(stream)?.[entry.sequence - 1];
    if (!held) throw new StoreError('failed', `${stream}/${entry.sequence} is not held`);
    if (held.isHole) return this.fill(held, { entry, order: orderOf(entry), index });
    const isPruned = held.index.kind === 'pruned' && index.kind === 'post';
    this.replace(
      held,
      isPruned ? prunedOf(held, entry, pruned) : { entry, index, hash: entryHash(entry) },
    );
    return { leftOut: this.damage.clear(stream, entry.sequence) };
  }

  private fill(held: Held, stored: StoredEntry): { leftOut: boolean } {
    const before = { ...held };
    const { hash, time } = this;
    const sound = { hash: entryHash(stored.entry), suspect: false, isHole: false };
    Object.assign(held, stored, sound);
    this.undos.push(() => {
      Object.assign(held, before);
      Object.assign(this, { hash, time });
    });
    this.count(held);
    this.index(held);
    this.damage.clear(streamIdOf(stored.entry), stored.entry.sequence);
    return { leftOut: true };
  }

  /** Whether the disk has what was stored, seen from outside. */
  isIntact(stream: StreamId, sequence: number): boolean {
    const held = this.streams.get(stream)?.[sequence - 1];
    if (held === undefined) return false;
    return isSound(held.entry, { place: held.order, hash: textOf(held.hash) });
  }

  scrub(limit: number) {
    let skipped = 0;
    let count = 0;
    for (const entries of this.streams.values()) {
      const from = Math.max(0, this.scrubbed - skipped);
      for (const held of entries.slice(from, from + limit - count)) {
        this.check(held);
        this.scrubbed += 1;
        count += 1;
      }
      if (count === limit) return { ended: false, misfiled: [] };
      skipped += entries.length;
    }
    this.scrubbed = 0;
    return { ended: true, misfiled: [] };
  }

  readEntry(stream: StreamId, sequence: number): Entry | null {
    const held = this.streams.get(stream)?.[sequence - 1];
    return held ? this.check(held) : null;
  }

  readStream(query: { stream: StreamId; after: number; limit: number; bytesMax: number }): Entry[] {
    const entries: Entry[] = [];
    let bytes = 0;
    const all = this.streams.get(query.stream) ?? [];
    for (const held of all.slice(query.after, query.after + query.limit)) {
      const entry = this.check(held);
      if (!entry) break;
      bytes += Buffer.byteLength(entry.body);
      if (entries.length > 0 && bytes > query.bytesMax) break;
      entries.push(entry);
    }
    return entries;
  }

  *readOthers(): Iterable<Entry> {
    for (const entries of this.streams.values()) {
      for (const held of entries) {
        const entry = held.index.kind === 'other' ? this.check(held) : null;
        if (entry) yield entry;
      }
    }
  }

  readPosts({ room, before, after = '', limit, oldest = false }: PostsQuery): Entry[] {
    const posts: Entry[] = [];
    const inRoom = this.byRoom.get(room) ?? [];
    const step = oldest ? 1 : -1;
    const isAbove = ({ order }: { order: string }) => order > after;
    // Most reads are near the end.
    const start = oldest ? inRoom.findLastIndex((held) => !isAbove(held)) + 1 : inRoom.length - 1;
    for (let place = start; posts.length < limit; place += step) {
      const held = inRoom[place];
      if (!held || !isAbove(held)) break;
      if (held.hidden || (before !== null && held.order >= before)) continue;
      const entry = this.check(held);
      if (entry) posts.push(entry);
      else this.damage.noteLeftOut(streamIdOf(held.entry), held.entry.sequence);
    }
    return oldest ? posts : posts.reverse();
  }

  latestOrder(room: string): string | null {
    const [newest] = this.readPosts({ room, before: null, limit: 1 });
    return newest ? orderOf(newest) : null;
  }

  findRequest(requestId: string): Entry | null {
    const first = this.byRequest.get(requestId)?.[0];
    return first ? this.check(first) : null;
  }

  firstPlace(requestId: string): string | null {
    return this.byRequest.get(requestId)?.[0]?.order ?? null;
  }

  highestNumber(sessionId: string): number {
    return this.highest.get(sessionId) ?? 0;
  }

  close(): void {
    this.crash();
  }
}

function hashValue(hash: Uint8Array): bigint {
  return BigInt(`0x${Buffer.from(hash).toString('hex')}`);
}

/** What is left of a post. */
function prunedOf(held: Held, whole: Entry, bodyOf: (entry: Entry) => string) {
  const entry = { ...whole, body: bodyOf(whole) };
  const index = { ...held.index, kind: 'pruned' as const, room: null };
  return { entry, index, hash: entryHash(entry) };
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

const textOf = (hash: Uint8Array) => Buffer.from(hash).toString('hex');
