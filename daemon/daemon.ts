// The shell: it owns a daemon's resources (disk, sockets, timers) and contains no rule of the protocol.
// Whatever comes in is handed to the host at once; a turn never awaits, so no second event can see what
// is not saved yet.
import { randomBytes } from 'node:crypto';
import { existsSync, rmSync } from 'node:fs';
import { performance } from 'node:perf_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from 'pino';
import { type ClusterServer, clientAddressOf } from '../lib/cluster-file.ts';
import type { RefusalCode } from '../lib/protocol/refusals.ts';
import { Calm } from './calm.ts';
import type { Chat } from './chat/chat.ts';
import { chatSecrets } from './chat-secrets.ts';
import type { DaemonConfig } from './config.ts';
import { coresOn } from './cores.ts';
import { forgetServer, type Verdict } from './forget.ts';
import { createHost, type Host, type Surroundings } from './host.ts';
import { type ClientGateway, openClientGateway } from './net/client-gateway.ts';
import { type HeartbeatSocket, openHeartbeatSocket } from './net/heartbeat-socket.ts';
import { openPeerLinks, type PeerLinks } from './net/peer-links.ts';
import { type CommandAnswer, type HttpServer, openHttp } from './ops/http.ts';
import { operatorProblem } from './ops/operator-seal.ts';
import { yieldToRoom } from './priority.ts';
import { rehearse } from './rehearsal.ts';
import { createRetention } from './retention.ts';
import { Announcement, type PeerMessage, parsePeerMessage } from './ring/messages.ts';
import { TICK_INTERVAL_MS } from './ring/settings.ts';
import { phaseOf, type Ring, type RingServer } from './ring/state.ts';
import { Rush } from './rush.ts';
import { startIndexThread } from './search/index-thread.ts';
import { type Search, startSearch } from './search/search.ts';
import { openSearchIndex, searchPathOf } from './search/search-index.ts';
import { statusOf } from './status.ts';
import { openSqliteStore } from './store/sqlite-store.ts';
import type { Store } from './store/store.ts';
import { createTurnLoop, type TurnLoop } from './turn-loop.ts';

export type Daemon = Readonly<{
  /** Hands over, tells the clients where to go, and closes everything. */
  stop(): Promise<void>;
  /** Resolves when the daemon cannot go on (its disk failed); everything is closed then. */
  failed: Promise<Error>;
}>;

/** Entries on their way to the disks of other servers, from which on turns had better be few. */
const CROWDED_ENTRIES = 64;

/** Longest wait for a successor when stopping: several changes of view. */
const HAND_OVER_MS_MAX = 2_000;

/**
 * From the last socket closed to the disk tidied up: with whoever took over people go on meanwhile, on what may be the
 * same disk. The first message after a SIGTERM was seen after 13.8 ms with it and after 19.6 without (medians of three
 * times twelve, in turn).
 */
const REST_MS = 150;

/** Between two looks at everything: damage that nobody reads is found within this and a pass. */
const SCRUB_REST_MS = 3_600_000;

/** Bytes of a sign-in nonce: 144 bits, never to be drawn twice. */
const NONCE_BYTES = 18;

type Cores = Readonly<{ ring: Ring; chat: Chat; store: Store; boot: string }>;

/** Filled one by one while the daemon starts, in this order. */
type Sockets = {
  heartbeats?: HeartbeatSocket;
  links?: PeerLinks<PeerMessage>;
  gateway?: ClientGateway;
  http?: HttpServer;
};

/**
 * Starts a server: resolves once it listens on all its ports.
 * Rejects with an error that has a `code` and a text for people: port in use, directory locked, disk full.
 */
export async function startDaemon(parts: {
  config: DaemonConfig;
  logger: Logger;
}): Promise<Daemon> {
  const { config, logger } = parts;
  // Before there is a clock that would find it long.
  try {
    rehearse();
  } catch (error) {
    // It only saves time.
    logger.warn({ err: error }, 'the rehearsal failed: the first leadership will be slower');
  }
  const incarnationOf = () => randomBytes(8).toString('hex');
  const isNew = !existsSync(config.dataDirectory);
  const store = openSqliteStore({ directory: config.dataDirectory, incarnationOf });
  const sockets: Sockets = {};
  const search = openSearch({
    config,
    logger,
    store,
    prunedBelowMs: () => cores.chat.prunedBelowMs(),
  });
  const cores: Cores = openCores(config, store, search);
  const failure = Promise.withResolvers<Error>();
  const drained = Promise.withResolvers<void>();
  const host = createHost({
    ...cores,
    scrub: { perSecond: config.scrubRate, restMs: SCRUB_REST_MS },
    world: surroundingsOf({ cores, sockets, logger, drained: drained.resolve, goOnSoon }),
  });
  const loop = createTurnLoop({
    endTurn: host.endTurn,
    isCrowded: () => isCrowded(cores.ring),
    onError,
  });
  const retention = createRetention({
    ...cores,
    host,
    settings: config.retention,
    nowMs: () => performance.now(),
    wallMs: () => Date.now(),
  });
  const calm = new Calm();
  const rush = new Rush();
  const ticker = setInterval(() => loop.run(tick), TICK_INTERVAL_MS);

  function tick(): void {
    host.tick();
    retention.tick();
    const nowMs = performance.now();
    // Both are asked every time: each goes by what it saw before.
    const isCalm = calm.isCalm(cores.ring, nowMs);
    const isQuiet = rush.isQuiet(entryCount(store), search.lackCount(), nowMs);
    search.tick(isCalm && (isQuiet || search.isWanted()));
  }

  function goOnSoon(): void {
    // What came in meanwhile has its turn first.
    setImmediate(() => loop.run(host.goOn));
  }

  async function close(code: RefusalCode, restMs = 0): Promise<void> {
    loop.close();
    clearInterval(ticker);
    await sockets.gateway?.stop(code);
    await Promise.all([sockets.links?.close(), sockets.heartbeats?.close(), sockets.http?.close()]);
    await delay(restMs);
    await search.close();
    if (code === 'shutting-down') settle();
    store.close();
  }

  function settle(): void {
    try {
      host.settle();
    } catch (error) {
      logger.warn({ err: error }, 'the disk failed at the end: what was written last is lost');
    }
  }

  function onError(error: Error): void {
    logger.fatal({ err: error }, 'the daemon cannot go on');
    const tell = () => failure.resolve(error);
    close('storage-failed').then(tell, tell);
  }

  async function stop(): Promise<void> {
    loop.run(() => host.feedRing({ type: 'drain' }));
    const timeout = setTimeout(() => {
      logger.warn({ waitedMs: HAND_OVER_MS_MAX }, 'nobody took over in time: leaving all the same');
      drained.resolve();
    }, HAND_OVER_MS_MAX);
    await Promise.race([drained.promise, failure.promise]);
    clearTimeout(timeout);
    yieldToRoom();
    await close('shutting-down', REST_MS);
  }

  try {
    await openSockets({ config, logger, cores, sockets, host, loop });
  } catch (error) {
    await close('shutting-down');
    // A start that came to nothing leaves nothing behind.
    if (isNew) rmSync(config.dataDirectory, { recursive: true, force: true });
    throw error;
  }
  let stopping: Promise<void> | null = null;
  return {
    stop: () => {
      stopping ??= stop();
      return stopping;
    },
    failed: failure.promise,
  };
}

/** What this turn appended has not been sent yet: where nothing else is under way there is nothing to wait for. */
function isCrowded({ stream, unsent }: Ring): boolean {
  const underWay = stream === null ? 0 : stream.sequence - unsent.length - stream.committed;
  return underWay >= CROWDED_ENTRIES;
}

function entryCount(store: Store): number {
  let count = 0;
  for (const last of store.digest().values()) count += last;
  return count;
}

function ringServerOf(server: ClusterServer): RingServer {
  return { id: server.id, ringPosition: server.ringPosition, address: clientAddressOf(server) };
}

function peersOf(config: DaemonConfig): ClusterServer[] {
  return config.cluster.servers.filter((server) => server.id !== config.self.id);
}

/** Beside the history: filled behind it by a thread of its own, and asked here. */
function openSearch(parts: {
  config: DaemonConfig;
  logger: Logger;
  store: Store;
  prunedBelowMs: () => number;
}): Search {
  const { config, logger, store, prunedBelowMs } = parts;
  const { dataDirectory: directory } = config;
  const { incarnation } = store.ringRecord();
  return startSearch({
    ...{ store, prunedBelowMs },
    openIndex: (isAnew) => openSearchIndex(directory, incarnation, isAnew),
    startWriter: (onFailed) => startIndexThread(searchPathOf(directory), onFailed),
    nowMs: () => performance.now(),
    warn: (error, text) => logger.warn({ err: error }, text),
  });
}

function openCores(config: DaemonConfig, store: Store, search: Search): Cores {
  const boot = randomBytes(8).toString('hex');
  const cores = coresOn({
    ...{ store, search, boot, copiesMin: config.copiesMin },
    secrets: chatSecrets(config.secret),
    self: ringServerOf(config.self),
    peers: peersOf(config).map(ringServerOf),
    nowMs: performance.now(),
  });
  return { ...cores, store, boot };
}

type WorldParts = Pick<Surroundings, 'drained' | 'goOnSoon'> &
  Readonly<{ cores: Cores; sockets: Sockets; logger: Logger }>;

function surroundingsOf(parts: WorldParts): Surroundings {
  const { cores, sockets, logger, drained, goOnSoon } = parts;
  const { ring } = cores;
  return {
    nowMs: () => performance.now(),
    wallMs: () => Date.now(),
    draw: () => Math.random(),
    sendPeer: (to, message) => {
      sockets.links?.send(to, message);
    },
    flushPeers: () => sockets.links?.flush(),
    renewPeer: (peer) => sockets.links?.renew(peer),
    sendHeartbeat: (announcement) => sockets.heartbeats?.send(announcement),
    sendClient: (connection, frame) => sockets.gateway?.send(connection, frame),
    sendClients: (connections, frame, mayWait) =>
      mayWait
        ? sockets.gateway?.sendAllSoon(connections, frame)
        : sockets.gateway?.sendAll(connections, frame),
    closeClient: (connection, code) => sockets.gateway?.close(connection, code),
    flushClients: () => sockets.gateway?.flush(),
    goOnSoon,
    log: (level, message, fields) =>
      logger[level](
        { term: ring.view?.term ?? ring.installedTerm, phase: phaseOf(ring), ...fields },
        message,
      ),
    drained,
  };
}

type SocketParts = {
  config: DaemonConfig;
  logger: Logger;
  cores: Cores;
  sockets: Sockets;
  host: Host;
  loop: TurnLoop;
};

/** Heartbeats first, so that a link that comes up finds the socket that is to expect its peer. */
async function openSockets(parts: SocketParts): Promise<void> {
  const { config, logger, cores, sockets, host, loop } = parts;
  const { ring, chat, store } = cores;
  const common = {
    self: { id: config.self.id, incarnation: ring.self.incarnation, boot: cores.boot },
    secret: config.secret,
    logger,
  };
  sockets.heartbeats = await openHeartbeatSocket({
    ...common,
    bind: { host: config.bindHost, port: config.self.heartbeatPort },
    peers: peersOf(config).map((server) => ({
      id: server.id,
      host: server.host,
      port: server.heartbeatPort,
    })),
    onHeartbeat: (from, payload) => {
      const announcement = Announcement.safeParse(payload).data;
      if (announcement) loop.run(() => host.feedRing({ type: 'heartbeat', from, announcement }));
    },
  });
  sockets.gateway = await openClientGateway({
    host: config.bindHost,
    port: config.self.clientPort,
    logger,
    onOpened: (connection) => {
      const nonce = randomBytes(NONCE_BYTES).toString('base64url');
      loop.gather(() => host.feedChat({ type: 'opened', connection, nonce }));
    },
    onMessage: (connection, message) =>
      loop.run(() => host.feedChat({ type: 'message', connection, message })),
    onBadRequest: (connection, number, reason) =>
      loop.run(() => host.feedChat({ type: 'badRequest', connection, number, reason })),
    onClosed: (connection) => loop.run(() => host.feedChat({ type: 'closed', connection })),
  });
  sockets.http = await openHttp({
    host: config.bindHost,
    port: config.self.httpPort,
    status: () => statusOf({ ring, chat, store, nowMs: performance.now(), wallMs: Date.now() }),
    ready: () => readiness(ring),
    forget: (server, seal) => forget(parts, { server, seal }),
  });
  sockets.links = await openPeerLinks<PeerMessage>({
    ...common,
    bind: { host: config.bindHost, port: config.self.peerPort },
    peers: peersOf(config).map((server) => ({
      id: server.id,
      host: server.host,
      port: server.peerPort,
    })),
    parse: parsePeerMessage,
    onUp: (peer, { incarnation, boot }) => {
      sockets.heartbeats?.expect(peer, { incarnation, boot });
      loop.run(() => host.feedRing({ type: 'linkUp', peer, boot }));
    },
    onDown: (peer, { refused }) =>
      loop.run(() => host.feedRing({ type: 'linkDown', peer, refused })),
    onMessage: (from, message) => loop.run(() => host.takePeerMessage(from, message)),
  });
}

const FORGET_CODES = { done: 200, refused: 409, later: 503 } as const;

function forget(
  { config, cores: { ring }, host, loop }: SocketParts,
  { server, seal }: { server: string; seal: string | undefined },
): CommandAnswer {
  const wallMs = Date.now();
  const given = { command: `forget ${server}`, seal, wallMs };
  const problem = operatorProblem(config.secret, given);
  if (problem !== null) return { code: 403, body: { error: problem } };
  let verdict: Verdict = { outcome: 'later', reason: 'this server is stopping' };
  loop.run(() => {
    verdict = forgetServer({ ring, host }, { server, wallMs });
  });
  const { outcome, reason } = verdict;
  return { code: FORGET_CODES[outcome], body: { ok: outcome === 'done', reason } };
}

function readiness(ring: Ring): { ok: boolean; reason: string } {
  const ok = ring.view !== null && !ring.draining;
  return { ok, reason: ok ? 'in a view' : `${phaseOf(ring)}, in no view` };
}
