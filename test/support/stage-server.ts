// A server in the test's own process: real sockets and the real chat core, on a clock that the test moves. What it
// says is the product's own; who leads, and when it dies, freezes or comes back, the story says.
import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { parseLine } from '../../daemon/net/client-requests.ts';
import type { ServerStatus } from '../../lib/protocol/events.ts';
import { frameReader } from '../../lib/protocol/frame.ts';
import { CLIENT_FRAME_BYTES_MAX } from '../../lib/protocol/limits.ts';
import { ChatStage } from './chat-stage.ts';
import { STAGE_MORNING_MS } from './stage-time.ts';

/** Connections over sockets count from here: those that a stage makes by itself count from 1. */
const FIRST_CONNECTION = 1_000_000;
const TICK_MS = 25;

/** A line on its way to a client, as bytes: what a hostile server makes of it. */
export type Reshape = (line: Buffer) => Buffer;

type Fields = { id?: string; ringPosition?: number; reshape?: Reshape };

async function listening(port: number): Promise<Server> {
  const server = createServer();
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

export class StageServer {
  readonly stage: ChatStage;
  readonly address: string;
  private readonly port: number;
  private readonly reshape: Reshape;
  private readonly ticker: NodeJS.Timeout;
  private readonly sockets = new Map<number, Socket>();
  private server: Server | null = null;
  /** Nothing that comes in is looked at, and nothing goes out. */
  private isFrozen = false;
  private lastConnection = FIRST_CONNECTION;

  private constructor(server: Server, { reshape = (line) => line, ...fields }: Fields) {
    this.reshape = reshape;
    this.port = (server.address() as { port: number }).port;
    this.address = `127.0.0.1:${this.port}`;
    this.stage = new ChatStage({
      ...fields,
      address: this.address,
      wire: {
        has: (connection) => connection > FIRST_CONNECTION,
        send: (connection, frame) => this.send(connection, frame),
        close: (connection) => this.sockets.get(connection)?.end(),
      },
    });
    this.stage.wallMs = STAGE_MORNING_MS;
    this.takeFrom(server);
    this.ticker = setInterval(() => this.isFrozen || this.stage.pass(TICK_MS), TICK_MS);
  }

  /** Listens on a free port of the loopback address; leads nothing yet. */
  static async open(fields: Fields = {}): Promise<StageServer> {
    return new StageServer(await listening(0), fields);
  }

  /** Leads in a new view, with `others` in sync. */
  lead(others: readonly StageServer[] = [], down: readonly StageServer[] = []): void {
    // At once, as a real one: whoever had signed in ahead is answered in that very step.
    this.stage.lead({ copies: others.length + 1, servers: this.rows(others, down) });
  }

  /** Tells its clients who is in sync with it, and who is down. */
  tells(others: readonly StageServer[], down: readonly StageServer[] = []): void {
    this.stage.hear({ servers: this.rows(others, down), copies: others.length + 1 });
  }

  private rows(others: readonly StageServer[], down: readonly StageServer[]): ServerStatus[] {
    const row = (each: StageServer, state: ServerStatus['state']): ServerStatus => {
      const { id, ringPosition } = each.stage;
      return { id, ringPosition, address: each.address, state, inSync: state !== 'down' };
    };
    const rows = [
      ...others.map((each) => row(each, 'active')),
      ...down.map((each) => row(each, 'down')),
      row(this, 'leading'),
    ];
    return rows.sort((one, other) => one.ringPosition - other.ringPosition);
  }

  freezes(): void {
    this.isFrozen = true;
  }

  thaws(): void {
    this.isFrozen = false;
  }

  /** As a killed process: every connection ends, and no new one is taken. */
  dies(): void {
    this.server?.close();
    this.server = null;
    for (const socket of this.sockets.values()) socket.destroy();
  }

  /** As a process that is started anew on what its disk holds: it leads nothing yet. */
  async returns(): Promise<void> {
    this.stage.restart();
    this.takeFrom(await listening(this.port));
  }

  close(): void {
    clearInterval(this.ticker);
    this.dies();
  }

  private send(connection: number, frame: string): void {
    if (!this.isFrozen) this.sockets.get(connection)?.write(this.reshape(Buffer.from(frame)));
  }

  private takeFrom(server: Server): void {
    this.server = server;
    server.on('connection', (socket) => this.take(socket));
  }

  private take(socket: Socket): void {
    this.lastConnection += 1;
    const connection = this.lastConnection;
    this.sockets.set(connection, socket);
    const gone = () => {
      this.sockets.delete(connection);
      this.stage.feed({ type: 'closed', connection });
    };
    socket.on('close', gone).on('error', () => socket.destroy());
    this.stage.feed({ type: 'opened', connection, nonce: `nonce of ${connection}` });
    const frames = frameReader(CLIENT_FRAME_BYTES_MAX);
    socket.on('data', (bytes) => {
      for (const line of frames.push(bytes).lines) this.hear(connection, line);
    });
  }

  private hear(connection: number, line: string): void {
    if (this.isFrozen) return;
    const parsed = parseLine(line);
    if ('message' in parsed) {
      const { message } = parsed;
      return this.stage.feed({ type: 'message', connection, message });
    }
    const { number = 0, reason } = parsed;
    this.stage.feed({ type: 'badRequest', connection, number, reason });
  }
}
