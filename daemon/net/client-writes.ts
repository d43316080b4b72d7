// What goes out to clients: lines collected through a turn, encoded once for all who get the same, and written once for
// each socket.
import { type Batch, batchAfter } from './batch.ts';
import type { Client } from './client.ts';

/**
 * Writing takes so long at a time, looked at after so many writes: ten thousand of them take a fifth of a second, and
 * servers that hear nothing for as long take each other for paused.
 */
const FLUSH_MS_MAX = 15;
const WRITES_TIMED = 32;

/** What may wait does so for this long at least: of a crowd that comes, several are told of in one write. */
const SOON_MS = 100;
/**
 * And among very many for so long after it was written last, for each to whom it was: it has a twentieth of the time, of
 * some ten microseconds a write, until it would be news no longer.
 */
const SOON_MS_EACH = 0.2;
const SOON_MS_MAX = 1_000;
/** Of a client whose lines no flush is to write by itself yet. */
const NO_TURN = -1;

export class ClientWrites {
  private readonly parts: Readonly<{
    clients: ReadonlyMap<number, Client>;
    /** Monotonic. */
    nowMs(): number;
    /** After each write, with the time at which its flush began. */
    onWritten(client: Client, flushedMs: number): void;
  }>;
  /** Those with something to write; and some whose batch was written or dropped since. */
  private dirty: Client[] = [];
  /** Lines for the same list of connections, not yet in their batches. */
  private group: readonly number[] = [];
  private groupText = '';
  /** Those with something to write that may wait; and some to whom it was written since. */
  private unhurried = new Set<Client>();
  private soon: NodeJS.Timeout | null = null;
  /** Before it nothing is written to many that may wait. */
  private soonFromMs = Number.NEGATIVE_INFINITY;
  /** Counts the flushes. */
  private turn = 0;
  /** Those whom a flush had no time for. */
  private rest: Client[] = [];
  private restIsTimed = false;

  constructor(parts: ClientWrites['parts']) {
    this.parts = parts;
  }

  /** Collects a line for a connection; dropped when the connection is gone. */
  send(connection: number, frame: string): void {
    this.spread();
    const client = this.parts.clients.get(connection);
    if (client && !client.closing) this.give(client, batchAfter(client.batch, frame));
  }

  /** The same line for many; see `ClientGateway.sendAll`. */
  sendAll(connections: readonly number[], frame: string): void {
    if (connections !== this.group) {
      this.spread();
      this.group = connections;
    }
    this.groupText += frame;
  }

  /** The same, written with the next line to each, or after SOON_MS, or SOON_MS_MAX among very many. */
  sendAllSoon(connections: readonly number[], frame: string): void {
    this.spread();
    this.putBehind(connections, frame, (client, batch) => {
      if (client.batch === null) {
        client.turn = NO_TURN;
        this.unhurried.add(client);
      }
      client.batch = batch;
    });
    if (this.unhurried.size > 0) this.soon ??= setTimeout(() => this.flushUnhurried(), SOON_MS);
  }

  /** Writes what was collected: one write for each socket. */
  flush(): void {
    this.spread();
    if (this.dirty.length === 0) return;
    const due = this.dirty;
    this.dirty = [];
    this.turn += 1;
    const written = this.writeSome(due);
    if (written === due.length) return;
    // In rounds of their own: who is spoken to meanwhile does not wait for all who were told something before.
    this.rest = [...this.rest, ...due.slice(written)];
    this.writeRestSoon();
  }

  /** Writes all that one client waits for, before it is let go. */
  finish(client: Client): void {
    this.spread();
    this.write(client);
  }

  /** Nothing waits from here on. */
  stop(): void {
    if (this.soon) clearTimeout(this.soon);
  }

  /** Puts the lines of the group behind what its connections wait for already: mostly the same for many. */
  private spread(): void {
    const { group, groupText } = this;
    if (groupText === '') return;
    this.group = [];
    this.groupText = '';
    this.putBehind(group, groupText, (client, batch) => this.give(client, batch));
  }

  /** @param give is handed each client with the lines that it waits for from now on */
  private putBehind(
    connections: readonly number[],
    text: string,
    give: (client: Client, batch: Batch) => void,
  ): void {
    let before: Batch | null = null;
    let after: Batch | null = null;
    for (const connection of connections) {
      const client = this.parts.clients.get(connection);
      if (!client || client.closing) continue;
      if (after === null || client.batch !== before) {
        before = client.batch;
        after = batchAfter(before, text);
      }
      give(client, after);
    }
  }

  private give(client: Client, batch: Batch): void {
    if (client.batch === null || client.turn !== this.turn) this.dirty.push(client);
    client.turn = this.turn;
    client.batch = batch;
  }

  private flushUnhurried(): void {
    const waitMs = this.soonFromMs - this.parts.nowMs();
    const areMany = this.unhurried.size * SOON_MS_EACH > SOON_MS;
    if (areMany && waitMs > 0) {
      this.soon = setTimeout(() => this.flushUnhurried(), waitMs);
      return;
    }
    this.soon = null;
    let count = 0;
    for (const client of this.unhurried) {
      if (client.batch === null || client.turn !== NO_TURN) continue;
      this.give(client, client.batch);
      count += 1;
    }
    this.unhurried = new Set();
    this.soonFromMs = this.parts.nowMs() + Math.min(SOON_MS_MAX, count * SOON_MS_EACH);
    this.flush();
  }

  /** @returns how many of them are done, which are as many as may be written in one go */
  private writeSome(due: readonly Client[]): number {
    const { nowMs, onWritten } = this.parts;
    const startMs = nowMs();
    for (const [index, client] of due.entries()) {
      if (client.batch === null) continue;
      this.write(client);
      onWritten(client, startMs);
      const isTimed = index % WRITES_TIMED === WRITES_TIMED - 1;
      if (isTimed && nowMs() - startMs >= FLUSH_MS_MAX) return index + 1;
    }
    return due.length;
  }

  private writeRestSoon(): void {
    if (this.restIsTimed) return;
    this.restIsTimed = true;
    setImmediate(() => {
      this.restIsTimed = false;
      this.rest = this.rest.slice(this.writeSome(this.rest));
      if (this.rest.length > 0) this.writeRestSoon();
    });
  }

  private write(client: Client): void {
    const { batch, socket } = client;
    if (batch === null) return;
    client.batch = null;
    socket.write(batch.bytes);
  }
}
