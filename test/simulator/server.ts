// One simulated server: the daemon's own host, ring and chat, unchanged, on a simulated disk. It works in
// turns, as the daemon's loop does: what comes in while a commit is under way waits for the next turn.
import type { Chat } from '../../daemon/chat/chat.ts';
import type { ChatLimits } from '../../daemon/chat/limits.ts';
import { coresOn } from '../../daemon/cores.ts';
import { createHost, type Host, type Surroundings } from '../../daemon/host.ts';
import { createRetention, type Retention, type RetentionSettings } from '../../daemon/retention.ts';
import type { Entry } from '../../daemon/ring/entry.ts';
import type { Announcement, PeerMessage } from '../../daemon/ring/messages.ts';
import { type RingLimits, TICK_INTERVAL_MS } from '../../daemon/ring/settings.ts';
import type { Ring } from '../../daemon/ring/state.ts';
import { type Store, StoreError } from '../../daemon/store/store.ts';
import { REFUSALS } from '../../lib/protocol/refusals.ts';
import type { ClientMessage } from '../../lib/protocol/requests.ts';
import type { Random } from '../../lib/random.ts';
import { signed } from './client.ts';
import { SimulatedDisk } from './disk.ts';
import type { Network } from './network.ts';
import type { Scheduler } from './scheduler.ts';
import type { Wires } from './wires.ts';

/** A duration that no run comes near: wall clocks start here, so that skews never go below zero. */
const WALL_START_MS = 1_700_000_000_000;
/** A server that is asked to leave leaves after this all the same. */
const HAND_OVER_MS_MAX = 2_000;

/** Passes follow each other sooner than in the daemon: a run lasts seconds. */
const SCRUB = { perSecond: 500, restMs: 2_000 };

/** What is looked at of a line to a client: of `stored`. */
type ClientFrame = { type: string; id: string; copies: number };

export type Running = Readonly<{
  ring: Ring;
  host: Host;
  chat: Chat;
  retention: Retention;
}>;

export type ServerObserver = Readonly<{
  /** A client is about to be told that its request is stored. */
  onAcknowledged(server: SimulatedServer, stored: { id: string; copies: number }): void;
  onDurable(server: SimulatedServer, entries: readonly Entry[]): void;
  /** Entries leave the server, for another one. */
  onEntriesSent(server: SimulatedServer, message: PeerMessage): void;
  /** A promise leaves the server, for whoever asked for it. */
  onPromised(server: SimulatedServer, to: string, term: number): void;
  onAppendHeard(
    server: SimulatedServer,
    heard: { term: number; promised: number; kept: number },
  ): void;
  onLeads(server: SimulatedServer, view: { term: number; inSync: readonly string[] }): void;
  onStep(server: SimulatedServer): void;
}>;

export type World = Readonly<{
  scheduler: Scheduler;
  random: Random;
  network: Network;
  wires: Wires;
  ids: readonly string[];
  retention: RetentionSettings;
  limits: RingLimits & ChatLimits;
  say(line: string): void;
  observer: ServerObserver;
}>;

type Piece = (running: Running) => void;

const hexOf = (random: Random) =>
  Array.from({ length: 16 }, () => Math.floor(random() * 16).toString(16)).join('');

export const positionOf = (id: string) => Number(id.slice('server'.length));

export class SimulatedServer {
  readonly id: string;
  readonly ringPosition: number;
  disk: SimulatedDisk;
  running: Running | null = null;
  starts = 0;
  copiesMin: number;
  wallSkewMs: number;
  /** Usual time of a commit, and a slow disk's. */
  diskMs: number;
  slowDiskMs = 0;
  /**
   * A crash in mid-turn was drawn, for when what goes to the others is let out next, or to clients. What may go ahead of
   * the disk has gone, the rest never was.
   */
  crashInTurn: 'to peers' | 'to clients' | null = null;
  paused = false;
  /** When it last had a turn, and how long it had had none before. */
  private turnMs = 0;
  sinceTurnMs = 0;
  private readonly world: World;
  private pieces: Piece[] = [];
  private turnDue = false;
  /** A commit is under way: the process waits in it. */
  private committing = false;
  private afterCommit: (() => void)[] | null = null;
  private commitMs = 0;
  private whenResumed: (() => void) | null = null;

  constructor(fields: { id: string; copiesMin: number; diskMs: number }, world: World) {
    this.id = fields.id;
    this.ringPosition = positionOf(fields.id);
    this.copiesMin = fields.copiesMin;
    this.diskMs = fields.diskMs;
    this.world = world;
    this.wallSkewMs = (world.random() - 0.5) * 4_000 * world.random();
    this.disk = this.emptyDisk();
  }

  private emptyDisk(): SimulatedDisk {
    return new SimulatedDisk({
      incarnation: hexOf(this.world.random),
      onDurable: (entries) => this.world.observer.onDurable(this, entries),
    });
  }

  private others(): string[] {
    return this.world.ids.filter((id) => id !== this.id);
  }

  private boot(): string {
    return `${this.id}-${this.starts}`;
  }

  // --- its life ---

  start(): void {
    if (this.running) return;
    const { world, id } = this;
    this.starts += 1;
    world.say(`${id} starts${this.copiesMin > 1 ? ` with --min-copies ${this.copiesMin}` : ''}`);
    const store = this.disk.asStore(() => this.onCommit());
    this.running = this.cores(store);
    world.network.start(id, this.others());
    this.tick(this.starts, world.random() * TICK_INTERVAL_MS);
  }

  private cores(store: Store): Running {
    const { world, id, copiesMin } = this;
    const { chat, ring } = coresOn({
      // No client of a simulation searches.
      search: { find: () => [], reach: () => new Map(), covers: () => 'yes' },
      store,
      secrets: {
        sealStamp: ({ ms, counter }) => `${ms}.${counter}`,
        openStamp: (stamp) => {
          const [ms, counter] = stamp.split('.').map(Number);
          return ms === undefined || counter === undefined ? null : { ms, counter };
        },
        verify: (key, text, signature) => signature === signed(key, text),
      },
      self: { id, ringPosition: this.ringPosition, address: id },
      peers: this.others().map((other) => ({
        id: other,
        ringPosition: positionOf(other),
        address: other,
      })),
      copiesMin,
      boot: this.boot(),
      nowMs: world.scheduler.nowMs(),
      limits: world.limits,
    });
    const surroundings = this.surroundings();
    const host = createHost({ ring, chat, store, world: surroundings, scrub: SCRUB });
    const { nowMs, wallMs } = surroundings;
    const settings = world.retention;
    const retention = createRetention({ ring, chat, store, host, settings, nowMs, wallMs });
    return { ring, chat, host, retention };
  }

  private tick(start: number, delayMs: number): void {
    this.world.scheduler.after(delayMs, () => {
      if (this.starts !== start || !this.running) return;
      // A stopped process has no ticks to catch up with: one comes when it goes on.
      if (!this.paused) {
        this.input(({ host, retention }) => {
          host.tick();
          retention.tick();
        });
      }
      this.tick(start, TICK_INTERVAL_MS);
    });
  }

  /**
   * @param why in words, for the story
   * @param keeps whether the disk has what was under way to it; drawn when not given
   */
  crash(why = 'crashes', keeps?: boolean): void {
    if (!this.running) return;
    this.world.say(`${this.id} ${why}`);
    this.running = null;
    this.crashInTurn = null;
    this.paused = false;
    this.pieces = [];
    this.committing = false;
    this.afterCommit = null;
    this.commitMs = 0;
    this.whenResumed = null;
    this.disk.crash(keeps ?? this.world.random() < 0.5);
    this.world.network.stop(this.id, this.others());
    this.world.wires.serverGone(this.id);
  }

  /** Asks it to hand over and leave. */
  drain(): void {
    if (!this.running) return;
    this.world.say(`${this.id} is asked to leave`);
    this.input(({ host }) => host.feedRing({ type: 'drain' }));
    const { starts } = this;
    this.world.scheduler.after(HAND_OVER_MS_MAX, () => this.leave(starts));
  }

  private leave(starts: number): void {
    if (this.running && this.starts === starts) this.crash('leaves');
  }

  wipe(): void {
    this.crash();
    this.world.say(`${this.id} loses its directory`);
    this.disk = this.emptyDisk();
  }

  pause(): void {
    if (!this.running || this.paused) return;
    this.world.say(`${this.id} is stopped`);
    this.paused = true;
  }

  resume(): void {
    if (!this.paused) return;
    this.world.say(`${this.id} goes on`);
    this.paused = false;
    // What its disk had before it was stopped goes out as it would have.
    this.whenResumed?.();
    this.scheduleTurn();
  }

  // --- its turns ---

  /** Gives it an input in its next turn. */
  input(piece: Piece): void {
    if (!this.running) return;
    this.pieces.push(piece);
    this.scheduleTurn();
  }

  private scheduleTurn(): void {
    if (this.turnDue || this.paused || this.committing || this.pieces.length === 0) return;
    this.turnDue = true;
    const { starts } = this;
    this.world.scheduler.after(0, () => {
      this.turnDue = false;
      if (this.starts === starts && !this.paused && !this.committing) this.turn();
    });
  }

  private turn(): void {
    const { running } = this;
    if (!running) return;
    const pieces = this.pieces;
    this.pieces = [];
    const crashes = this.crashInTurn !== null;
    const nowMs = this.world.scheduler.nowMs();
    this.sinceTurnMs = nowMs - this.turnMs;
    this.turnMs = nowMs;
    try {
      for (const piece of pieces) piece(running);
      running.host.endTurn();
    } catch (error) {
      this.afterCommit = null;
      if (error instanceof StoreError) return this.crash(`fails: ${error.message}`);
      if (crashes && error instanceof Error && error.message === 'crash in mid-turn')
        return this.crash('crashes in mid-turn');
      throw error;
    }
    this.world.observer.onStep(this);
    if (this.afterCommit) this.waitForDisk(this.afterCommit);
  }

  /** A transaction has been handed to the disk: what is let out from here on waits until it is there. */
  private onCommit(): void {
    const { random } = this.world;
    const usualMs = this.diskMs * (0.5 + random());
    this.commitMs += this.slowDiskMs > 0 ? this.slowDiskMs * random() ** 2 : usualMs;
    if (this.commitMs === 0) this.disk.sync();
    else this.afterCommit ??= [];
  }

  private waitForDisk(outputs: (() => void)[]): void {
    const { starts, commitMs } = this;
    this.committing = true;
    this.afterCommit = null;
    this.commitMs = 0;
    const letOut = () => {
      this.committing = false;
      this.whenResumed = null;
      for (const output of outputs) output();
      this.scheduleTurn();
    };
    this.world.scheduler.after(commitMs, () => {
      if (this.starts !== starts || !this.running) return;
      this.disk.sync();
      if (this.paused) this.whenResumed = letOut;
      else letOut();
    });
  }

  /** Now, or when the disk has what this relies on. */
  private out(output: () => void): void {
    if (this.afterCommit) this.afterCommit.push(output);
    else output();
  }

  private surroundings(): Surroundings {
    const { world, id } = this;
    return {
      nowMs: () => world.scheduler.nowMs(),
      wallMs: () => Math.floor(WALL_START_MS + world.scheduler.nowMs() + this.wallSkewMs),
      draw: () => world.random(),
      sendPeer: (to, message) =>
        this.out(() => {
          if (message.type === 'promise') world.observer.onPromised(this, to, message.term);
          if ('entries' in message) world.observer.onEntriesSent(this, message);
          world.network.send(id, to, message);
        }),
      flushPeers: () => this.crashAt('to peers'),
      renewPeer: (peer) => this.out(() => world.network.renew(id, peer)),
      sendHeartbeat: (announcement) => {
        // As it would be read, so that nobody shares an object with the sender; who gets it changes nothing of it.
        const payload = JSON.parse(JSON.stringify({ boot: this.boot(), announcement }));
        this.out(() => {
          for (const other of this.others()) world.network.sendDatagram(id, other, payload);
        });
      },
      goOnSoon: () => this.input((running) => running.host.goOn()),
      sendClient: (connection, frame) => this.sendClients([connection], frame),
      sendClients: (connections, frame) => this.sendClients(connections, frame),
      closeClient: (connection, code) =>
        this.out(() => {
          world.wires.fromServer(connection, { type: 'closing', code, reason: REFUSALS[code] });
          world.wires.closeFromServer(connection, code);
        }),
      flushClients: () => this.crashAt('to clients'),
      log: (_level, message, fields) => {
        world.say(`${id} ${message} ${JSON.stringify(fields)}`);
        // Told before what the view lets out, even when a later piece of the turn ends it again.
        if (message === 'leading')
          world.observer.onLeads(this, fields as { term: number; inSync: string[] });
      },
      drained: () => {
        const { starts } = this;
        world.scheduler.after(0, () => this.leave(starts));
      },
    };
  }

  private crashAt(point: SimulatedServer['crashInTurn']): void {
    if (this.crashInTurn === point) throw new Error('crash in mid-turn');
  }

  private sendClients(connections: readonly number[], frame: string): void {
    const message = JSON.parse(frame) as ClientFrame;
    const { observer, wires } = this.world;
    this.out(() => {
      if (message.type === 'stored') observer.onAcknowledged(this, message);
      for (const connection of connections) wires.fromServer(connection, message);
    });
  }

  // --- what comes in ---

  onLinkUp(peer: string, boot: string): void {
    this.input(({ host }) => host.feedRing({ type: 'linkUp', peer, boot }));
  }

  onLinkDown(peer: string, refused: boolean): void {
    this.input(({ host }) => host.feedRing({ type: 'linkDown', peer, refused }));
  }

  onPeerMessage(from: string, message: PeerMessage): void {
    this.input(({ host, ring }) => {
      const { promisedTerm: promised, entryCount } = ring;
      host.takePeerMessage(from, message);
      if (message.type !== 'append') return;
      const kept = ring.entryCount - entryCount;
      this.world.observer.onAppendHeard(this, { term: message.term, promised, kept });
    });
  }

  onDatagram(from: string, payload: { boot: string; announcement: Announcement }): void {
    const { boot, announcement } = payload;
    this.input(({ ring, host }) => {
      // As the real socket: only the process behind the authenticated link is listened to.
      if (ring.peers.get(from)?.boot === boot)
        host.feedRing({ type: 'heartbeat', from, announcement });
    });
  }

  onOpened(wire: number): boolean {
    if (!this.running) return false;
    const nonce = `nonce ${wire}`;
    this.input(({ host }) => host.feedChat({ type: 'opened', connection: wire, nonce }));
    return true;
  }

  onClientMessage(wire: number, message: ClientMessage): void {
    this.input(({ host }) => host.feedChat({ type: 'message', connection: wire, message }));
  }

  onClosed(wire: number): void {
    this.input(({ host }) => host.feedChat({ type: 'closed', connection: wire }));
  }

  bootId(): string {
    return this.boot();
  }
}
