// Damaged entries are repaired from a peer: found by a slow scrub or by whoever reads them, asked for from
// each reachable peer in turn, and put in their place. Sans I/O, like the cores: the host steps it.
import { type Entry, orderOf, type StreamId, streamIdOf } from './ring/entry.ts';
import type { PeerMessage, PeerMessageOf } from './ring/messages.ts';
import { decodeEntry, encodeEntry } from './ring/replication.ts';
import { FETCH_SEQUENCES_MAX, PULL_BYTES_MAX } from './ring/settings.ts';
import type { Ring, ServerId } from './ring/state.ts';
import type { DamagedEntry } from './store/damage.ts';
import type { IndexOf, Store, StoredEntry } from './store/store.ts';

/** A fetch that got no answer is given up after this, and the next peer asked. */
const FETCH_PATIENCE_MS = 1_000;

/** Wait between two rounds in which nobody had an intact copy. */
const ROUND_PAUSE_MS = 5_000;

/**
 * An entry that nobody within reach has, or with nobody within reach at all, counts as lost after this, although a
 * server that is away may have it: people wait for what depends on it.
 */
const VAIN_MS_MAX = 60_000;

/** A tick that comes later than this says that the loop has better things to do than to scrub. */
const IDLE_TICK_MS_MAX = 35;

export type ScrubSettings = Readonly<{
  /** Entries looked at in a second; 0 for none. */
  perSecond: number;
  /** Rest between the end of one pass and the next. */
  restMs: number;
}>;

/** What a repair brings to pass in the rest of the server. */
export type RepairParts = Readonly<{
  ring: Ring;
  store: Store;
  scrub: ScrubSettings;
  indexOf: IndexOf;
  send(to: ServerId, message: PeerMessage): void;
  /** Puts it in its place on the disk, and tells the chat. */
  restore(stored: StoredEntry): void;
  /** Nothing that may be missing in the fold is waited for any longer. */
  foldIsWhole(): void;
  log(level: 'info' | 'warn' | 'error', message: string, fields: object): void;
}>;

type Asked = { peer: ServerId; stream: StreamId; sequences: ReadonlySet<number>; sentMs: number };

const keyOf = ({ stream, sequence }: Pick<DamagedEntry, 'stream' | 'sequence'>) =>
  `${stream}/${sequence}`;

const keyOfEntry = (entry: Entry) => keyOf({ stream: streamIdOf(entry), sequence: entry.sequence });

/** Keys named in one line of the log. */
const NAMED_MAX = 5;

const few = (keys: readonly string[]) => ({
  count: keys.length,
  entries: keys.slice(0, NAMED_MAX),
});

export class Repair {
  private readonly parts: RepairParts;
  private asked: Asked | null = null;
  /** Who said in this round that it has no intact copy, by key. */
  private readonly denied = new Map<string, Set<ServerId>>();
  /** Who did not answer in this round, and on what. */
  private readonly silent = new Set<string>();
  /** Keys that were logged as damaged; and as lost. */
  private readonly named = new Set<string>();
  private readonly lost = new Set<string>();
  /** Keys that everyone within reach was asked for in vain: the fold does without them. */
  private readonly givenUp = new Set<string>();
  /** Since when everyone within reach was asked in vain, by key. */
  private readonly vainSinceMs = new Map<string, number>();
  private nextRoundMs = Number.NEGATIVE_INFINITY;
  private tickedMs = Number.NEGATIVE_INFINITY;
  private restsUntilMs = Number.NEGATIVE_INFINITY;
  /** Entries that the pace allows to be looked at by now. */
  private allowance = 0;
  private links = '';

  constructor(parts: RepairParts) {
    this.parts = parts;
  }

  tick(nowMs: number): void {
    this.scrub(nowMs);
    const damaged = this.parts.store.damaged();
    this.tell(damaged);
    if (damaged.length > 0) this.ask(damaged, nowMs);
    else if (this.denied.size > 0) this.denied.clear();
  }

  private scrub(nowMs: number): void {
    const { scrub, store, indexOf, restore } = this.parts;
    const sinceMs = nowMs - this.tickedMs;
    this.tickedMs = nowMs;
    if (sinceMs > IDLE_TICK_MS_MAX || nowMs < this.restsUntilMs) return;
    this.allowance += (scrub.perSecond * sinceMs) / 1_000;
    const limit = Math.floor(this.allowance);
    if (limit === 0) return;
    this.allowance -= limit;
    const { ended, misfiled } = store.scrub(limit, indexOf);
    for (const stored of misfiled) restore(stored);
    const keys = misfiled.map(({ entry }) => keyOfEntry(entry));
    if (keys.length > 0)
      this.parts.log('warn', 'entries were filed wrongly and are put right', few(keys));
    if (ended) this.restsUntilMs = nowMs + scrub.restMs;
  }

  /** Names what is new among the damaged entries, and keeps the ring informed. */
  private tell(damaged: readonly DamagedEntry[]): void {
    const found = damaged.map(keyOf).filter((key) => !this.named.has(key));
    for (const key of found) this.named.add(key);
    if (found.length > 0) this.parts.log('warn', 'entries are damaged on the disk', few(found));
    if (this.parts.ring.foldIsWhole) return;
    const isAwaited = (entry: DamagedEntry) =>
      entry.kind === 'other' && !this.givenUp.has(keyOf(entry));
    if (!damaged.some(isAwaited)) this.parts.foldIsWhole();
  }

  /** Asks the next peer that may have a copy; begins anew later when all have denied it. */
  private ask(damaged: readonly DamagedEntry[], nowMs: number): void {
    const { ring, send } = this.parts;
    if (this.asked && nowMs - this.asked.sentMs < FETCH_PATIENCE_MS) return;
    if (this.asked) this.deny(this.asked.peer, this.asked.stream, this.asked.sequences, 'silent');
    this.asked = null;
    this.noteLinks();
    if (nowMs < this.nextRoundMs) return;
    for (const peer of ring.peers.values()) {
      if (!peer.linkUp) continue;
      const first = damaged.find((entry) => !this.hasDenied(peer.id, keyOf(entry)));
      if (!first) continue;
      const { stream } = first;
      const wanted = damaged
        .filter((entry) => entry.stream === stream && !this.hasDenied(peer.id, keyOf(entry)))
        .map(({ sequence }) => sequence)
        .slice(0, FETCH_SEQUENCES_MAX);
      this.asked = { peer: peer.id, stream, sequences: new Set(wanted), sentMs: nowMs };
      return send(peer.id, { type: 'fetch', stream, sequences: wanted });
    }
    this.endRound(damaged, nowMs);
  }

  /** Whoever has just come within reach is asked at once. */
  private noteLinks(): void {
    const up = [...this.parts.ring.peers.values()].filter(({ linkUp }) => linkUp);
    const links = up.map(({ boot }) => boot).join();
    if (links !== this.links) this.nextRoundMs = Number.NEGATIVE_INFINITY;
    this.links = links;
  }

  private hasDenied(peer: ServerId, key: string): boolean {
    return (this.denied.get(key)?.has(peer) ?? false) || this.silent.has(`${peer} ${key}`);
  }

  private deny(
    peer: ServerId,
    stream: StreamId,
    sequences: Iterable<number>,
    how: 'missing' | 'silent',
  ): void {
    for (const sequence of sequences) {
      const key = keyOf({ stream, sequence });
      if (how === 'silent') this.silent.add(`${peer} ${key}`);
      else this.denied.set(key, (this.denied.get(key) ?? new Set()).add(peer));
    }
  }

  /** Everyone who can be reached was asked: what nobody in the whole cluster has is lost. */
  private endRound(damaged: readonly DamagedEntry[], nowMs: number): void {
    const { ring, log } = this.parts;
    const linksUp = [...ring.peers.values()].filter(({ linkUp }) => linkUp);
    for (const entry of damaged) {
      const key = keyOf(entry);
      const denied = this.denied.get(key) ?? new Set();
      // With nobody within reach it is in vain to wait for an answer, too.
      const isAskedInVain = linksUp.every(({ id }) => denied.has(id));
      if (isAskedInVain && linksUp.length > 0) this.givenUp.add(key);
      this.noteVain(entry, nowMs, { isAskedInVain, isNowhere: denied.size >= ring.peers.size });
      if (denied.size < ring.peers.size || this.lost.has(key)) continue;
      this.lost.add(key);
      log('error', 'an entry is damaged, and no server has an intact copy of it', { entry: key });
    }
    this.denied.clear();
    this.silent.clear();
    this.nextRoundMs = nowMs + ROUND_PAUSE_MS;
    this.tell(damaged);
  }

  /** What nobody has, or nobody within reach for long, is waited for no longer. */
  private noteVain(
    entry: DamagedEntry,
    nowMs: number,
    { isAskedInVain, isNowhere }: { isAskedInVain: boolean; isNowhere: boolean },
  ): void {
    const key = keyOf(entry);
    const sinceMs = this.vainSinceMs.get(key) ?? nowMs;
    if (isAskedInVain) this.vainSinceMs.set(key, sinceMs);
    else this.vainSinceMs.delete(key);
    const isVain = isAskedInVain && nowMs - sinceMs >= VAIN_MS_MAX;
    if (isNowhere || isVain) this.parts.store.noteLost(entry.stream, entry.sequence);
  }

  onFetch(from: ServerId, { stream, sequences }: PeerMessageOf<'fetch'>): void {
    const entries = [];
    const missing = [];
    let bytesLeft = PULL_BYTES_MAX;
    for (const sequence of sequences) {
      if (bytesLeft <= 0) break;
      const entry = this.parts.store.readEntry(stream, sequence);
      if (!entry) {
        missing.push(sequence);
        continue;
      }
      bytesLeft -= entry.body.length;
      entries.push(encodeEntry(entry));
    }
    this.parts.send(from, { type: 'fetched', stream, entries, missing });
  }

  onFetched(from: ServerId, message: PeerMessageOf<'fetched'>, nowMs: number): void {
    const { asked } = this;
    if (asked?.peer !== from || asked.stream !== message.stream) return;
    this.asked = null;
    const damaged = new Set(this.parts.store.damaged().map(keyOf));
    const repaired: string[] = [];
    for (const tuple of message.entries) {
      const entry = decodeEntry(tuple);
      const key = keyOfEntry(entry);
      const isAsked = streamIdOf(entry) === asked.stream && asked.sequences.has(entry.sequence);
      if (!isAsked || !damaged.has(key)) continue;
      this.parts.restore({ entry, order: orderOf(entry), index: this.parts.indexOf(entry) });
      this.named.delete(key);
      this.lost.delete(key);
      this.givenUp.delete(key);
      this.vainSinceMs.delete(key);
      repaired.push(key);
    }
    if (repaired.length > 0)
      this.parts.log('info', 'damaged entries are repaired', { from, ...few(repaired) });
    const denied = message.missing.filter((sequence) => asked.sequences.has(sequence));
    this.deny(from, asked.stream, denied, 'missing');
    const left = this.parts.store.damaged();
    this.tell(left);
    if (left.length > 0) this.ask(left, nowMs);
  }
}
