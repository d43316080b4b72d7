// A whole cluster on simulated time, network and disks: the daemon's own host and ring, unchanged. One
// seed draws the layout and every fault; the same seed gives the same run.
import { createHost, type Host } from '../../daemon/host.ts';
import type { Entry } from '../../daemon/ring/entry.ts';
import type { Announcement, PeerMessage } from '../../daemon/ring/messages.ts';
import { TICK_INTERVAL_MS } from '../../daemon/ring/settings.ts';
import { createRing, type Ring } from '../../daemon/ring/state.ts';
import { type Random, seededRandom } from '../../lib/random.ts';
import { SimulatedDisk } from './disk.ts';
import { Network } from './network.ts';
import { type Acknowledged, createProbeChat } from './probe-chat.ts';
import { createScheduler, type Scheduler } from './scheduler.ts';

/** A duration that no run comes near: wall clocks start here, so that skews never go below zero. */
const WALL_START_MS = 1_700_000_000_000;

export type Server = {
  readonly id: string;
  readonly ringPosition: number;
  disk: SimulatedDisk;
  readonly everHeld: Map<string, number>;
  /** null while it is down. */
  running: { ring: Ring; host: Host } | null;
  /** Inputs that wait while it is stopped. */
  pausedInputs: (() => void)[] | null;
  wallSkewMs: number;
  starts: number;
  /** A crash in mid-turn was drawn: what may go ahead of the disk has gone, the rest never was. */
  crashInTurn: boolean;
};

export type Story = { readonly lines: string[]; say(line: string): void };

export type Observer = Readonly<{
  onAcknowledged(server: Server, acknowledged: Acknowledged): void;
  onStep(server: Server): void;
  onSaved(server: Server, entry: Entry): void;
}>;

export class Cluster {
  readonly servers = new Map<string, Server>();
  readonly scheduler: Scheduler;
  readonly random: Random;
  readonly network: Network;
  readonly story: Story;
  private readonly observer: Observer;
  steps = 0;

  constructor(parts: {
    seed: number;
    observer: Observer;
    serverCount?: number;
    lossMax?: number;
    latencyMsMax?: number;
  }) {
    this.random = seededRandom(parts.seed);
    this.scheduler = createScheduler();
    this.observer = parts.observer;
    const lines: string[] = [];
    this.story = {
      lines,
      say: (line) => {
        lines.push(`${this.scheduler.nowMs().toFixed(1).padStart(10)} ${line}`);
        if (lines.length > 4000) lines.splice(0, 1000);
      },
    };
    const serverCount = parts.serverCount ?? 1 + Math.floor(this.random() * 5);
    const latencyMsMin = 0.05 + this.random() * 2;
    this.network = new Network({
      scheduler: this.scheduler,
      random: this.random,
      settings: {
        latencyMsMin,
        latencyMsMax: latencyMsMin + this.random() ** 3 * (parts.latencyMsMax ?? 40),
        loss: this.random() ** 2 * (parts.lossMax ?? 0.3),
        duplication: this.random() ** 2 * 0.2,
      },
      events: {
        onLinkUp: (at, peer) => this.onLinkUp(at, peer),
        onLinkDown: (at, peer, refused) =>
          this.input(at, ({ host }) => host.feedRing({ type: 'linkDown', peer, refused })),
        onMessage: (at, from, message) =>
          this.input(at, ({ host }) =>
            host.feedRing({ type: 'message', from, message: message as PeerMessage }),
          ),
        onDatagram: (at, from, payload) =>
          this.onDatagram(at, from, payload as { boot: string; announcement: Announcement }),
      },
    });
    for (let index = 1; index <= serverCount; index += 1) {
      const id = `server${index}`;
      const everHeld = new Map<string, number>();
      this.servers.set(id, {
        id,
        ringPosition: index,
        disk: new SimulatedDisk(this.hex(), everHeld),
        everHeld,
        running: null,
        pausedInputs: null,
        wallSkewMs: (this.random() - 0.5) * 4000 * this.random(),
        starts: 0,
        crashInTurn: false,
      });
    }
  }

  private hex(): string {
    return Array.from({ length: 16 }, () => Math.floor(this.random() * 16).toString(16)).join('');
  }

  server(id: string): Server {
    const server = this.servers.get(id);
    if (!server) throw new Error(`no ${id}`);
    return server;
  }

  ids(): string[] {
    return [...this.servers.keys()];
  }

  others(id: string): string[] {
    return this.ids().filter((other) => other !== id);
  }

  boot(server: Server): string {
    return `${server.id}-${server.starts}`;
  }

  start(id: string): void {
    const server = this.server(id);
    if (server.running) return;
    server.starts += 1;
    this.story.say(`${id} starts`);
    const store = server.disk.asStore();
    const ring = createRing({
      self: { id, ringPosition: server.ringPosition, address: id },
      peers: this.others(id).map((other) => ({
        id: other,
        ringPosition: this.server(other).ringPosition,
        address: other,
      })),
      copiesMin: 1,
      boot: this.boot(server),
      record: server.disk.record,
      digest: server.disk.digest(),
      hlc: server.disk.highestTime(),
      nowMs: this.scheduler.nowMs(),
    });
    const chat = createProbeChat((acknowledged) =>
      this.observer.onAcknowledged(server, acknowledged),
    );
    const host = createHost({ ring, chat, store, world: this.surroundings(server) });
    server.running = { ring, host };
    this.network.start(id, this.others(id));
    this.tick(server, server.starts, this.random() * TICK_INTERVAL_MS);
  }

  private tick(server: Server, start: number, delayMs: number): void {
    this.scheduler.after(delayMs, () => {
      if (server.starts !== start || !server.running) return;
      if (!server.pausedInputs)
        this.input(server.id, ({ host }) => host.feedRing({ type: 'tick' }));
      this.tick(server, start, TICK_INTERVAL_MS);
    });
  }

  private surroundings(server: Server) {
    const { id } = server;
    return {
      nowMs: () => this.scheduler.nowMs(),
      wallMs: () => Math.floor(WALL_START_MS + this.scheduler.nowMs() + server.wallSkewMs),
      draw: () => this.random(),
      sendPeer: (to: string, message: PeerMessage) => {
        this.network.send(id, to, message);
      },
      flushPeers: () => {
        if (server.crashInTurn) throw new Error('crash in mid-turn');
      },
      sendHeartbeat: (announcement: Announcement) => {
        const payload = { boot: this.boot(server), announcement };
        for (const other of this.others(id)) this.network.sendDatagram(id, other, payload);
      },
      sendClient: () => {},
      sendClients: () => {},
      closeClient: () => {},
      flushClients: () => {},
      log: (_level: string, message: string, fields: object) =>
        this.story.say(`${id} ${message} ${JSON.stringify(fields)}`),
      drained: () => this.scheduler.after(0, () => this.leave(id, server.starts)),
    };
  }

  private onLinkUp(at: string, peer: string): void {
    const boot = this.boot(this.server(peer));
    this.input(at, ({ host }) => host.feedRing({ type: 'linkUp', peer, boot }));
  }

  private onDatagram(
    at: string,
    from: string,
    payload: { boot: string; announcement: Announcement },
  ): void {
    // As the real socket: only the process behind the authenticated link is listened to.
    const { announcement } = payload;
    this.input(at, ({ ring, host }) => {
      if (ring.peers.get(from)?.boot === payload.boot)
        host.feedRing({ type: 'heartbeat', from, announcement });
    });
  }

  /** Gives a running server an input and ends its turn; keeps it back while the server is stopped. */
  input(id: string, give: (running: { ring: Ring; host: Host }) => void): void {
    const server = this.server(id);
    const { running } = server;
    if (!running) return;
    if (server.pausedInputs) {
      server.pausedInputs.push(() => this.input(id, give));
      return;
    }
    this.steps += 1;
    const before = server.crashInTurn;
    try {
      give(running);
      running.host.endTurn();
    } catch (error) {
      if (!before || !(error instanceof Error) || error.message !== 'crash in mid-turn')
        throw error;
      this.crash(id);
      return;
    }
    this.observer.onStep(server);
  }

  post(id: string, requestId: string): void {
    const message = {
      type: 'post' as const,
      number: 1,
      lowest: 1,
      room: 'general',
      text: requestId,
    };
    this.input(id, ({ host }) => host.feedChat({ type: 'message', connection: 1, message }));
  }

  crash(id: string): void {
    const server = this.server(id);
    if (!server.running) return;
    this.story.say(`${id} crashes${server.crashInTurn ? ' in mid-turn' : ''}`);
    server.running = null;
    server.crashInTurn = false;
    server.pausedInputs = null;
    server.disk.crash();
    this.network.stop(id, this.others(id));
  }

  /** Asks a server to hand over and leave; after two seconds it leaves all the same. */
  drain(id: string): void {
    const { running, starts } = this.server(id);
    if (!running) return;
    this.story.say(`${id} is asked to leave`);
    this.input(id, ({ host }) => host.feedRing({ type: 'drain' }));
    this.scheduler.after(2_000, () => this.leave(id, starts));
  }

  private leave(id: string, starts: number): void {
    const server = this.server(id);
    if (!server.running || server.starts !== starts) return;
    this.story.say(`${id} leaves`);
    this.crash(id);
  }

  wipe(id: string): void {
    this.crash(id);
    this.story.say(`${id} loses its directory`);
    const server = this.server(id);
    server.disk = new SimulatedDisk(this.hex(), server.everHeld);
  }

  pause(id: string): void {
    const server = this.server(id);
    if (!server.running || server.pausedInputs) return;
    this.story.say(`${id} is stopped`);
    server.pausedInputs = [];
  }

  resume(id: string): void {
    const server = this.server(id);
    const inputs = server.pausedInputs;
    if (!inputs) return;
    this.story.say(`${id} goes on`);
    server.pausedInputs = null;
    for (const input of inputs) input();
  }

  run(forMs: number): void {
    const untilMs = this.scheduler.nowMs() + forMs;
    while (this.scheduler.runNext(untilMs));
  }
}
