// A whole cluster and its clients on one seeded scheduler, which owns time, network and disks: the same plan
// gives the same run, byte for byte, on every machine.
import type { Announcement, PeerMessage } from '../../daemon/ring/messages.ts';
import type { ClientMessage } from '../../lib/protocol/requests.ts';
import { type Random, seededRandom } from '../../lib/random.ts';
import { type ClientObserver, SimulatedClient } from './client.ts';
import { Network } from './network.ts';
import type { Plan } from './plan.ts';
import { createScheduler, type Scheduler } from './scheduler.ts';
import { type ServerObserver, SimulatedServer, type World } from './server.ts';
import { Wires } from './wires.ts';

/** Lines of the story that are kept: the last minutes of a run. */
const STORY_LINES_MAX = 4_000;

export type Observer = ServerObserver & ClientObserver;

export class Cluster {
  readonly plan: Plan;
  readonly scheduler: Scheduler = createScheduler();
  readonly random: Random;
  readonly network: Network;
  readonly wires: Wires;
  readonly servers = new Map<string, SimulatedServer>();
  readonly clients: readonly SimulatedClient[];
  readonly story: string[] = [];
  steps = 0;
  /** When the last part of a fault that lasts is over. */
  faultsEndMs = 0;

  constructor(plan: Plan, observer: Observer) {
    this.plan = plan;
    // Apart from the plan's own draws: a plan made smaller keeps the rest of its run alike.
    this.random = seededRandom(plan.seed ^ 0x5eed);
    const { scheduler, random } = this;
    this.network = new Network({
      scheduler,
      random,
      settings: plan.network,
      events: {
        onLinkUp: (at, peer) => this.server(at).onLinkUp(peer, this.server(peer).bootId()),
        onLinkDown: (at, peer, refused) => this.server(at).onLinkDown(peer, refused),
        onMessage: (at, from, message) =>
          this.server(at).onPeerMessage(from, message as PeerMessage),
        onDatagram: (at, from, payload) =>
          this.server(at).onDatagram(from, payload as { boot: string; announcement: Announcement }),
      },
    });
    this.wires = new Wires({
      network: this.network,
      scheduler,
      serverEnd: (id) => {
        const server = this.server(id);
        return {
          onOpened: (wire) => server.onOpened(wire),
          onMessage: (wire, message) => server.onClientMessage(wire, message as ClientMessage),
          onClosed: (wire) => server.onClosed(wire),
        };
      },
    });
    const ids = Array.from({ length: plan.servers }, (_, index) => `server${index + 1}`);
    const world: World = {
      scheduler,
      random,
      network: this.network,
      wires: this.wires,
      ids,
      retention: plan.retention,
      limits: plan.limits,
      say: (line) => this.say(line),
      observer: {
        ...observer,
        onStep: (server) => {
          this.steps += 1;
          observer.onStep(server);
        },
      },
    };
    const { copiesMin, diskMs } = plan;
    for (const id of ids)
      this.servers.set(id, new SimulatedServer({ id, copiesMin, diskMs }, world));
    this.clients = Array.from({ length: plan.clients }, (_, index) => {
      // Some want the same name, so that names conflict now and then.
      const drawn = random() < 0.2 ? 'sam' : `person${index}`;
      const name = plan.names?.[index] ?? drawn;
      const addresses = [...ids].sort(() => random() - 0.5);
      return new SimulatedClient(
        { index, name, addresses },
        { scheduler, random, wires: this.wires, observer },
      );
    });
  }

  say(line: string): void {
    this.story.push(`${this.scheduler.nowMs().toFixed(1).padStart(10)} ${line}`);
    if (this.story.length > STORY_LINES_MAX) this.story.splice(0, STORY_LINES_MAX / 4);
  }

  server(id: string): SimulatedServer {
    const server = this.servers.get(id);
    if (!server) throw new Error(`no ${id}`);
    return server;
  }

  ids(): string[] {
    return [...this.servers.keys()];
  }

  all(): SimulatedServer[] {
    return [...this.servers.values()];
  }

  cut(from: string, to: string): void {
    this.say(`cut ${from} > ${to}`);
    this.network.cut(from, to);
  }

  cutBoth(one: string, other: string): void {
    this.cut(one, other);
    this.cut(other, one);
  }

  healNetwork(): void {
    if (this.network.cuts.size === 0) return;
    this.say('the network heals');
    for (const key of [...this.network.cuts]) {
      const [from = '', to = ''] = key.split('>');
      this.network.heal(from, to);
    }
    this.wires.healed();
  }

  /** A part of a fault, later. */
  later(delayMs: number, part: () => void): void {
    this.faultsEndMs = Math.max(this.faultsEndMs, this.scheduler.nowMs() + delayMs);
    this.scheduler.after(delayMs, part);
  }

  /** Lets simulated time pass. */
  run(forMs: number): void {
    const untilMs = this.scheduler.nowMs() + forMs;
    while (this.scheduler.runNext(untilMs));
  }
}
