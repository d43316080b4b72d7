// The simulated network between servers: one ordered link for each pair, as TCP gives, and datagrams, as
// UDP gives. A cut holds back what is on a link until it heals or breaks, and swallows datagrams. A link that
// breaks, between any two bytes, has delivered what came whole before the break: the rest is gone.
import type { Random } from '../../lib/random.ts';
import { Pipe } from './pipe.ts';
import type { Plan } from './plan.ts';
import type { Scheduler } from './scheduler.ts';

export type NetworkEvents = Readonly<{
  onLinkUp(at: string, peer: string): void;
  onLinkDown(at: string, peer: string, refused: boolean): void;
  onMessage(at: string, from: string, message: unknown): void;
  onDatagram(at: string, from: string, payload: unknown): void;
}>;

type Pair = {
  up: boolean;
  epoch: number;
  /** What was sent in this epoch and arrives after this, never does. */
  endsMs: number;
  /** By sender, of this epoch. */
  pipes: Map<string, Pipe>;
};

const DIAL_MS = 5;
const REDIAL_MS = 45;

export class Network {
  private readonly pairs = new Map<string, Pair>();
  private readonly alive = new Set<string>();
  /** How often each has started: what was sent to one process reaches no later one of the same server. */
  private readonly starts = new Map<string, number>();
  /** `from>to` directions that are cut. */
  readonly cuts = new Set<string>();
  private readonly scheduler: Scheduler;
  readonly random: Random;
  private readonly settings: Plan['network'];
  private readonly events: NetworkEvents;

  constructor(parts: {
    scheduler: Scheduler;
    random: Random;
    settings: Plan['network'];
    events: NetworkEvents;
  }) {
    this.scheduler = parts.scheduler;
    this.random = parts.random;
    this.settings = parts.settings;
    this.events = parts.events;
  }

  private pair(one: string, other: string): Pair {
    const key = one < other ? `${one}|${other}` : `${other}|${one}`;
    let pair = this.pairs.get(key);
    if (!pair) {
      pair = { up: false, epoch: 0, endsMs: 0, pipes: new Map() };
      this.pairs.set(key, pair);
    }
    return pair;
  }

  /** Mostly near the lower end, with a tail: the square of an even draw. */
  latencyMs(): number {
    const { latencyMsMin, latencyMsMax } = this.settings;
    return latencyMsMin + (latencyMsMax - latencyMsMin) * this.random() ** 2;
  }

  /** From the end of a cut until a connection sends again what the cut swallowed. */
  retransmitMs(): number {
    const { retransmitMsMax } = this.settings;
    return retransmitMsMax === 0 ? 0 : retransmitMsMax * this.random() ** 2;
  }

  isCut(from: string, to: string): boolean {
    return this.cuts.has(`${from}>${to}`);
  }

  start(id: string, others: readonly string[]): void {
    this.alive.add(id);
    this.starts.set(id, this.startsOf(id) + 1);
    for (const other of others) this.dial(id, other);
  }

  stop(id: string, others: readonly string[]): void {
    this.alive.delete(id);
    for (const other of others) this.break(id, other);
  }

  private startsOf(id: string): number {
    return this.starts.get(id) ?? 0;
  }

  private dial(one: string, other: string): void {
    const pair = this.pair(one, other);
    this.scheduler.after(DIAL_MS + this.latencyMs(), () => {
      if (pair.up || !this.alive.has(one)) return;
      if (this.isCut(one, other) || this.isCut(other, one)) return this.redial(one, other);
      if (!this.alive.has(other)) {
        this.events.onLinkDown(one, other, true);
        return this.redial(one, other);
      }
      this.connect(pair, one, other);
    });
  }

  private connect(pair: Pair, one: string, other: string): void {
    pair.up = true;
    pair.epoch += 1;
    pair.endsMs = Number.POSITIVE_INFINITY;
    const { epoch } = pair;
    for (const [at, peer] of [
      [one, other],
      [other, one],
    ] as const) {
      // Nothing arrives before the link is up.
      const upMs = this.scheduler.nowMs() + this.latencyMs();
      const pipe = new Pipe({
        scheduler: this.scheduler,
        random: this.random,
        latencyMs: () => this.latencyMs(),
        isCut: () => this.isCut(peer, at),
        retransmitMs: () => this.retransmitMs(),
      });
      pipe.arrivalMs = upMs;
      pair.pipes.set(peer, pipe);
      this.scheduler.after(upMs - this.scheduler.nowMs(), () => {
        if (pair.up && pair.epoch === epoch) this.events.onLinkUp(at, peer);
      });
    }
  }

  private redial(one: string, other: string): void {
    this.scheduler.after(REDIAL_MS, () => {
      if (this.alive.has(one)) this.dial(one, other);
    });
  }

  /** Breaks a link between any two of the bytes on it; both ends notice, and dial again. */
  break(one: string, other: string): void {
    const nowMs = this.scheduler.nowMs();
    const pipes = [...this.pair(one, other).pipes.values()];
    // What is sent again after a cut may take longer: nobody waits for that to notice.
    const soonMs = nowMs + this.settings.latencyMsMax;
    const lastMs = Math.max(nowMs, ...pipes.map((pipe) => Math.min(soonMs, pipe.arrivalMs)));
    this.end(one, other, nowMs + this.random() * (lastMs - nowMs));
  }

  /** One end gives a link up, with all that is on it, and dials: the other gives it up for the new one. */
  renew(one: string, other: string): void {
    this.end(one, other, this.scheduler.nowMs());
  }

  /** @param endsMs what arrives later on this link, never does */
  private end(one: string, other: string, endsMs: number): void {
    const pair = this.pair(one, other);
    if (!pair.up) return;
    const nowMs = this.scheduler.nowMs();
    pair.up = false;
    pair.endsMs = endsMs;
    const { epoch } = pair;
    for (const [at, peer] of [
      [one, other],
      [other, one],
    ] as const) {
      if (!this.alive.has(at)) continue;
      const noticedMs = Math.max(endsMs, nowMs + this.latencyMs() / 4);
      this.scheduler.after(noticedMs - nowMs, () => {
        if (!this.alive.has(at)) return;
        if (pair.epoch === epoch) this.events.onLinkDown(at, peer, false);
        this.dial(at, peer);
      });
    }
  }

  /** A message on a link that is down is dropped. */
  send(from: string, to: string, message: unknown): void {
    const pair = this.pair(from, to);
    if (!pair.up) return;
    const { epoch } = pair;
    // Encoded as it would be, so that nobody shares an object with the sender.
    const bytes = JSON.stringify(message);
    const starts = this.startsOf(to);
    const stands = () =>
      pair.epoch === epoch &&
      this.scheduler.nowMs() <= pair.endsMs &&
      this.alive.has(to) &&
      this.startsOf(to) === starts;
    pair.pipes.get(from)?.sendLine(
      () => bytes,
      stands,
      (line) => this.events.onMessage(to, from, JSON.parse(line ?? bytes)),
    );
  }

  /** @param payload decoded once for all that it goes to */
  sendDatagram(from: string, to: string, payload: unknown): void {
    const copies = this.random() < this.settings.duplication ? 2 : 1;
    for (let copy = 0; copy < copies; copy += 1) {
      if (this.random() < this.settings.loss) continue;
      this.scheduler.after(this.latencyMs(), () => {
        if (!this.alive.has(to) || this.isCut(from, to)) return;
        this.events.onDatagram(to, from, payload);
      });
    }
  }

  cut(from: string, to: string): void {
    this.cuts.add(`${from}>${to}`);
  }

  /** Ends a cut: what was held arrives now, in order, or the link breaks. */
  heal(from: string, to: string): void {
    if (!this.cuts.delete(`${from}>${to}`)) return;
    const pair = this.pair(from, to);
    if (this.random() < 0.5) return this.break(from, to);
    pair.pipes.get(from)?.healed();
  }
}
