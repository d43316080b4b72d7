// --local: three daemons as child processes of the screen. They end with it however it ends, because the
// pipe on their standard input closes. Kill, pause and start act on them, to watch a failover.
import { randomBytes } from 'node:crypto';
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { execa, type ResultPromise } from 'execa';
import { builtInCluster, type ClusterServer, clientAddressOf } from '../lib/cluster-file.ts';
import { claimLocal, localFolder, readLocalRecord, releaseLocal } from './local-record.ts';
import { freeBlock } from './port-block.ts';
import type { LocalVerb } from './state/action.ts';
import type { LocalServers } from './state/model.ts';
import { welcomeAt } from './welcome-probe.ts';

/** A cluster that does not lead within this has a reason that its log tells. */
const READY_MS_MAX = 20_000;
const READY_POLL_MS = 25;
/** Handing over and closing take far less; then they are killed. */
const STOP_MS_MAX = 3_000;
const SECRET_BYTES = 32;

export type LocalCluster = Readonly<{
  addresses: readonly string[];
  /** Whether another process holds the servers, so that they are not ours to kill or to stop. */
  isJoined: boolean;
  /** What was in the way of the built-in ports; empty when nothing was. */
  taken: readonly string[];
  /** null when joined. */
  servers(): LocalServers | null;
  /** @returns what was done, in words. Throws Error when a server does not come up */
  act(verb: LocalVerb, id: string): Promise<string>;
  onChange(listener: () => void): void;
  /** Ends the servers that this process started, handing over on the way. */
  stop(): Promise<void>;
}>;

type Child = { server: ClusterServer; process: ResultPromise | null; isPaused: boolean };

/** The daemon's executable: built beside this file's folder, or its source. */
function daemonMain(): string {
  const built = new URL('../daemon/main.js', import.meta.url).pathname;
  return existsSync(built) ? built : new URL('../daemon/main.ts', import.meta.url).pathname;
}

/** The secret of the local cluster, made once. */
function secretFile(folder: string): string {
  const path = join(folder, 'secret');
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  if (!existsSync(path)) {
    writeFileSync(path, `${randomBytes(SECRET_BYTES).toString('hex')}\n`, { mode: 0o600 });
  }
  return path;
}

class OwnCluster {
  readonly children: Child[];
  readonly folder: string;
  readonly base: number;
  private readonly secret: string;
  private listener: () => void = () => {};

  constructor(folder: string, base: number) {
    this.folder = folder;
    this.base = base;
    this.secret = secretFile(folder);
    this.children = builtInCluster(base).servers.map((server) => ({
      server,
      process: null,
      isPaused: false,
    }));
  }

  onChange(listener: () => void): void {
    this.listener = listener;
  }

  private logPath(id: string): string {
    return join(this.folder, `${id}.log`);
  }

  /** @param flags `w` begins the log anew, `a` goes on with it */
  spawn(child: Child, flags: 'w' | 'a'): void {
    const { id } = child.server;
    const log = openSync(this.logPath(id), flags, 0o600);
    const options = ['--id', id, '--data', join(this.folder, id)];
    const process_ = execa(
      process.execPath,
      [
        ...[daemonMain(), ...options, '--port-base', String(this.base)],
        ...['--secret-file', this.secret, '--log-format', 'json', '--exit-with-parent'],
      ],
      // The file itself, not a pipe through the screen: the last lines are written when that is gone.
      { stdin: 'pipe', stdout: log, stderr: log, reject: false, buffer: false, cleanup: false },
    );
    closeSync(log);
    child.process = process_;
    child.isPaused = false;
    process_.finally(() => {
      if (child.process !== process_) return;
      child.process = null;
      child.isPaused = false;
      this.listener();
    });
    this.listener();
  }

  states(): LocalServers {
    return Object.fromEntries(
      this.children.map(({ server, process: running, isPaused }) => [
        server.id,
        running === null ? 'stopped' : isPaused ? 'paused' : 'running',
      ]),
    );
  }

  private lastWords(id: string): string {
    return readFileSync(this.logPath(id), 'utf8').trim().split('\n').slice(-3).join('\n');
  }

  /** Waits until the server greets. @throws Error with its last words when it ended instead */
  async greeted(child: Child): Promise<void> {
    const { id, host, clientPort } = child.server;
    const untilMs = performance.now() + READY_MS_MAX;
    while (performance.now() < untilMs) {
      if (!child.process) throw new Error(`${id} ended at its start:\n${this.lastWords(id)}`);
      if (await welcomeAt(host, clientPort)) return;
      await delay(READY_POLL_MS);
    }
    throw new Error(`${id} does not answer; its log: ${this.logPath(id)}`);
  }

  async act(verb: LocalVerb, id: string): Promise<string> {
    const child = this.children.find(({ server }) => server.id === id);
    if (!child) return `no ${id} here`;
    return VERBS[verb](this, child);
  }

  pause(child: Child, isPaused: boolean): void {
    child.process?.kill(isPaused ? 'SIGSTOP' : 'SIGCONT');
    child.isPaused = isPaused;
    this.listener();
  }

  async stop(): Promise<void> {
    const running = this.children.flatMap((child) => child.process ?? []);
    for (const process_ of running) {
      process_.kill('SIGCONT'); // a paused one would not notice that it is asked
      process_.kill('SIGTERM');
    }
    const timer = setTimeout(() => {
      for (const process_ of running) process_.kill('SIGKILL');
    }, STOP_MS_MAX);
    await Promise.all(running);
    clearTimeout(timer);
  }
}

const VERBS: Readonly<
  Record<LocalVerb, (cluster: OwnCluster, child: Child) => Promise<string> | string>
> = {
  kill: async (_cluster, child) => {
    const running = child.process;
    if (!running) return `${child.server.id} does not run`;
    running.kill('SIGKILL');
    await running;
    return `${child.server.id} killed · /start ${child.server.id} brings it back`;
  },
  pause: (cluster, child) => {
    if (!child.process) return `${child.server.id} does not run`;
    cluster.pause(child, true);
    return `${child.server.id} frozen · /start ${child.server.id} thaws it`;
  },
  start: async (cluster, child) => {
    const { id } = child.server;
    if (child.process && !child.isPaused) return `${id} runs already`;
    if (child.process) {
      cluster.pause(child, false);
      return `${id} goes on`;
    }
    cluster.spawn(child, 'a');
    await cluster.greeted(child);
    return `${id} started`;
  },
};

/** Waits until some server of the addresses leads. */
async function led(servers: readonly ClusterServer[]): Promise<void> {
  const untilMs = performance.now() + READY_MS_MAX;
  while (performance.now() < untilMs) {
    const welcomes = await Promise.all(
      servers.map(({ host, clientPort }) => welcomeAt(host, clientPort)),
    );
    if (welcomes.some((welcome) => welcome?.state === 'leading')) return;
    await delay(READY_POLL_MS);
  }
  throw new Error('no server leads; the logs are beside the data');
}

async function joined(base: number): Promise<LocalCluster> {
  const { servers } = builtInCluster(base);
  await led(servers);
  return {
    addresses: servers.map(clientAddressOf),
    isJoined: true,
    taken: [],
    servers: () => null,
    act: async () => 'another terminal holds the servers: type it there',
    onChange: () => {},
    stop: async () => {},
  };
}

/**
 * Starts the local cluster, or joins the one that another terminal holds.
 * @param onProgress told what goes on, a line each
 * @throws Error that says why it does not come up
 */
export async function startLocalCluster(fields: {
  dataFolder: string;
  portBase?: number | undefined;
  onProgress: (text: string) => void;
}): Promise<LocalCluster> {
  const { dataFolder, onProgress } = fields;
  const held = readLocalRecord(dataFolder);
  if (held) {
    onProgress(`joining the servers that another terminal started (${held.addresses.join(', ')})`);
    return joined(held.base);
  }
  const { base, taken } = await freeBlock(fields.portBase);
  if (taken.length > 0) onProgress(`${taken.join(', ')} taken by something else: using ${base} on`);
  if (!claimLocal(dataFolder, base)) return startLocalCluster(fields);
  const cluster = new OwnCluster(localFolder(dataFolder), base);
  // However this process ends, the claim dies with its pid; removing it is politeness.
  process.on('exit', () => releaseLocal(dataFolder));
  try {
    await bringUp(cluster, onProgress);
  } catch (error) {
    await cluster.stop();
    releaseLocal(dataFolder);
    throw error;
  }
  return {
    addresses: cluster.children.map(({ server }) => clientAddressOf(server)),
    isJoined: false,
    taken,
    servers: () => cluster.states(),
    act: (verb, id) => cluster.act(verb, id),
    onChange: (listener) => cluster.onChange(listener),
    stop: async () => {
      await cluster.stop();
      releaseLocal(dataFolder);
    },
  };
}

async function bringUp(cluster: OwnCluster, onProgress: (text: string) => void): Promise<void> {
  const ids = cluster.children.map(({ server }) => server.id).join(', ');
  onProgress(`starting ${ids} (data and logs: ${cluster.folder})`);
  for (const child of cluster.children) cluster.spawn(child, 'w');
  await Promise.all(
    cluster.children.map(async (child) => {
      await cluster.greeted(child);
      onProgress(`${child.server.id} answers on ${clientAddressOf(child.server)}`);
    }),
  );
  await led(cluster.children.map(({ server }) => server));
}
