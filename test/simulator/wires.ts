// Connections of clients, simulated: ordered both ways, refused by a server that is down, and silent where
// a cut is between the two.
import type { Network } from './network.ts';
import { Pipe } from './pipe.ts';
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
  /** By sender. */
  readonly pipes: ReadonlyMap<string, Pipe>;
};

export class Wires {
  private readonly all = new Map<number, Wire>();
  private made = 0;
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
      pipes: new Map([
        [client, this.pipe(client, server)],
        [server, this.pipe(server, client)],
      ]),
    };
    this.all.set(wire.number, wire);
    this.carry(wire, client, () => {
      if (wire.deaf) return;
      wire.open = this.serverEnd(server).onOpened(wire.number);
      if (!wire.open) this.carry(wire, server, () => this.tellClosed(wire, 'refused'));
    });
    return wire.number;
  }

  fromClient(number: number, message: unknown): void {
    const wire = this.all.get(number);
    if (!wire || wire.deaf) return;
    const bytes = JSON.stringify(message);
    wire.pipes.get(wire.client)?.sendLine(
      () => bytes,
      () => wire.open && this.all.has(number),
      (line) => this.serverEnd(wire.server).onMessage(number, JSON.parse(line ?? bytes)),
    );
  }

  /** @param message parsed: one object for all who get the same line, whom nobody changes */
  fromServer(number: number, message: unknown): void {
    const wire = this.all.get(number);
    if (!wire?.open) return;
    wire.pipes.get(wire.server)?.sendLine(
      () => JSON.stringify(message),
      () => !wire.deaf && this.all.has(number),
      (line) => wire.events.onMessage(line === null ? message : JSON.parse(line)),
    );
  }

  closeFromClient(number: number): void {
    const wire = this.all.get(number);
    if (!wire || wire.deaf) return;
    wire.deaf = true;
    this.carry(wire, wire.client, () => {
      if (wire.open) this.serverEnd(wire.server).onClosed(number);
      this.forget(wire);
    });
  }

  closeFromServer(number: number, reason: string): void {
    const wire = this.all.get(number);
    if (!wire?.open) return;
    wire.open = false;
    this.carry(wire, wire.server, () => this.tellClosed(wire, reason));
  }

  /** Both ends lose it, and what is under way on it. */
  break(wire: Wire): void {
    if (!wire.open) return;
    this.serverEnd(wire.server).onClosed(wire.number);
    wire.open = false;
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
    for (const wire of this.all.values()) for (const pipe of wire.pipes.values()) pipe.healed();
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

  private pipe(from: string, to: string): Pipe {
    return new Pipe({
      scheduler: this.scheduler,
      random: this.network.random,
      latencyMs: () => this.network.latencyMs(),
      isCut: () => this.network.isCut(from, to),
      retransmitMs: () => this.network.retransmitMs(),
    });
  }

  private carry(wire: Wire, from: string, deliver: () => void): void {
    wire.pipes.get(from)?.send(() => {
      if (this.all.has(wire.number)) deliver();
    });
  }
}
