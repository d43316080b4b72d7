// A server that speaks the client protocol over real sockets and does what a test tells it, nothing more.
import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import type { ServerMessage } from '../../lib/protocol/events.ts';
import { frameReader } from '../../lib/protocol/frame.ts';
import { CLIENT_FRAME_BYTES_MAX } from '../../lib/protocol/limits.ts';
import { ClientMessage } from '../../lib/protocol/requests.ts';

export class ScriptedServer {
  readonly id: string;
  readonly address: string;
  /** Texts of the posts that arrived, repeats too. */
  readonly texts: string[] = [];
  signIns = 0;
  answersPosts = true;
  private leader: { id: string; address: string } | null = null;
  private isFrozen = false;
  private readonly server: Server;
  private readonly sockets = new Set<Socket>();

  private constructor(id: string, server: Server) {
    this.id = id;
    this.server = server;
    this.address = `127.0.0.1:${(server.address() as { port: number }).port}`;
    server.on('connection', (socket) => this.greet(socket));
  }

  static async open(id: string): Promise<ScriptedServer> {
    const server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new ScriptedServer(id, server);
  }

  leads(): void {
    this.leader = { id: this.id, address: this.address };
    for (const socket of this.sockets) this.say(socket, { type: 'leading', term: 2 });
  }

  follows(other: ScriptedServer): void {
    this.leader = { id: other.id, address: other.address };
  }

  /** Takes connections, and says nothing any more. */
  freezes(): void {
    this.isFrozen = true;
  }

  /** As a killed process: every connection ends, and no new one is taken. */
  dies(): void {
    this.server.close();
    for (const socket of this.sockets) socket.destroy();
  }

  async close(): Promise<void> {
    this.dies();
    if (this.server.listening) await once(this.server, 'close');
  }

  private get isLeading(): boolean {
    return this.leader?.id === this.id;
  }

  private say(socket: Socket, message: ServerMessage): void {
    if (!this.isFrozen) socket.write(`${JSON.stringify(message)}\n`);
  }

  private greet(socket: Socket): void {
    this.sockets.add(socket);
    socket.on('close', () => this.sockets.delete(socket)).on('error', () => socket.destroy());
    const state = this.isLeading ? 'leading' : 'active';
    const { id: server, leader } = this;
    this.say(socket, { type: 'welcome', protocol: 1, server, state, term: 1, leader, nonce: 'n' });
    const frames = frameReader(CLIENT_FRAME_BYTES_MAX);
    socket.on('data', (bytes) => {
      for (const line of frames.push(bytes).lines) {
        this.hear(socket, ClientMessage.parse(JSON.parse(line)));
      }
    });
  }

  private hear(socket: Socket, message: ClientMessage): void {
    const { id, leader } = this;
    switch (message.type) {
      case 'ping':
        return this.say(socket, { type: 'pong', query: message.query });
      case 'status':
        return this.say(socket, { ...message, id, leader, term: 1, servers: [] });
      case 'signIn':
        return this.signIn(socket, message.session);
      case 'post':
        return this.store(socket, message.number, message.text);
      default:
        return;
    }
  }

  private signIn(socket: Socket, seed: string): void {
    if (!this.isLeading) {
      const reason = 'this server does not lead';
      return this.say(socket, { type: 'redirect', leader: this.leader, term: 1, reason });
    }
    this.signIns += 1;
    const session = `account.${seed}`;
    const rooms: [] = [];
    this.say(socket, {
      type: 'signedIn',
      account: 'account',
      name: 'alice',
      session,
      server: this.id,
      rooms,
      prunedBelow: 0,
      lacks: false,
      spreadMs: 0,
      reads: [],
    });
  }

  private store(socket: Socket, number: number, text: string): void {
    this.texts.push(text);
    if (!this.answersPosts) return;
    const fields = { id: `account.session/${number}`, time: 1, order: String(number), copies: 1 };
    this.say(socket, { type: 'stored', number, ...fields });
  }
}
