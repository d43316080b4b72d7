// TCP between servers. Each dials every other one and sends on that connection; it hears on those it
// accepted (docs/adr/0004). A link is a pair of connections, up when both are authenticated; when either
// closes both go, so that nothing said before a loss is ever heard after it. Longer than most files: the
// life of a link is one state machine, and its two halves only make sense side by side.
//
//   (nothing) --dialled--> outbound --+
//                                     +--> up --either closes--> (nothing), and dialled again at once
//   (nothing) --accepted--> inbound --+
import { once } from 'node:events';
import { createConnection, createServer, isIP, type Server, type Socket } from 'node:net';
import type { Logger } from 'pino';
import { type Complain, createComplaints } from './complaints.ts';
import { acceptorHandshake, diallerHandshake, type ServerIdentity } from './handshake.ts';
import { ListenError } from './listen-error.ts';
import { sharedLookup } from './name-lookup.ts';
import { parseJson, servePeerConnection } from './peer-connection.ts';

/** To connect, looking up its name included. */
const CONNECT_MS_MAX = 1_000;
/** Connections that have not proven themselves: more than all servers of the largest cluster at once. */
const STRANGERS_MAX = 128;
/** What a link may hold unwritten before it is given up: its peer reads nothing. */
const BACKLOG_BYTES_MAX = 64 * 1024 * 1024;
/** Lines kept while our own side of the link is not up yet: that takes a round trip. */
const EARLY_LINES_MAX = 10_000;
/** Waits between dials that failed: soon at first, for a peer that is just starting. */
const REDIAL_MS_MIN = 20;
const REDIAL_MS_MAX = 250;
/** The sockets of a process that dies are closed one after the other: a dial right then may still be taken, and reset. */
const DYING_REDIAL_MS = 2;
/** What was sent before a close may take this long to leave. */
const LAST_WORDS_MS = 500;
/** A link that is lost is dialled again at once, unless it was lost before within this time. */
const LOST_AGAIN_MS = 1_000;

/** Errors of a dial that prove that nobody listens there now. A name that is gone is a stopped container. */
const REFUSED_CODES: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
]);

export type PeerLinkOptions<M> = Readonly<{
  self: ServerIdentity;
  bind: Readonly<{ host: string; port: number }>;
  peers: readonly Readonly<{ id: string; host: string; port: number }>[];
  /** null: an empty key, for a cluster that serves loopback only. */
  secret: Uint8Array | null;
  /** Untrusted to typed; null for what is no message. */
  parse: (value: unknown) => M | null;
  logger: Pick<Logger, 'debug' | 'info' | 'warn'>;
  onMessage(peer: string, message: M): void;
  /** Both directions are authenticated; messages follow, never precede. */
  onUp(peer: string, identity: ServerIdentity): void;
  /**
   * One of them is gone. `refused`: and a fresh dial found nobody there; said once for each loss, and once
   * of a peer that was not there from the start.
   */
  onDown(peer: string, loss: { refused: boolean }): void;
}>;

export type PeerLinks<M> = Readonly<{
  /** The port listened on: the one asked for, or a free one when that was 0. */
  port: number;
  /** Collects a message until the next flush. @returns false when the link is down: it is dropped */
  send(peer: string, message: M): boolean;
  /** One write for each link with everything sent since the last. */
  flush(): void;
  /** Gives a link up that is up, as one that broke: not within this call. */
  renew(peer: string): void;
  close(): Promise<void>;
}>;

type Half = {
  readonly socket: Socket;
  readonly identity: ServerIdentity;
  readonly sinceMs: number;
};

type Link = {
  readonly id: string;
  readonly host: string;
  readonly port: number;
  /** A dial under way; `outbound` once it is authenticated. */
  dialling: Socket | null;
  outbound: Half | null;
  inbound: Half | null;
  up: boolean;
  lostMs: number;
  redialMs: number;
  redialTimer: NodeJS.Timeout | undefined;
  saidRefused: boolean;
  /** Encoded lines for the next flush. */
  pending: string[];
  /** Heard while the link was not up on this side. */
  early: string[];
};

/** Listens, and dials everyone. @throws ListenError */
export async function openPeerLinks<M>(options: PeerLinkOptions<M>): Promise<PeerLinks<M>> {
  const links = new Links(options);
  await links.listen();
  return links;
}

class Links<M> implements PeerLinks<M> {
  private readonly options: PeerLinkOptions<M>;
  private readonly links: ReadonlyMap<string, Link>;
  private readonly ids: ReadonlySet<string>;
  private readonly server: Server;
  private readonly sockets = new Set<Socket>();
  private readonly complain: Complain;
  private strangersCount = 0;
  private closed = false;
  /** The message encoded last: one to several peers is encoded once. */
  private encoded: { message: M; text: string } | null = null;

  constructor(options: PeerLinkOptions<M>) {
    this.options = options;
    this.complain = createComplaints(options.logger);
    this.server = createServer({ noDelay: true }, (socket) => this.accept(socket));
    this.links = new Map(options.peers.map((peer) => [peer.id, createLink(peer)]));
    this.ids = new Set(this.links.keys());
  }

  get port(): number {
    const address = this.server.address();
    return typeof address === 'object' && address !== null ? address.port : 0;
  }

  async listen(): Promise<void> {
    const { host, port } = this.options.bind;
    try {
      this.server.listen(port, host);
      await once(this.server, 'listening');
    } catch (error) {
      throw new ListenError('peers', `${host}:${port}`, error);
    }
    this.server.on('error', (error) =>
      this.complain('accept', 'cannot accept a peer', { err: error }),
    );
    for (const link of this.links.values()) this.dial(link);
  }

  // --- outbound ---

  /** @param address where the peer was just heard from; by default its name is looked up */
  private dial(link: Link, address?: string): void {
    if (this.closed || link.dialling || link.outbound) return;
    clearTimeout(link.redialTimer);
    const { port } = link;
    const host = address ?? link.host;
    const socket = createConnection({ host, port, noDelay: true, lookup: sharedLookup });
    link.dialling = socket;
    this.sockets.add(socket);
    const deadline = destroyAfter(socket, CONNECT_MS_MAX);
    socket.on('connect', () => {
      link.saidRefused = false;
      clearTimeout(deadline);
      this.onDialled(link, socket);
    });
    socket.on('error', (error: NodeJS.ErrnoException) => {
      if (link.dialling === socket && REFUSED_CODES.has(error.code ?? '')) this.sayRefused(link);
    });
    socket.on('close', () => {
      clearTimeout(deadline);
      this.sockets.delete(socket);
      if (link.dialling === socket) {
        link.dialling = null;
        this.redialLater(link);
      } else this.onHalfClosed(link, socket);
    });
  }

  private onDialled(link: Link, socket: Socket): void {
    const { id, host, port } = link;
    const { self, secret } = this.options;
    servePeerConnection({
      socket,
      handshake: diallerHandshake({ self, secret, peer: id }),
      onProven: (identity) => {
        link.dialling = null;
        link.outbound = { socket, identity, sinceMs: performance.now() };
        this.maybeUp(link);
      },
      // Nothing is ever said on it after the handshake; whoever does so is no peer of this version.
      onLine: () => socket.destroy(),
      onFailed: ({ reason }) =>
        this.complain(`dial ${id} ${reason}`, `no link to ${id}: ${reason}`, { host, port }),
    });
  }

  private sayRefused(link: Link): void {
    if (link.saidRefused || this.closed) return;
    link.saidRefused = true;
    this.options.onDown(link.id, { refused: true });
  }

  private redialLater(link: Link): void {
    if (this.closed) return;
    clearTimeout(link.redialTimer);
    if (link.saidRefused) link.redialMs = Math.max(REDIAL_MS_MIN, link.redialMs);
    link.redialTimer = setTimeout(() => this.dial(link), link.redialMs);
    link.redialMs = Math.min(REDIAL_MS_MAX, link.redialMs * 1.5);
  }

  // --- inbound ---

  private accept(socket: Socket): void {
    socket.on('error', () => {}); // the close that follows says enough
    if (this.strangersCount >= STRANGERS_MAX) {
      this.complain('crowd', 'turned a connection away: too many that prove nothing');
      socket.destroy();
      return;
    }
    this.strangersCount += 1;
    this.sockets.add(socket);
    const { self, secret } = this.options;
    const remote = socket.remoteAddress;
    let link: Link | undefined;
    servePeerConnection({
      socket,
      handshake: acceptorHandshake({ self, secret, peers: this.ids }),
      onProven: (identity) => {
        this.strangersCount -= 1;
        link = this.links.get(identity.id);
        if (link) this.welcome(link, { socket, identity, sinceMs: performance.now() });
      },
      onLine: (line) => {
        if (link) this.hear(link, socket, line);
      },
      onFailed: ({ id, reason }) =>
        this.complain(`accept ${id} ${reason}`, `no link from ${id ?? 'a stranger'}: ${reason}`, {
          remote,
        }),
    });
    socket.on('close', () => {
      this.sockets.delete(socket);
      if (link) this.onHalfClosed(link, socket);
      else this.strangersCount -= 1;
    });
  }

  /** A newer connection of a peer replaces its older one, which it has given up. */
  private welcome(link: Link, half: Half): void {
    if (link.up) this.lose(link);
    link.inbound?.socket.destroy();
    link.inbound = half;
    link.early = [];
    this.maybeUp(link);
    // It dials, so it listens too: not a moment to wait, least of all for a look-up of its name, which may
    // be slow to learn where a container has come back.
    const { dialling } = link;
    if (dialling?.connecting) {
      link.dialling = null;
      dialling.destroy();
    }
    this.dial(link, isIP(link.host) ? undefined : half.socket.remoteAddress);
  }

  private hear(link: Link, socket: Socket, line: string): void {
    if (link.inbound?.socket !== socket) return;
    if (!link.up) {
      link.early.push(line);
      if (link.early.length > EARLY_LINES_MAX) socket.destroy();
      return;
    }
    const message = this.options.parse(parseJson(line));
    if (message !== null) return this.options.onMessage(link.id, message);
    const text = 'a peer sent what is no message: is it of another version?';
    this.complain(`message ${link.id}`, text, { peer: link.id });
    this.lose(link);
  }

  // --- both ---

  private maybeUp(link: Link): void {
    const { outbound, inbound } = link;
    if (link.up || this.closed || !outbound || !inbound) return;
    if (outbound.identity.boot !== inbound.identity.boot) {
      // The peer was started anew between the two: the older half leads to a process that is gone.
      const older = outbound.sinceMs < inbound.sinceMs ? outbound : inbound;
      older.socket.destroy();
      return this.onHalfClosed(link, older.socket);
    }
    link.up = true;
    this.options.onUp(link.id, outbound.identity);
    const early = link.early;
    link.early = [];
    for (const line of early) this.hear(link, inbound.socket, line);
  }

  private onHalfClosed(link: Link, socket: Socket): void {
    if (link.up && (link.outbound?.socket === socket || link.inbound?.socket === socket)) {
      return this.lose(link);
    }
    if (link.inbound?.socket === socket) link.inbound = null;
    if (link.outbound?.socket !== socket) return;
    link.outbound = null;
    this.redialLater(link);
  }

  /** Gives up both halves of a link that was up, tells, and dials again. */
  private lose(link: Link): void {
    const { outbound, inbound } = link;
    Object.assign(link, { outbound: null, inbound: null, up: false, pending: [], early: [] });
    outbound?.socket.destroy();
    inbound?.socket.destroy();
    if (this.closed) return;
    this.options.onDown(link.id, { refused: false });
    const nowMs = performance.now();
    const isAgain = nowMs - link.lostMs < LOST_AGAIN_MS;
    link.lostMs = nowMs;
    if (isAgain) return this.redialLater(link);
    link.redialMs = DYING_REDIAL_MS;
    this.dial(link);
  }

  send(peer: string, message: M): boolean {
    const link = this.links.get(peer);
    if (!link?.up) return false;
    if (this.encoded?.message !== message)
      this.encoded = { message, text: JSON.stringify(message) };
    link.pending.push(this.encoded.text);
    return true;
  }

  flush(): void {
    this.encoded = null;
    for (const link of this.links.values()) {
      if (link.pending.length === 0 || !link.outbound) continue;
      const { socket } = link.outbound;
      socket.write(`${link.pending.join('\n')}\n`);
      link.pending = [];
      if (socket.writableLength <= BACKLOG_BYTES_MAX) continue;
      this.complain(`backlog ${link.id}`, 'a peer reads nothing: the link is closed', {
        peer: link.id,
      });
      socket.destroy();
    }
  }

  renew(peer: string): void {
    const link = this.links.get(peer);
    if (link?.up) link.outbound?.socket.destroy();
  }

  async close(): Promise<void> {
    this.flush();
    this.closed = true;
    for (const link of this.links.values()) clearTimeout(link.redialTimer);
    for (const socket of this.sockets) {
      // Last words go out, for a moment.
      if (socket.connecting) socket.destroy();
      else socket.destroySoon();
      destroyAfter(socket, LAST_WORDS_MS).unref();
    }
    if (!this.server.listening) return;
    this.server.close();
    await once(this.server, 'close');
  }
}

function createLink(peer: { id: string; host: string; port: number }): Link {
  return {
    ...peer,
    dialling: null,
    outbound: null,
    inbound: null,
    up: false,
    lostMs: Number.NEGATIVE_INFINITY,
    redialMs: REDIAL_MS_MIN,
    redialTimer: undefined,
    saidRefused: false,
    pending: [],
    early: [],
  };
}

function destroyAfter(socket: Socket, ms: number): NodeJS.Timeout {
  return setTimeout(() => socket.destroy(), ms);
}
