// Connections of clients, simulated: ordered both ways, refused by a server that is down, and silent where
// a cut is between the two.
import type { Network } from './network.ts';
import type { Scheduler } from './scheduler.ts';

/** The client's end. */
export type WireEvents = Readonly<{
  onMessage(message: unknown): void;
  onClosed(reason: string): void;
}>;

/** The server's end: false from `onOpened` when nothing listens there. */
export type ServerEnd = Readonly<{
  onOpened(wire: number): boolean;
  onMessage(wire: number, message: unknown): void;
  onClosed(wire: number): void;
}>;

type Wire = {
  readonly number: number;
  readonly client: string;
  readonly server: string;
  readonly events: WireEvents;
  /** Connected, and neither end has closed. */
  open: boolean;
  /** The client does not listen any more. */
  deaf: boolean;
  arrivalMs: Map<string, number>;
  held: { from: string; to: string; sent: number; run: () => void }[];
};

export class Wires {
  private readonly all = new Map<number, Wire>();
  private made = 0;
  private sent = 0;
  private readonly network: Network;
  private readonly scheduler: Scheduler;
  private readonly serverEnd: (server: string) => ServerEnd;

  constructor(parts: {
    network: Network;
    scheduler: Scheduler;
    serverEnd: (server: string) => ServerEnd;
  }) {
    this.network = parts.network;
    this.scheduler = parts.scheduler;
    this.serverEnd = parts.serverEnd;
  }

  /** @returns the wire's number, before anything is known of the other end */
  dial(client: string, server: string, events: WireEvents): number {
    this.made += 1;
    const wire: Wire = {
      number: this.made,
      client,
      server,
      events,
      open: false,
      deaf: false,
      arrivalMs: new Map(),
      held: [],
    };
    this.all.set(wire.number, wire);
    this.carry(wire, client, server, () => {
      if (wire.deaf) return;
      wire.open = this.serverEnd(server).onOpened(wire.number);
      if (!wire.open) this.carry(wire, server, client, () => this.tellClosed(wire, 'refused'));
    });
    return wire.number;
  }

  fromClient(number: number, message: unknown): void {
    const wire = this.all.get(number);
    if (!wire || wire.deaf) return;
    const bytes = JSON.stringify(message);
    this.carry(wire, wire.client, wire.server, () => {
      if (wire.open) this.serverEnd(wire.server).onMessage(number, JSON.parse(bytes));
    });
  }

  /** @param message parsed: one object for all who get the same line, whom nobody changes */
  fromServer(number: number, message: unknown): void {
    const wire = this.all.get(number);
    if (!wire?.open) return;
    this.carry(wire, wire.server, wire.client, () => {
      if (!wire.deaf) wire.events.onMessage(message);
    });
  }

  closeFromClient(number: number): void {
    const wire = this.all.get(number);
    if (!wire || wire.deaf) return;
    wire.deaf = true;
    this.carry(wire, wire.client, wire.server, () => {
      if (wire.open) this.serverEnd(wire.server).onClosed(number);
      this.forget(wire);
    });
  }

  closeFromServer(number: number, reason: string): void {
    const wire = this.all.get(number);
    if (!wire?.open) return;
    wire.open = false;
    this.carry(wire, wire.server, wire.client, () => this.tellClosed(wire, reason));
  }

  /** Both ends lose it, and what is under way on it. */
  break(wire: Wire): void {
    if (!wire.open) return;
    this.serverEnd(wire.server).onClosed(wire.number);
    wire.open = false;
    wire.arrivalMs.clear();
    this.tellClosed(wire, 'broken');
  }

  breakSome(server: string, isStruck: () => boolean): void {
    for (const wire of [...this.all.values()])
      if (wire.server === server && wire.open && isStruck()) this.break(wire);
  }

  /** The server's process is gone: whoever can be told is told. */
  serverGone(server: string): void {
    for (const wire of [...this.all.values()])
      if (wire.server === server) this.closeFromServer(wire.number, 'closed');
  }

  healed(): void {
    for (const wire of this.all.values()) {
      const held = wire.held;
      wire.held = [];
      // What was under way when the cut came is held after what was sent during it.
      held.sort((one, other) => one.sent - other.sent);
      for (const { from, to, run } of held) this.carry(wire, from, to, run);
    }
  }

  private tellClosed(wire: Wire, reason: string): void {
    if (!wire.deaf) {
      wire.deaf = true;
      wire.events.onClosed(reason);
    }
    this.forget(wire);
  }

  private forget(wire: Wire): void {
    this.all.delete(wire.number);
  }

  private carry(wire: Wire, from: string, to: string, run: () => void): void {
    this.sent += 1;
    const message = { from, to, sent: this.sent, run };
    const arrive = () => {
      if (!this.all.has(wire.number)) return;
      if (this.network.isCut(from, to)) wire.held.push(message);
      else run();
    };
    if (this.network.isCut(from, to)) {
      wire.held.push(message);
      return;
    }
    const nowMs = this.scheduler.nowMs();
    const arrivalMs = Math.max(nowMs + this.network.latencyMs(), wire.arrivalMs.get(from) ?? 0);
    wire.arrivalMs.set(from, arrivalMs);
    this.scheduler.after(arrivalMs - nowMs, arrive);
  }
}
