// The TCP listener for clients: sockets in, checked messages out, lines collected and written once a
// turn. It knows no chat. No client can make it throw, fill its memory, or be felt by another one: lines,
// lines per turn, unread bytes and connections have their limits. Above 300 lines because what comes in,
// what goes out and how a connection ends share each client's few fields.
import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { performance } from 'node:perf_hooks';
import { type FrameReader, frameReader } from '../../lib/protocol/frame.ts';
import { CLIENT_FRAME_BYTES_MAX } from '../../lib/protocol/limits.ts';
import { REFUSALS, type RefusalCode } from '../../lib/protocol/refusals.ts';
import type { ClientMessage } from '../../lib/protocol/requests.ts';
import { type Batch, batchAfter } from './batch.ts';
import { type ParsedLine, parseLine } from './client-requests.ts';
import { costOf, unitsOfMs } from './line-cost.ts';
import { ListenError } from './listen-error.ts';

/**
 * Work taken on in one turn of the event loop, in the units of line-cost.ts: ten milliseconds or so from all
 * connections together, and at most half of it from one. What is beyond that waits for later turns.
 */
const TURN_COST_MAX = 1_024;
const CLIENT_TURN_COST_MAX = 512;

/** Lines of one connection that fit no schema before it is let go: a person's typing errors, not a flood. */
const BAD_LINES_MAX = 20;

/** Unread bytes at which a reader is slow, and for how long it may stay so: a burst is no slowness. */
const BACKLOG_BYTES_MAX = 4 * 1024 * 1024;
const BACKLOG_MS_MAX = 3_000;

/** Unread bytes that no reader may have: the longest resumption (16 MiB), and as much again. */
const BACKLOG_BYTES_LIMIT = 32 * 1024 * 1024;

/**
 * Writing takes so long at a time, looked at after so many writes: ten thousand of them take a fifth of a second, and
 * servers that hear nothing for as long take each other for paused.
 */
const FLUSH_MS_MAX = 15;
const WRITES_TIMED = 32;

/** What may wait does so for this long: of a crowd that comes, several are told of in one write. */
const SOON_MS = 100;
/** Of a client whose lines no flush is to write by itself yet. */
const NO_TURN = -1;

/** A closed connection gets this long to take what was sent to it, the reason above all. */
const LINGER_MS = 1_000;

/** Who is not accepted yet: beyond them the system lets people wait for seconds. It allows 4,096 by default. */
const BACKLOG_CONNECTIONS = 4_096;

/** Twice the 10,000 that a busy server is measured with; each costs some kilobytes. */
const CONNECTIONS_MAX = 20_000;

/** Silence after which the system asks whether the other machine is still there. */
const KEEP_ALIVE_MS = 30_000;

/** How often readers are looked at while nothing is sent to them. */
const WATCH_INTERVAL_MS = 500;

/** What of a logger the gateway uses. */
type GatewayLogger = Readonly<{
  debug(fields: object, message: string): void;
  warn(fields: object, message: string): void;
}>;

export type ClientGatewayOptions = Readonly<{
  /** Address to bind; `port` 0 takes any free one. */
  host: string;
  port: number;
  logger: GatewayLogger;
  /** Default CONNECTIONS_MAX. */
  connectionsMax?: number;
  /** Default BACKLOG_MS_MAX; tests are not made to wait. */
  backlogMsMax?: number;
  /** Monotonic; the system's by default. */
  nowMs?(): number;
  onOpened(connection: number): void;
  onMessage(connection: number, message: ClientMessage): void;
  /**
   * A numbered request that fits no schema. When given, whoever takes it answers it, in the order of the
   * numbers; otherwise the gateway refuses it at once.
   */
  onBadRequest?(connection: number, number: number, reason: string): void;
  /** Comes once for each `onOpened`, after the last message. */
  onClosed(connection: number): void;
}>;

export type ClientGateway = Readonly<{
  port: number;
  /** Collects a line for a connection; dropped when the connection is gone. */
  send(connection: number, frame: string): void;
  /**
   * The same line for many: encoded once. Lines for the very same list in a row are told apart from others by its
   * identity, and cost nothing for each connection: a list that was given here is never changed.
   */
  sendAll(connections: readonly number[], frame: string): void;
  /** The same, written with the next line to each, or after a tenth of a second: what nobody waits for. */
  sendAllSoon(connections: readonly number[], frame: string): void;
  /** Writes what was collected: one write for each socket. */
  flush(): void;
  /** Sends what is collected and a `closing`, then closes. `onClosed` follows. */
  close(connection: number, code: RefusalCode): void;
  /** Closes every connection with this code, and the listener. Resolves when all are gone. */
  stop(code: RefusalCode): Promise<void>;
}>;

/** A socket that knows its client: functions that know it would be four for each of very many sockets. */
type ClientSocket = Socket & { client?: Client };

/** One connected client. */
type Client = {
  readonly id: number;
  readonly socket: Socket;
  readonly frames: FrameReader;
  /** Complete lines not looked at yet; reading is paused while there are any left over. */
  lines: string[];
  /** The line after these was too long: nothing more is read. */
  overflow: boolean;
  /** The other end has sent its last; what it sent is still answered. */
  ended: boolean;
  /** To be written by the next flush, or by one that is not done yet. */
  batch: Batch | null;
  /** The flush that is to write it. */
  turn: number;
  badLines: number;
  /** When its backlog was first seen above the bound; 0 while below. */
  slowSinceMs: number;
  closing: boolean;
};

/**
 * Listens for clients; resolves once it does.
 * @throws ListenError with code and address when the port is taken or forbidden
 */
export async function openClientGateway(options: ClientGatewayOptions): Promise<ClientGateway> {
  const gateway = new Gateway(options);
  await gateway.listen();
  return gateway;
}

class Gateway implements ClientGateway {
  private readonly options: ClientGatewayOptions;
  private readonly server: Server;
  private readonly clients = new Map<number, Client>();
  /** Those with something to write; and some whose batch was written or dropped since. */
  private dirty: Client[] = [];
  /** Lines for the same list of connections, not yet in their batches. */
  private group: readonly number[] = [];
  private groupText = '';
  /** Those with something to write that may wait; and some to whom it was written since. */
  private unhurried: Client[] = [];
  private soon: NodeJS.Timeout | null = null;
  private readonly watch: NodeJS.Timeout;
  /** Those whose lines wait for the next turn, in the order in which they get theirs. */
  private waiting: Client[] = [];
  /** Units taken on in this turn. */
  private spent = 0;
  private turnIsTimed = false;
  /** Counts the flushes. */
  private turn = 0;
  /** Those whom a flush had no time for. */
  private rest: Client[] = [];
  private restIsTimed = false;
  private readonly nowMs: () => number;
  private lastId = 0;
  private readonly listeners = {
    error: (error: Error) => this.options.logger.debug({ err: error }, 'client connection'),
    data: forClients((client, bytes: Buffer) => this.onData(client, bytes)),
    end: forClients((client) => this.onEnd(client)),
    close: forClients((client) => this.onGone(client)),
  };

  constructor(options: ClientGatewayOptions) {
    this.options = options;
    this.nowMs = options.nowMs ?? (() => performance.now());
    const settings = { noDelay: true, keepAlive: true, keepAliveInitialDelay: KEEP_ALIVE_MS };
    // Half-open: whoever pipes requests in and ends its side (`nc`) still gets its answers.
    this.server = createServer({ ...settings, allowHalfOpen: true }, (socket) =>
      this.onSocket(socket),
    );
    this.watch = setInterval(() => this.watchBacklogs(), WATCH_INTERVAL_MS);
    this.watch.unref();
  }

  get port(): number {
    const address = this.server.address();
    return typeof address === 'object' && address !== null ? address.port : 0;
  }

  async listen(): Promise<void> {
    const { host, port, logger } = this.options;
    try {
      this.server.listen({ host, port, backlog: BACKLOG_CONNECTIONS });
      await once(this.server, 'listening');
    } catch (error) {
      clearInterval(this.watch);
      throw new ListenError('clients', `${host}:${port}`, error);
    }
    // Out of descriptors, say: those that are connected go on.
    this.server.on('error', (error) => logger.warn({ err: error }, 'cannot accept a client'));
  }

  // --- what comes in ---

  private onSocket(socket: ClientSocket): void {
    const { error, data, end, close } = this.listeners;
    socket.on('error', error);
    const max = this.options.connectionsMax ?? CONNECTIONS_MAX;
    if (this.clients.size >= max) return refuseSocket(socket, max);
    this.lastId += 1;
    const client: Client = {
      id: this.lastId,
      socket,
      frames: frameReader(CLIENT_FRAME_BYTES_MAX),
      lines: [],
      overflow: false,
      ended: false,
      batch: null,
      turn: 0,
      badLines: 0,
      slowSinceMs: 0,
      closing: false,
    };
    this.clients.set(client.id, client);
    socket.client = client;
    socket.on('data', data);
    socket.on('end', end);
    socket.on('close', close);
    this.options.onOpened(client.id);
  }

  private onData(client: Client, bytes: Buffer): void {
    if (client.closing || client.overflow) return;
    const { lines, overflow } = client.frames.push(bytes);
    client.overflow = overflow;
    if (client.lines.length > 0) {
      // Its turn is under way: these come after.
      for (const line of lines) client.lines.push(line);
      return;
    }
    client.lines = [...lines];
    this.takeLines(client);
  }

  /** Takes some lines now and the rest in later turns, so that a flood only delays its sender. */
  private takeLines(client: Client): void {
    let taken = 0;
    let cost = 0;
    for (const text of client.lines) {
      if (client.closing) return;
      if (cost >= CLIENT_TURN_COST_MAX || this.spent >= TURN_COST_MAX) break;
      taken += 1;
      const parsed = parseLine(text);
      const startedMs = this.nowMs();
      this.take(client, parsed);
      const units = 'message' in parsed ? costOf(parsed.message) : 1;
      const took = Math.max(units, unitsOfMs(this.nowMs() - startedMs));
      cost += took;
      this.spent += took;
    }
    if (client.closing) return;
    // A list that was emptied keeps its space, and most people say nothing for long.
    if (taken === client.lines.length) client.lines = [];
    else client.lines.splice(0, taken);
    this.timeTurn();
    if (client.lines.length > 0) {
      client.socket.pause();
      this.waiting.push(client);
      return;
    }
    if (client.overflow) return this.refuseLongLine(client);
    client.socket.resume();
    if (client.ended) this.finish(client);
  }

  private timeTurn(): void {
    if (this.turnIsTimed) return;
    this.turnIsTimed = true;
    setImmediate(() => this.nextTurn());
  }

  private nextTurn(): void {
    this.turnIsTimed = false;
    this.spent = 0;
    const due = this.waiting;
    this.waiting = [];
    const unserved: Client[] = [];
    for (const client of due) {
      if (this.spent < TURN_COST_MAX) this.takeLines(client);
      else unserved.push(client);
    }
    // Whoever got nothing in this turn comes first in the next one.
    this.waiting = [...unserved, ...this.waiting];
    if (this.waiting.length > 0) this.timeTurn();
  }

  private take(client: Client, parsed: ParsedLine): void {
    if ('message' in parsed) return this.options.onMessage(client.id, parsed.message);
    const { code, reason, number, query } = parsed;
    if (number !== undefined && this.options.onBadRequest) {
      this.options.onBadRequest(client.id, number, reason);
    } else this.refuse(client, { code, reason, number, query });
    client.badLines += 1;
    if (client.badLines > BAD_LINES_MAX) this.closeClient(client, code);
  }

  private refuse(
    client: Client,
    refusal: {
      code: RefusalCode;
      reason: string;
      number?: number | undefined;
      query?: number | undefined;
    },
  ): void {
    this.send(client.id, line({ type: 'refused', ...refusal }));
    this.flush();
  }

  private refuseLongLine(client: Client): void {
    const reason = `${REFUSALS['frame-too-long']}: expected at most ${CLIENT_FRAME_BYTES_MAX} bytes`;
    this.refuse(client, { code: 'frame-too-long', reason });
    this.closeClient(client, 'frame-too-long');
  }

  private onEnd(client: Client): void {
    client.ended = true;
    if (client.lines.length === 0 && !client.closing) this.finish(client);
  }

  /** The client has ended its side, and all it sent was taken: this side ends once there was time to answer. */
  private finish(client: Client): void {
    const timer = setTimeout(() => {
      if (client.closing) return;
      this.spread();
      this.writeBatch(client);
      client.closing = true;
      client.socket.end();
      linger(client.socket);
    }, LINGER_MS);
    client.socket.once('close', () => clearTimeout(timer));
  }

  private onGone(client: Client): void {
    client.closing = true;
    client.lines = [];
    client.batch = null;
    if (this.clients.delete(client.id)) this.options.onClosed(client.id);
  }

  // --- what goes out ---

  send(connection: number, frame: string): void {
    this.spread();
    const client = this.clients.get(connection);
    if (client && !client.closing) this.give(client, batchAfter(client.batch, frame));
  }

  sendAll(connections: readonly number[], frame: string): void {
    if (connections !== this.group) {
      this.spread();
      this.group = connections;
    }
    this.groupText += frame;
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
      const client = this.clients.get(connection);
      if (!client || client.closing) continue;
      if (after === null || client.batch !== before) {
        before = client.batch;
        after = batchAfter(before, text);
      }
      give(client, after);
    }
  }

  sendAllSoon(connections: readonly number[], frame: string): void {
    this.spread();
    this.putBehind(connections, frame, (client, batch) => {
      if (client.batch === null) {
        client.turn = NO_TURN;
        this.unhurried.push(client);
      }
      client.batch = batch;
    });
    if (this.unhurried.length > 0) this.soon ??= setTimeout(() => this.flushUnhurried(), SOON_MS);
  }

  private flushUnhurried(): void {
    this.soon = null;
    for (const client of this.unhurried)
      if (client.batch !== null && client.turn === NO_TURN) this.give(client, client.batch);
    this.unhurried = [];
    this.flush();
  }

  private give(client: Client, batch: Batch): void {
    if (client.batch === null || client.turn !== this.turn) this.dirty.push(client);
    client.turn = this.turn;
    client.batch = batch;
  }

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

  /** @returns how many of them are done, which are as many as may be written in one go */
  private writeSome(due: readonly Client[]): number {
    const startMs = this.nowMs();
    for (const [index, client] of due.entries()) {
      if (client.batch === null) continue;
      this.writeBatch(client);
      this.judgeBacklog(client, startMs);
      const isTimed = index % WRITES_TIMED === WRITES_TIMED - 1;
      if (isTimed && this.nowMs() - startMs >= FLUSH_MS_MAX) return index + 1;
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

  private writeBatch(client: Client): void {
    const { batch, socket } = client;
    if (batch === null) return;
    client.batch = null;
    socket.write(batch.bytes);
  }

  /** A reader that leaves its bytes lying is let go, before its backlog costs everyone the memory. */
  private judgeBacklog(client: Client, nowMs: number): void {
    if (client.closing) return;
    const bytes = client.socket.writableLength;
    if (bytes <= BACKLOG_BYTES_MAX) {
      client.slowSinceMs = 0;
      return;
    }
    client.slowSinceMs ||= nowMs;
    const patienceMs = this.options.backlogMsMax ?? BACKLOG_MS_MAX;
    if (bytes <= BACKLOG_BYTES_LIMIT && nowMs - client.slowSinceMs < patienceMs) return;
    this.options.logger.warn({ connection: client.id, bytes }, 'a client does not read: closed');
    this.closeClient(client, 'too-slow');
  }

  private watchBacklogs(): void {
    const nowMs = performance.now();
    for (const client of this.clients.values()) {
      if (client.slowSinceMs > 0) this.judgeBacklog(client, nowMs);
    }
  }

  close(connection: number, code: RefusalCode): void {
    const client = this.clients.get(connection);
    if (client) this.closeClient(client, code);
  }

  private closeClient(client: Client, code: RefusalCode): void {
    if (client.closing) return;
    this.send(client.id, line({ type: 'closing', code, reason: REFUSALS[code] }));
    this.writeBatch(client);
    client.closing = true;
    client.lines = [];
    // What it still sends is read and dropped: unread bytes would turn the end into a reset.
    client.socket.resume();
    client.socket.end();
    linger(client.socket);
  }

  async stop(code: RefusalCode): Promise<void> {
    clearInterval(this.watch);
    if (this.soon) clearTimeout(this.soon);
    for (const client of this.clients.values()) this.closeClient(client, code);
    if (!this.server.listening) return;
    const closed = once(this.server, 'close');
    this.server.close();
    await closed;
  }
}

/** A listener that is the same for all sockets. */
function forClients<Values extends unknown[]>(take: (client: Client, ...values: Values) => void) {
  return function (this: ClientSocket, ...values: Values): void {
    if (this.client) take(this.client, ...values);
  };
}

const line = (message: object) => `${JSON.stringify(message)}\n`;

/** Ends a socket that does not end by itself in time. */
function linger(socket: Socket): void {
  const timer = setTimeout(() => socket.destroy(), LINGER_MS);
  socket.once('close', () => clearTimeout(timer));
}

function refuseSocket(socket: Socket, max: number): void {
  const reason = `expected at most ${max} connections to this server: try another, or later`;
  socket.resume();
  socket.end(line({ type: 'closing', code: 'too-many-requests', reason }));
  linger(socket);
}
