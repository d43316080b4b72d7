// The invariants of docs/ARCHITECTURE.md, held against what every server does, after every step. The
// numbers are those of the list there. What clients are shown is checked in witness.ts.
import { bodyOf } from '../../daemon/chat/bodies.ts';
import type { Entry, StreamId } from '../../daemon/ring/entry.ts';
import { entryHash, orderOf, streamIdOf } from '../../daemon/ring/entry.ts';
import type { PeerMessage } from '../../daemon/ring/messages.ts';
import { decodeEntry } from '../../daemon/ring/replication.ts';
import { PAUSE_LATENESS_MS, TICK_INTERVAL_MS } from '../../daemon/ring/settings.ts';
import type { Ring, View } from '../../daemon/ring/state.ts';
import { GENERAL_ROOM_ID } from '../../lib/ids.ts';
import type { Cluster } from './cluster.ts';
import { Directories } from './directories.ts';
import { holdsFarMore } from './far-behind.ts';
import { check } from './invariant.ts';
import { NEVER_MS } from './plan.ts';
import { checkQueues } from './queues.ts';
import { positionOf, type SimulatedServer } from './server.ts';
import { Waits } from './waits.ts';
import { requestOf, type Witness } from './witness.ts';

/** A live server that reaches no leader leads itself within this, one with an empty disk listens for five seconds first: 15. */
const LEADERLESS_MS_MAX = 9_000;
/** Whoever is far behind a server in its sight makes room for it within this: a link may be silent for some seconds. */
const FAR_BEHIND_MS_MAX = 4_000;
/** Whoever was heard within this is waited for. */
const HEARD_MS = 1_000;
/** Without a turn for so long a server must have noticed that it was stopped: its ticks are part of its turns. */
const PAUSED_MS = PAUSE_LATENESS_MS + 2 * TICK_INTERVAL_MS;
/** A server that works has a turn at least this often. */
const ACTS_MS = 500;

type LedView = Readonly<{ term: number; inSync: readonly string[] }>;

type Place = Readonly<{ stream: StreamId; sequence: number }>;

const placeOf = (entry: Entry): Place => ({
  stream: streamIdOf(entry),
  sequence: entry.sequence,
});

/** Since when something is so of each server, and when it was looked at last. */
type Spans = Map<string, Readonly<{ start: number; steppedMs: number; sinceMs: number }>>;

export class Checkers {
  acknowledged = 0;
  /** Id of every request that a client was told is stored, with its entry. */
  readonly acknowledgedEntries = new Map<string, Entry>();
  private readonly contents = new Map<string, string>();
  /** Every entry that was ever durable, by its key. */
  private readonly bodies = new Map<string, Entry>();
  /** Every entry of each request: more than one when both sides of a split stored it. */
  private readonly copies = new Map<string, Entry[]>();
  /** All that are not pruned; and the time below which they are. */
  private posts: Entry[] = [];
  private prunedBelowMs = 0;
  private readonly installed = new Map<string, string>();
  private readonly terms = new Map<string, { promised: number; installed: number }>();
  /** Since when a server has been able to act and has seen nobody lead. */
  private readonly leaderless: Spans = new Map();
  /** Since when a server has been in the way of one that holds far more. */
  private readonly inTheWay: Spans = new Map();
  private readonly views = new Map<string, View>();
  /** The last two views that each server led, the newest first. */
  private readonly led = new Map<string, readonly LedView[]>();
  private readonly directories = new Directories();
  private readonly waits = new Waits();

  onAcknowledged(server: SimulatedServer, stored: { id: string; copies: number }): void {
    const ring = server.running?.ring;
    const entry = this.copies.get(stored.id)?.find((copy) => isHeldBy(server, copy));
    if (!ring || !entry) return check(false, 2, () => `${stored.id} is acknowledged, and not held`);
    // What one view committed may be told in the turn in which the next begins.
    const led = this.led.get(server.id) ?? [];
    // Another copy of the request, of the other side of a split, may have come in meanwhile.
    const copiesOfIt = (this.copies.get(stored.id) ?? []).map(placeOf);
    check(
      led.some(({ term, inSync }) =>
        copiesOfIt.some((copy) =>
          inSync.every((id) => this.directories.has({ leader: server.id, term }, id, copy)),
        ),
      ),
      2,
      () => `${server.id} acknowledges ${stored.id}, and led ${JSON.stringify(led)}`,
    );
    // An answer that waited for those before it tells the copies of when it was made, in whatever view: fewer,
    // never more.
    const ids = this.clusterOf(server).ids();
    const countOf = (copy: Place) => ids.filter((id) => this.directories.everHad(id, copy)).length;
    const held = Math.max(...copiesOfIt.map(countOf));
    const text = () => `${stored.id}: ${stored.copies} copies told, on ${held} disks`;
    check(held >= stored.copies, 2, text);
    const { copies } = stored;
    check(copies >= ring.copiesMin, 2, () => `acknowledged with ${copies} of ${ring.copiesMin}`);
    this.acknowledged += 1;
    if (!this.acknowledgedEntries.has(stored.id)) this.acknowledgedEntries.set(stored.id, entry);
    const body = bodyOf(entry);
    const isGeneral = body?.t === 'post' && body.r === GENERAL_ROOM_ID;
    if (isGeneral)
      this.waits.onAcknowledged(stored.id, (this.cluster as Cluster).scheduler.nowMs());
  }

  /** What a suspended server has committed. */
  private readonly suspended = new Map<
    string,
    Readonly<{ stream: string | undefined; committed: number }>
  >();

  /** Of each server that leads, after its last turn. */
  private readonly committed = new Map<string, Readonly<{ id: string; committed: number }>>();

  cluster: Cluster | null = null;
  witness: Witness | null = null;

  private clusterOf(_server: SimulatedServer): Cluster {
    return this.cluster as Cluster;
  }

  onDurable(_server: SimulatedServer, entries: readonly Entry[]): void {
    for (const entry of entries) {
      const key = `${streamIdOf(entry)}.${entry.sequence}`;
      const hash = Buffer.from(entryHash(entry)).toString('base64');
      const known = this.contents.get(key);
      const body = bodyOf(entry);
      if (body?.t === 'pruned') {
        this.checkPruned(entry);
        if (known !== undefined) continue;
      } else if (body?.t === 'prune' && known === undefined) this.onPrune(entry, body.b);
      check(known === undefined || known === hash, 5, () => `two entries of key ${key}`);
      if (known === undefined) this.onNewEntry(entry);
      this.contents.set(key, hash);
      this.bodies.set(key, entry);
    }
  }

  /** A server got an entry without its body: only if all were told to prune it. */
  private checkPruned(entry: Entry): void {
    const text = () => `${orderOf(entry)} is pruned, and posts from ${this.prunedBelowMs} are not`;
    check(entry.hlcMs < this.prunedBelowMs, 12, text);
  }

  /** Nothing is pruned that a server still lacks, unless that has been away for long. */
  private onPrune({ term, ringPosition }: Entry, belowMs: number): void {
    this.prunedBelowMs = Math.max(this.prunedBelowMs, belowMs);
    const cluster = this.cluster as Cluster;
    if (cluster.plan.retention.forgetAfterMs < NEVER_MS) return;
    for (const entry of this.posts) {
      if (entry.hlcMs >= belowMs) continue;
      for (const server of cluster.all()) {
        const view = { leader: `server${ringPosition}`, term };
        const had = this.directories.has(view, server.id, placeOf(entry));
        check(had, 12, () => `${orderOf(entry)} is pruned, and ${server.id} never had it`);
      }
    }
    this.posts = this.posts.filter((entry) => entry.hlcMs >= belowMs);
  }

  private onNewEntry(entry: Entry): void {
    this.witness?.onFirstDurable(entry);
    if (bodyOf(entry)?.t === 'post') this.posts.push(entry);
    const id = requestOf(entry);
    if (id !== null) this.copies.set(id, [...(this.copies.get(id) ?? []), entry]);
  }

  /** A damaged entry is never sent: what is sent under a key is what was stored under it. */
  onEntriesSent(server: SimulatedServer, message: PeerMessage): void {
    if (!('entries' in message)) return;
    for (const tuple of message.entries) {
      if (tuple.length === 5) continue;
      const entry = decodeEntry(tuple);
      const key = `${streamIdOf(entry)}.${entry.sequence}`;
      const known = this.bodies.get(key);
      if (bodyOf(entry)?.t === 'pruned') continue;
      const isSame = known === undefined || known.body === entry.body;
      check(
        isSame && (known?.wallMs ?? entry.wallMs) === entry.wallMs,
        5,
        () => `${server.id} sends ${key} damaged`,
      );
    }
  }

  onLeads(server: SimulatedServer, view: LedView): void {
    this.directories.onPromised(server, { leader: server.id, term: view.term });
    this.led.set(server.id, [view, ...(this.led.get(server.id) ?? [])].slice(0, 2));
  }

  onPromised(server: SimulatedServer, leader: string, term: number): void {
    this.directories.onPromised(server, { leader, term });
    const { promisedTerm } = server.disk.record;
    check(promisedTerm >= term, 7, () => `${server.id} promised ${term}, its disk ${promisedTerm}`);
  }

  /** An append of a lower term than was promised keeps nothing. */
  onAppendHeard(
    server: SimulatedServer,
    { term, promised, kept }: { term: number; promised: number; kept: number },
  ): void {
    check(
      term >= promised || kept === 0,
      8,
      () => `${server.id} promised ${promised} and kept ${kept} of term ${term}`,
    );
  }

  onStep(server: SimulatedServer): void {
    const running = server.running;
    if (!running) return;
    const { ring } = running;
    checkQueues(server, (this.cluster as Cluster).plan.limits.heldCountMax);
    this.checkSuspended(server);
    this.checkPaused(server);
    this.checkView(server);
    this.checkTerms(server);
    this.checkLeaderless(server);
    this.checkFarBehind(server);
    const { stream, view } = ring;
    if (!stream || !view) return;
    check(stream.id.startsWith(`${view.term}.`), 6, () => `${stream.id} in term ${view.term}`);
  }

  /** Whoever was paused commits nothing before all in sync have said that the view stands. */
  private checkSuspended(server: SimulatedServer): void {
    const ring = server.running?.ring;
    const now = { stream: ring?.stream?.id, committed: ring?.stream?.committed ?? 0 };
    const before = this.suspended.get(server.id);
    if (ring?.phase === 'suspended') this.suspended.set(server.id, now);
    else this.suspended.delete(server.id);
    if (!before || ring?.phase !== 'suspended' || before.stream !== now.stream) return;
    const text = () => `${server.id} commits ${now.committed} while its view is unconfirmed`;
    check(now.committed === before.committed, 2, text);
  }

  /** In the first turn after a pause nothing is committed, whatever waited to be read: others may lead by now. */
  private checkPaused(server: SimulatedServer): void {
    const stream = server.running?.ring.stream;
    const { id: known, committed = 0 } = this.committed.get(server.id) ?? {};
    if (stream) this.committed.set(server.id, { id: stream.id, committed: stream.committed });
    else this.committed.delete(server.id);
    if (!stream || stream.id !== known || server.sinceTurnMs < PAUSED_MS) return;
    // Whoever is alone in its view has nobody to ask.
    if (server.running?.ring.view?.inSync.length === 1) return;
    const text = () =>
      `${server.id} commits ${stream.committed} right after ${Math.round(server.sinceTurnMs)} ms`;
    check(stream.committed === committed, 2, text);
  }

  private checkView(server: SimulatedServer): void {
    const ring = server.running?.ring;
    const view = ring?.view;
    if (!ring || !view || this.views.get(server.id) === view) return;
    // A view that is not on the leader's disk yet serves nobody, and is gone if it crashes now.
    if (view.leader === server.id && server.disk.record.installedTerm < view.term) return;
    this.views.set(server.id, view);
    const text = JSON.stringify(view);
    const highest = view.inSync.every((id) => positionOf(id) <= positionOf(view.leader));
    check(highest, 3, () => `view ${text} is not led by its highest`);
    if (view.leader !== server.id) return;
    const key = `${view.term}.${server.ringPosition}.${ring.self.incarnation}`;
    const inSync = JSON.stringify(view.inSync);
    const known = this.installed.get(key);
    check(known === undefined || known === inSync, 4, () => `${key}: ${known} and ${inSync}`);
    this.installed.set(key, inSync);
    for (const id of view.inSync) this.checkHoldsUnion(server, view.term, id);
  }

  /** At an installation, of the very directories that promised it. */
  private checkHoldsUnion(leader: SimulatedServer, term: number, id: string): void {
    const view = { leader: leader.id, term };
    for (const [stream, sequence] of leader.running?.ring.base?.digest ?? []) {
      check(
        this.directories.has(view, id, { stream, sequence }),
        9,
        () => `${id} is in sync with ${leader.id} and lacks ${stream} up to ${sequence}`,
      );
    }
  }

  private checkTerms(server: SimulatedServer): void {
    const { promisedTerm, installedTerm, incarnation } = server.disk.record;
    const before = this.terms.get(incarnation);
    check(
      !before || (promisedTerm >= before.promised && installedTerm >= before.installed),
      7,
      () => `terms of ${server.id} decreased`,
    );
    this.terms.set(incarnation, { promised: promisedTerm, installed: installedTerm });
    const ring = server.running?.ring;
    const inView = ring?.view?.term ?? ring?.promisedTerm;
    const text = () => `${server.id} is in view ${inView} and promised ${ring?.promisedTerm}`;
    check(inView === ring?.promisedTerm, 8, text);
  }

  private checkLeaderless(server: SimulatedServer): void {
    const ring = server.running?.ring;
    const serves = ring === undefined || ring.draining || ring.view !== null || server.paused;
    const waits = ring !== undefined && waitsForSomeone(ring);
    const lastedMs = this.lastedMs(this.leaderless, server, !serves && !waits);
    const text = () => `${server.id} has seen nobody lead for ${Math.round(lastedMs)} ms`;
    check(lastedMs < LEADERLESS_MS_MAX, 15, text);
  }

  /** Nobody leads, or would, who lacks far more of the history than somebody else in sight who could. */
  private checkFarBehind(server: SimulatedServer): void {
    const others = (this.cluster as Cluster).all();
    const better = others.find((other) => holdsFarMore(server, other));
    const lastedMs = this.lastedMs(this.inTheWay, server, better !== undefined);
    const text = () => `${server.id} is in the way of ${better?.id} for ${Math.round(lastedMs)} ms`;
    check(lastedMs < FAR_BEHIND_MS_MAX, 16, text);
  }

  /** For how long something has been so of a server that could act: not down, not stopped, not waiting for its disk. */
  private lastedMs(spans: Spans, server: SimulatedServer, isSo: boolean): number {
    const nowMs = (this.cluster as Cluster).scheduler.nowMs();
    const before = spans.get(server.id);
    const acted = before?.start === server.starts && nowMs - before.steppedMs < ACTS_MS;
    const sinceMs = isSo && acted && server.slowDiskMs === 0 ? before.sinceMs : nowMs;
    spans.set(server.id, { start: server.starts, steppedMs: nowMs, sinceMs });
    return nowMs - sinceMs;
  }

  /** Now and then while nothing is broken any more: nobody waits for ever. */
  checkWaits(): void {
    const { cluster, witness } = this;
    if (cluster && witness) this.waits.check(cluster, (client, id) => witness.isOwed(client, id));
  }

  /** Whether all agree by now: what the healed phase waits for. */
  agree(): boolean {
    const servers = (this.cluster as Cluster).all();
    const ids = JSON.stringify(servers.map(({ id }) => id).sort());
    const highest = servers.at(-1) as SimulatedServer;
    return servers.every((server) => {
      const view = server.running?.ring.view;
      return (
        view?.leader === highest.id &&
        JSON.stringify(view.inSync) === ids &&
        sameDigest(server, highest) &&
        server.disk.rotten.size === 0
      );
    });
  }

  agreeOnHash(): boolean {
    const servers = (this.cluster as Cluster).all();
    return new Set(servers.map(({ disk }) => disk.memory.historyHash())).size === 1;
  }

  /** After healing and quiet: 1, 5, 13, 14; and 10 and 11 of what the histories show. */
  checkHealed(): void {
    const cluster = this.cluster as Cluster;
    const servers = cluster.all();
    const highest = servers.at(-1) as SimulatedServer;
    const ids = JSON.stringify(servers.map(({ id }) => id).sort());
    for (const server of servers) {
      const view = server.running?.ring.view;
      check(view?.leader === highest.id, 14, () => `${server.id}: ${JSON.stringify(view)}`);
      const inSync = JSON.stringify(view?.inSync);
      check(inSync === ids, 14, () => `in sync with ${server.id} is ${inSync}`);
      check(sameDigest(server, highest), 14, () => `${server.id} holds other entries`);
      const hash = server.disk.memory.historyHash();
      check(hash === highest.disk.memory.historyHash(), 5, () => `${server.id}: another hash`);
      const damaged = [...server.disk.rotten];
      check(damaged.length === 0, 1, () => `${server.id} still has damaged ${damaged}`);
      check(server.disk.memory.damaged().length === 0, 1, () => `${server.id} waits for a repair`);
      const folded = server.running?.chat.stateHash();
      check(folded === highest.running?.chat.stateHash(), 13, () => `${server.id} folds otherwise`);
    }
    for (const [id, entry] of this.acknowledgedEntries) {
      for (const server of servers) {
        const held = server.disk.has(streamIdOf(entry), entry.sequence);
        check(held, 1, () => `${id} was acknowledged and is not on ${server.id}`);
      }
      const shown = highest.disk.memory.findRequest(id);
      check(shown !== null, 1, () => `${id} was acknowledged and is not found`);
      check(shown === null || requestOf(shown) === id, 5, () => `${id} is another's`);
    }
  }
}

/**
 * Whether a server waits for another: one that leads or prepares to, one that follows a leader whom this one does not
 * hear (to lead beside it would split what is whole), a higher one that may lead, or any to learn from.
 */
function waitsForSomeone(ring: Ring): boolean {
  const nowish = ring.lastTickMs - HEARD_MS;
  return [...ring.peers.values()].some((peer) => {
    if (!peer.linkUp || peer.lastHeardMs <= nowish) return false;
    const phase = peer.announcement?.phase;
    if (ring.phase === 'joining' || phase === undefined) return true;
    if (phase === 'leading' || phase === 'preparing' || peer.announcement?.view) return true;
    return phase === 'active' && peer.ringPosition > ring.self.ringPosition;
  });
}

function sameDigest(one: SimulatedServer, other: SimulatedServer): boolean {
  const theirs = other.disk.durable;
  const ours = one.disk.durable;
  return (
    ours.size === theirs.size &&
    [...ours].every(([stream, sequence]) => theirs.get(stream) === sequence)
  );
}

function isHeldBy(server: SimulatedServer, entry: Entry): boolean {
  return (server.disk.memory.digest().get(streamIdOf(entry)) ?? 0) >= entry.sequence;
}
