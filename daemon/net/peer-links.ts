// TCP between servers. Each dials every other one and sends on that connection; it hears on those it
// accepted (docs/adr/0004). Both ends prove that they know the cluster secret before anything else.
import { once } from 'node:events';
import { createConnection, createServer, type Server, type Socket } from 'node:net';
import type { Logger } from 'pino';
import { type FrameReader, frameReader } from '../../lib/protocol/frame.ts';
import {
  Answer,
  Challenge,
  freshNonce,
  proofOf,
  proves,
  type ServerIdentity,
  Welcome,
} from './handshake.ts';
import { ListenError } from './listen-error.ts';

/** Longest line between servers: a push of a thousand posts of the longest text, twice over. */
const FRAME_BYTES_MAX = 64 * 1024 * 1024;
/** Before the handshake is over nobody needs more. */
const HANDSHAKE_BYTES_MAX = 2_048;
const HANDSHAKE_MS_MAX = 2_000;
const CONNECT_MS_MAX = 1_000;
/** What a link may hold unwritten before it is given up: its peer reads nothing. */
const BACKLOG_BYTES_MAX = 64 * 1024 * 1024;
/** Waits between dials: at once after a loss, then growing. */
const REDIAL_MS_MIN = 20;
const REDIAL_MS_MAX = 250;
/** The same complaint about the same peer is logged this often at most. */
const COMPLAINT_MS = 60_000;

/** Errors of a dial that prove that nobody listens there now. */
const REFUSED_CODES = new Set([
  'ECONNREFUSED',
  'EHOSTUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
  'ENETUNREACH',
]);

export type PeerLinkOptions<M> = Readonly<{
  self: ServerIdentity;
  bind: Readonly<{ host: string; port: number }>;
  peers: readonly Readonly<{ id: string; host: string; port: number }>[];
  secret: Uint8Array | null;
  /** Untrusted to typed; null for what is no message. */
  parse: (value: unknown) => M | null;
  logger: Pick<Logger, 'debug' | 'info' | 'warn'>;
  onMessage(peer: string, message: M): void;
  /** Both directions are authenticated. */
  onUp(peer: string, identity: ServerIdentity): void;
  /** One of them is gone; `refused`: and a fresh dial found nobody there. Also said of a peer that never was up. */
  onDown(peer: string, loss: { refused: boolean }): void;
}>;

export type PeerLinks<M> = Readonly<{
  /** @returns false when the link is down: the message is dropped */
  send(peer: string, message: M): boolean;
  /** One write for each link with everything sent since the last. */
  flush(): void;
  close(): Promise<void>;
}>;

type Link = {
  readonly id: string;
  readonly host: string;
  readonly port: number;
  outbound: Socket | null;
  outboundIdentity: ServerIdentity | null;
  inbound: Socket | null;
  inboundIdentity: ServerIdentity | null;
  up: boolean;
  redialMs: number;
  redialTimer: NodeJS.Timeout | null;
  saidRefused: boolean;
  pending: string[];
};

/** Listens, and dials everyone. @throws ListenError */
export async function openPeerLinks<M>(options: PeerLinkOptions<M>): Promise<PeerLinks<M>> {
  const links = new Links(options);
  await links.listen();
  return links;
}

class Links<M> implements PeerLinks<M> {
  private readonly options: PeerLinkOptions<M>;
  private readonly links = new Map<string, Link>();
  private readonly server: Server;
  private readonly accepted = new Set<Socket>();
  private readonly complaints = new Map<string, number>();
  private closed = false;

  constructor(options: PeerLinkOptions<M>) {
    this.options = options;
    this.server = createServer({ noDelay: true }, (socket) => this.accept(socket));
    for (const peer of options.peers) {
      this.links.set(peer.id, {
        ...peer,
        outbound: null,
        outboundIdentity: null,
        inbound: null,
        inboundIdentity: null,
        up: false,
        redialMs: REDIAL_MS_MIN,
        redialTimer: null,
        saidRefused: false,
        pending: [],
      });
    }
  }

  async listen(): Promise<void> {
    const { host, port } = this.options.bind;
    try {
      this.server.listen(port, host);
      await once(this.server, 'listening');
    } catch (error) {
      throw new ListenError('peers', `${host}:${port}`, error);
    }
    for (const link of this.links.values()) this.dial(link);
  }

  private complain(peer: string, text: string, fields: object = {}): void {
    const key = `${peer} ${text}`;
    const now = performance.now();
    if (now - (this.complaints.get(key) ?? Number.NEGATIVE_INFINITY) < COMPLAINT_MS) return;
    if (this.complaints.size > 1_000) this.complaints.clear();
    this.complaints.set(key, now);
    this.options.logger.warn({ peer, ...fields }, text);
  }

  // --- outbound ---

  private dial(link: Link): void {
    if (this.closed) return;
    const socket = createConnection({ host: link.host, port: link.port, noDelay: true });
    link.outbound = socket;
    socket.setTimeout(CONNECT_MS_MAX, () => socket.destroy(new Error('no answer')));
    const nonce = freshNonce();
    let challenge = '';
    this.onLines(socket, link.id, (line) => {
      if (challenge === '') {
        challenge = Challenge.parse(line).nonce;
        const fields = { challenge, nonce, from: this.options.self, to: link.id };
        const mac = proofOf(this.options.secret, 'dialler', fields);
        socket.write(
          `${JSON.stringify({ type: 'answer', nonce, from: fields.from, to: fields.to, mac })}\n`,
        );
        return;
      }
      const { from, mac } = Welcome.parse(line);
      const expected = proofOf(this.options.secret, 'acceptor', {
        challenge,
        nonce,
        from,
        to: this.options.self.id,
      });
      if (from.id !== link.id || !proves(mac, expected)) {
        this.complain(
          link.id,
          'this address answers as another server, or with another cluster secret',
          { is: from.id },
        );
        socket.destroy();
        return;
      }
      socket.setTimeout(0);
      link.outboundIdentity = from;
      link.redialMs = REDIAL_MS_MIN;
      this.maybeUp(link);
    });
    socket.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code && REFUSED_CODES.has(error.code)) this.sayRefused(link);
    });
    socket.on('close', () => {
      if (link.outbound !== socket) return;
      const had = link.outboundIdentity !== null;
      link.outbound = null;
      link.outboundIdentity = null;
      link.pending = [];
      this.down(link);
      this.redial(link, had);
    });
  }

  private sayRefused(link: Link): void {
    if (link.saidRefused || this.closed) return;
    link.saidRefused = true;
    this.options.onDown(link.id, { refused: true });
  }

  private redial(link: Link, atOnce: boolean): void {
    if (this.closed) return;
    const delayMs = atOnce ? 0 : link.redialMs;
    if (!atOnce) link.redialMs = Math.min(REDIAL_MS_MAX, link.redialMs * 1.5);
    link.redialTimer = setTimeout(() => this.dial(link), delayMs);
  }

  // --- inbound ---

  private accept(socket: Socket): void {
    this.accepted.add(socket);
    const challenge = freshNonce();
    let link: Link | null = null;
    socket.setTimeout(HANDSHAKE_MS_MAX, () => socket.destroy());
    socket.write(`${JSON.stringify({ type: 'challenge', nonce: challenge })}\n`);
    const remote = socket.remoteAddress ?? 'unknown';
    const reader = this.onLines(socket, remote, (line) => {
      if (link) return this.take(link, socket, line);
      link = this.welcome(socket, challenge, Answer.parse(line), remote);
      reader.widen(FRAME_BYTES_MAX);
    });
    socket.on('error', () => {}); // the close that follows says enough
    socket.on('close', () => {
      this.accepted.delete(socket);
      if (link?.inbound !== socket) return;
      link.inbound = null;
      link.inboundIdentity = null;
      this.down(link);
    });
  }

  /** Checks a dialler's proof. @returns its link; throws, and so closes, when it does not hold */
  private welcome(socket: Socket, challenge: string, answer: Answer, remote: string): Link {
    const { self, secret } = this.options;
    const { nonce, from, to, mac } = answer;
    const link = this.links.get(from.id);
    const expected = proofOf(secret, 'dialler', { challenge, nonce, from, to });
    if (!link || to !== self.id || !proves(mac, expected)) {
      this.complain(from.id, 'refused a link: unknown server or wrong cluster secret', { remote });
      throw new Error('not proven');
    }
    const proof = proofOf(secret, 'acceptor', { challenge, nonce, from: self, to: from.id });
    socket.write(`${JSON.stringify({ type: 'welcome', from: self, mac: proof })}\n`);
    socket.setTimeout(0);
    const before = link.inbound;
    link.inbound = socket;
    link.inboundIdentity = from;
    if (before) {
      before.destroy();
      this.down(link);
    }
    // It dials us, so it listens too: worth a dial at once.
    if (link.redialTimer && !link.outbound) {
      clearTimeout(link.redialTimer);
      this.dial(link);
    }
    this.maybeUp(link);
    return link;
  }

  private take(link: Link, socket: Socket, line: unknown): void {
    if (link.inbound !== socket) return;
    const message = this.options.parse(line);
    if (message === null) {
      this.complain(link.id, 'a peer sent what is no message: is it of another version?');
      socket.destroy();
      return;
    }
    this.options.onMessage(link.id, message);
  }

  // --- both ---

  private onLines(socket: Socket, peer: string, take: (line: unknown) => void): FrameReader {
    const reader = frameReader(HANDSHAKE_BYTES_MAX);
    socket.on('data', (bytes: Buffer) => {
      const { lines, overflow } = reader.push(bytes);
      try {
        for (const line of lines) {
          if (!socket.destroyed) take(JSON.parse(line));
        }
        if (overflow) throw new Error('line too long');
      } catch (error) {
        this.options.logger.debug({ peer, err: error }, 'closed a link for what came over it');
        socket.destroy();
      }
    });
    return reader;
  }

  private maybeUp(link: Link): void {
    const identity = link.outboundIdentity;
    if (link.up || !identity || !link.inboundIdentity) return;
    if (identity.boot !== link.inboundIdentity.boot) return;
    link.up = true;
    link.saidRefused = false;
    this.options.onUp(link.id, identity);
  }

  private down(link: Link): void {
    if (!link.up || this.closed) return;
    link.up = false;
    this.options.onDown(link.id, { refused: false });
  }

  send(peer: string, message: M): boolean {
    const link = this.links.get(peer);
    if (!link?.up || !link.outbound) return false;
    link.pending.push(JSON.stringify(message));
    return true;
  }

  flush(): void {
    for (const link of this.links.values()) {
      if (link.pending.length === 0) continue;
      const lines = `${link.pending.join('\n')}\n`;
      link.pending = [];
      link.outbound?.write(lines);
      if ((link.outbound?.writableLength ?? 0) > BACKLOG_BYTES_MAX) {
        this.complain(link.id, 'a peer reads nothing: the link is closed');
        link.outbound?.destroy();
      }
    }
  }

  async close(): Promise<void> {
    this.flush();
    this.closed = true;
    for (const link of this.links.values()) {
      if (link.redialTimer) clearTimeout(link.redialTimer);
      link.outbound?.end();
      link.outbound?.unref();
    }
    for (const socket of this.accepted) socket.destroy();
    if (!this.server.listening) return;
    this.server.close();
    await once(this.server, 'close');
    for (const link of this.links.values()) link.outbound?.destroy();
  }
}
