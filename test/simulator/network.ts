// The simulated network between servers: one ordered link for each pair, as TCP gives, and datagrams, as
// UDP gives. A cut holds back what is on a link until it heals or breaks, and swallows datagrams.
import type { Random } from '../../lib/random.ts';
import type { Scheduler } from './scheduler.ts';

export type NetworkEvents = Readonly<{
  onLinkUp(at: string, peer: string): void;
  onLinkDown(at: string, peer: string, refused: boolean): void;
  onMessage(at: string, from: string, message: unknown): void;
  onDatagram(at: string, from: string, payload: unknown): void;
}>;

export type NetworkSettings = Readonly<{
  latencyMsMin: number;
  latencyMsMax: number;
  /** Chance of each datagram to be lost, and to arrive twice. */
  loss: number;
  duplication: number;
}>;

type Pair = {
  up: boolean;
  epoch: number;
  held: Map<string, (() => void)[]>;
  arrivalMs: Map<string, number>;
};

const REDIAL_MS = 5;

export class Network {
  private readonly pairs = new Map<string, Pair>();
  private readonly alive = new Set<string>();
  /** `from>to` directions that are cut. */
  readonly cuts = new Set<string>();
  private readonly scheduler: Scheduler;
  private readonly random: Random;
  private readonly settings: NetworkSettings;
  private readonly events: NetworkEvents;

  constructor(parts: {
    scheduler: Scheduler;
    random: Random;
    settings: NetworkSettings;
    events: NetworkEvents;
  }) {
    this.scheduler = parts.scheduler;
    this.random = parts.random;
    this.settings = parts.settings;
    this.events = parts.events;
  }

  private pair(one: string, other: string): Pair {
    const key = [one, other].sort().join('|');
    let pair = this.pairs.get(key);
    if (!pair) {
      pair = { up: false, epoch: 0, held: new Map(), arrivalMs: new Map() };
      this.pairs.set(key, pair);
    }
    return pair;
  }

  private latencyMs(): number {
    const { latencyMsMin, latencyMsMax } = this.settings;
    // Mostly near the lower end, with a tail: the square of an even draw.
    return latencyMsMin + (latencyMsMax - latencyMsMin) * this.random() ** 2;
  }

  isCut(from: string, to: string): boolean {
    return this.cuts.has(`${from}>${to}`);
  }

  start(id: string, others: readonly string[]): void {
    this.alive.add(id);
    for (const other of others) this.dial(id, other);
  }

  stop(id: string, others: readonly string[]): void {
    this.alive.delete(id);
    for (const other of others) this.break(id, other);
  }

  private dial(one: string, other: string): void {
    const pair = this.pair(one, other);
    this.scheduler.after(REDIAL_MS + this.latencyMs(), () => {
      if (pair.up || !this.alive.has(one)) return;
      if (this.isCut(one, other) || this.isCut(other, one)) return this.redial(one, other);
      if (!this.alive.has(other)) {
        this.events.onLinkDown(one, other, true);
        return this.redial(one, other);
      }
      pair.up = true;
      pair.epoch += 1;
      pair.held.clear();
      pair.arrivalMs.clear();
      const { epoch } = pair;
      for (const [at, peer] of [
        [one, other],
        [other, one],
      ] as const) {
        this.scheduler.after(this.latencyMs(), () => {
          if (pair.up && pair.epoch === epoch) this.events.onLinkUp(at, peer);
        });
      }
    });
  }

  private redial(one: string, other: string): void {
    this.scheduler.after(45, () => {
      if (this.alive.has(one)) this.dial(one, other);
    });
  }

  /** Breaks a link: what is under way on it is gone; both ends notice, and dial again. */
  break(one: string, other: string): void {
    const pair = this.pair(one, other);
    if (!pair.up) return;
    pair.up = false;
    pair.epoch += 1;
    pair.held.clear();
    for (const [at, peer] of [
      [one, other],
      [other, one],
    ] as const) {
      if (!this.alive.has(at)) continue;
      this.scheduler.after(this.latencyMs() / 4, () => {
        if (!this.alive.has(at)) return;
        if (!pair.up) this.events.onLinkDown(at, peer, false);
        this.dial(at, peer);
      });
    }
  }

  /** @returns false when the link is down, and the message dropped */
  send(from: string, to: string, message: unknown): boolean {
    const pair = this.pair(from, to);
    if (!pair.up) return false;
    const { epoch } = pair;
    // Encoded as it would be, so that nobody shares an object with the sender.
    const bytes = JSON.stringify(message);
    const arrive = () => {
      if (pair.epoch !== epoch || !this.alive.has(to)) return;
      if (this.isCut(from, to)) this.hold(pair, from, arrive);
      else this.events.onMessage(to, from, JSON.parse(bytes));
    };
    if (this.isCut(from, to)) {
      this.hold(pair, from, arrive);
      return true;
    }
    const arrivalMs = Math.max(
      this.scheduler.nowMs() + this.latencyMs(),
      pair.arrivalMs.get(from) ?? 0,
    );
    pair.arrivalMs.set(from, arrivalMs);
    this.scheduler.after(arrivalMs - this.scheduler.nowMs(), arrive);
    return true;
  }

  private hold(pair: Pair, from: string, arrive: () => void): void {
    const held = pair.held.get(from) ?? [];
    held.push(arrive);
    pair.held.set(from, held);
  }

  sendDatagram(from: string, to: string, payload: unknown): void {
    const bytes = JSON.stringify(payload);
    const copies = this.random() < this.settings.duplication ? 2 : 1;
    for (let copy = 0; copy < copies; copy += 1) {
      if (this.random() < this.settings.loss) continue;
      this.scheduler.after(this.latencyMs(), () => {
        if (!this.alive.has(to) || this.isCut(from, to)) return;
        this.events.onDatagram(to, from, JSON.parse(bytes));
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
    const held = pair.held.get(from) ?? [];
    pair.held.delete(from);
    for (const arrive of held) {
      const arrivalMs = Math.max(
        this.scheduler.nowMs() + this.latencyMs(),
        pair.arrivalMs.get(from) ?? 0,
      );
      pair.arrivalMs.set(from, arrivalMs);
      this.scheduler.after(arrivalMs - this.scheduler.nowMs(), arrive);
    }
  }
}
