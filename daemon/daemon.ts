// The shell: it owns a daemon's resources (disk, sockets, timers) and contains no rule of the protocol.
// Whatever comes in is handed to the host at once, and the turn ends when the loop has nothing more to
// hand over; a turn never awaits, so no second event can see what is not saved yet.
import { randomBytes } from 'node:crypto';
import { performance } from 'node:perf_hooks';
import type { Logger } from 'pino';
import { type ClusterServer, clientAddressOf } from '../lib/cluster-file.ts';
import type { RefusalCode } from '../lib/protocol/refusals.ts';
import { createChat } from './chat/chat.ts';
import { chatSecrets } from './chat-secrets.ts';
import type { DaemonConfig } from './config.ts';
import { createHost, type Host, type Surroundings } from './host.ts';
import { type ClientGateway, openClientGateway } from './net/client-gateway.ts';
import { type HeartbeatSocket, openHeartbeatSocket } from './net/heartbeat-socket.ts';
import { openPeerLinks, type PeerLinks } from './net/peer-links.ts';
import { openHttp } from './ops/http.ts';
import { Announcement, PeerMessage } from './ring/messages.ts';
import { TICK_INTERVAL_MS } from './ring/settings.ts';
import { createRing, phaseOf, type Ring, type RingServer } from './ring/state.ts';
import { statusOf } from './status.ts';
import { openSqliteStore } from './store/sqlite-store.ts';
import type { Store } from './store/store.ts';

export type Daemon = Readonly<{
  /** Hands over, tells the clients where to go, and closes everything. */
  stop(): Promise<void>;
  /** Resolves when the daemon cannot go on (its disk failed); everything is closed then. */
  failed: Promise<Error>;
}>;

/** Longest wait for a successor when stopping: several changes of view. */
const HAND_OVER_MS_MAX = 2_000;

/** Bytes of a sign-in nonce: 144 bits, never to be drawn twice. */
const NONCE_BYTES = 18;

function ringServerOf(server: ClusterServer): RingServer {
  return { id: server.id, ringPosition: server.ringPosition, address: clientAddressOf(server) };
}

/**
 * Starts a server: resolves once it listens on all its ports.
 * Rejects with an error that has a `code` and a text for people: port in use, directory locked, disk full.
 */
export async function startDaemon(parts: {
  config: DaemonConfig;
  logger: Logger;
}): Promise<Daemon> {
  const { config, logger } = parts;
  const store = openSqliteStore({
    directory: config.dataDirectory,
    incarnationOf: () => randomBytes(8).toString('hex'),
  });
  try {
    return await startWithStore({ config, logger, store });
  } catch (error) {
    store.close();
    throw error;
  }
}

async function startWithStore(parts: {
  config: DaemonConfig;
  logger: Logger;
  store: Store;
}): Promise<Daemon> {
  const { config, logger, store } = parts;
  const boot = randomBytes(8).toString('hex');
  const others = config.cluster.servers.filter((server) => server.id !== config.self.id);
  const ring = createRing({
    self: ringServerOf(config.self),
    peers: others.map(ringServerOf),
    copiesMin: config.copiesMin,
    boot,
    record: store.ringRecord(),
    digest: store.digest(),
    hlc: store.highestTime(),
    nowMs: performance.now(),
  });
  const chat = createChat({
    reader: store,
    secrets: chatSecrets(config.secret),
    self: { id: config.self.id, address: clientAddressOf(config.self) },
    copiesMin: config.copiesMin,
    restored: store.readOthers(),
  });

  const failure = Promise.withResolvers<Error>();
  const drained = Promise.withResolvers<void>();
  let host: Host | null = null;
  let turnScheduled = false;
  let closed = false;

  function scheduleTurn(): void {
    if (turnScheduled) return;
    turnScheduled = true;
    setImmediate(() => {
      turnScheduled = false;
      if (!closed) attempt(() => host?.endTurn());
    });
  }

  /** Runs one piece of a turn; whatever it throws ends the daemon, for its state can no longer be trusted. */
  function attempt(piece: () => void): void {
    if (closed) return;
    try {
      piece();
    } catch (error) {
      fail(error instanceof Error ? error : new Error(String(error)));
    }
  }

  function feed(piece: (host: Host) => void): void {
    attempt(() => {
      if (host) piece(host);
    });
    scheduleTurn();
  }

  const identity = { id: config.self.id, incarnation: ring.self.incarnation, boot };
  const secret = config.secret;
  const bindHost = config.bindHost;
  const links: PeerLinks<PeerMessage> = await openPeerLinks<PeerMessage>({
    self: identity,
    bind: { host: bindHost, port: config.self.peerPort },
    peers: others.map((server) => ({ id: server.id, host: server.host, port: server.peerPort })),
    secret,
    parse: (value) => PeerMessage.safeParse(value).data ?? null,
    logger,
    onUp: (peer, { incarnation, boot: peerBoot }) => {
      heartbeats?.expect(peer, { incarnation, boot: peerBoot });
      feed((it) => it.feedRing({ type: 'linkUp', peer, boot: peerBoot }));
    },
    onDown: (peer, { refused }) => feed((it) => it.feedRing({ type: 'linkDown', peer, refused })),
    onMessage: (from, message) => feed((it) => takeMessage(it, from, message)),
  });
  let heartbeats: HeartbeatSocket | null = null;
  let gateway: ClientGateway | null = null;
  let http: Awaited<ReturnType<typeof openHttp>> | null = null;
  let ticker: NodeJS.Timeout | undefined;

  function takeMessage(it: Host, from: string, message: PeerMessage): void {
    it.feedRing({ type: 'message', from, message });
    if (message.type === 'presence')
      it.feedChat({ type: 'presenceHeard', accounts: message.accounts });
  }

  async function close(code: RefusalCode): Promise<void> {
    closed = true;
    clearInterval(ticker);
    await gateway?.stop(code);
    await Promise.all([links.close(), heartbeats?.close(), http?.close()]);
    store.close();
  }

  function fail(error: Error): void {
    if (closed) return;
    closed = true;
    logger.fatal({ err: error }, 'the daemon cannot go on');
    close('storage-failed').then(
      () => failure.resolve(error),
      () => failure.resolve(error),
    );
  }

  try {
    heartbeats = await openHeartbeatSocket({
      self: identity,
      bind: { host: bindHost, port: config.self.heartbeatPort },
      peers: others.map((server) => ({
        id: server.id,
        host: server.host,
        port: server.heartbeatPort,
      })),
      secret,
      logger,
      onHeartbeat: (from, payload) => {
        const announcement = Announcement.safeParse(payload).data;
        if (announcement) feed((it) => it.feedRing({ type: 'heartbeat', from, announcement }));
      },
    });
    gateway = await openClientGateway({
      host: bindHost,
      port: config.self.clientPort,
      logger,
      onOpened: (connection) => {
        const nonce = randomBytes(NONCE_BYTES).toString('base64url');
        feed((it) => it.feedChat({ type: 'opened', connection, nonce }));
      },
      onMessage: (connection, message) =>
        feed((it) => it.feedChat({ type: 'message', connection, message })),
      onClosed: (connection) => feed((it) => it.feedChat({ type: 'closed', connection })),
    });
    http = await openHttp({
      host: bindHost,
      port: config.self.httpPort,
      status: () => statusOf({ ring, chat, store, nowMs: performance.now(), wallMs: Date.now() }),
      ready: () => readiness(ring),
    });
  } catch (error) {
    await close('shutting-down');
    throw error;
  }

  const clients = gateway;
  const datagrams = heartbeats;
  const world: Surroundings = {
    nowMs: () => performance.now(),
    wallMs: () => Date.now(),
    draw: () => Math.random(),
    sendPeer: (to, message) => links.send(to, message),
    flushPeers: () => links.flush(),
    sendHeartbeat: (announcement) => datagrams.send(announcement),
    sendClient: (connection, frame) => clients.send(connection, frame),
    sendClients: (connections, frame) => clients.sendAll(connections, frame),
    closeClient: (connection, code) => clients.close(connection, code),
    flushClients: () => clients.flush(),
    log: (level, message, fields) =>
      logger[level](
        { term: ring.view?.term ?? ring.installedTerm, phase: phaseOf(ring), ...fields },
        message,
      ),
    drained: () => drained.resolve(),
  };
  host = createHost({ ring, chat, store, world });
  ticker = setInterval(() => {
    feed((it) => {
      it.feedRing({ type: 'tick' });
      it.feedChat({ type: 'tick' });
    });
  }, TICK_INTERVAL_MS);

  let stopping: Promise<void> | null = null;
  async function stop(): Promise<void> {
    if (closed) return;
    feed((it) => it.feedRing({ type: 'drain' }));
    const timeout = setTimeout(() => {
      logger.warn({ waitedMs: HAND_OVER_MS_MAX }, 'nobody took over in time: leaving all the same');
      drained.resolve();
    }, HAND_OVER_MS_MAX);
    await drained.promise;
    clearTimeout(timeout);
    await close('shutting-down');
  }

  return {
    stop: () => {
      stopping ??= stop();
      return stopping;
    },
    failed: failure.promise,
  };
}

function readiness(ring: Ring): { ok: boolean; reason: string } {
  const ok = ring.view !== null && !ring.draining;
  return { ok, reason: ok ? 'in a view' : `${phaseOf(ring)}, in no view` };
}
