// The TCP listener for clients: sockets in, checked messages out, lines collected and written once a
// turn. It knows no chat. No client can make it throw, fill its memory, or be felt by another one: lines,
// lines per turn, unread bytes and connections have their limits. Above 300 lines because how a connection begins, what is
// refused on it and how it ends share each client's few fields.
import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { performance } from 'node:perf_hooks';
import { frameReader } from '../../lib/protocol/frame.ts';
import { CLIENT_FRAME_BYTES_MAX } from '../../lib/protocol/limits.ts';
import { REFUSALS, type RefusalCode } from '../../lib/protocol/refusals.ts';
import type { ClientMessage } from '../../lib/protocol/requests.ts';
import type { Client } from './client.ts';
import type { ParsedLine } from './client-requests.ts';
import { ClientWrites } from './client-writes.ts';
import { LineTurns } from './line-turns.ts';
import { ListenError } from './listen-error.ts';

/** Lines of one connection that fit no schema before it is let go: a person's typing errors, not a flood. */
const BAD_LINES_MAX = 20;

/** Unread bytes at which a reader is slow, and for how long it may stay so: a burst is no slowness. */
const BACKLOG_BYTES_MAX = 4 * 1024 * 1024;
const BACKLOG_MS_MAX = 3_000;

/** Unread bytes that no reader may have: the longest resumption (16 MiB), and as much again. */
const BACKLOG_BYTES_LIMIT = 32 * 1024 * 1024;

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
  /** The same, written with the next line to each, or after a tenth of a second, among very many a second: what nobody waits for. */
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
  private readonly watch: NodeJS.Timeout;
  private readonly turns: LineTurns;
  private readonly writes: ClientWrites;
  private lastId = 0;
  private readonly listeners = {
    error: (error: Error) => this.options.logger.debug({ err: error }, 'client connection'),
    data: forClients((client, bytes: Buffer) => this.onData(client, bytes)),
    end: forClients((client) => this.onEnd(client)),
    close: forClients((client) => this.onGone(client)),
  };

  constructor(options: ClientGatewayOptions) {
    this.options = options;
    const nowMs = options.nowMs ?? (() => performance.now());
    const { clients } = this;
    this.turns = new LineTurns({
      nowMs,
      take: (client, parsed) => this.take(client, parsed),
      onTaken: (client) => this.onTaken(client),
    });
    this.writes = new ClientWrites({
      ...{ clients, nowMs },
      onWritten: (client, flushedMs) => this.judgeBacklog(client, flushedMs),
    });
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
    this.turns.add(client, lines);
  }

  /** All that a client sent is taken: more of it is read, or it comes to its end. */
  private onTaken(client: Client): void {
    if (client.overflow) return this.refuseLongLine(client);
    client.socket.resume();
    if (client.ended) this.finish(client);
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
      this.writes.finish(client);
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
    this.writes.send(connection, frame);
  }

  sendAll(connections: readonly number[], frame: string): void {
    this.writes.sendAll(connections, frame);
  }

  sendAllSoon(connections: readonly number[], frame: string): void {
    this.writes.sendAllSoon(connections, frame);
  }

  flush(): void {
    this.writes.flush();
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
    this.writes.finish(client);
    client.closing = true;
    client.lines = [];
    // What it still sends is read and dropped: unread bytes would turn the end into a reset.
    client.socket.resume();
    client.socket.end();
    linger(client.socket);
  }

  async stop(code: RefusalCode): Promise<void> {
    clearInterval(this.watch);
    this.writes.stop();
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
