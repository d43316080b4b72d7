// `--local`: three daemons as child processes of this screen, with their data in the user's data folder. They hold a pipe from this process on their standard input and end when
// it closes, so that none outlives the screen, however that ends.
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, open, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { ResultPromise } from 'execa';
import { CLIENT_PORT_BASE, type ClusterServer, clientAddressOf } from '../lib/cluster-file.ts';
import { DAEMON_NODE_ENV } from '../lib/daemon-node.ts';
import { findBlock, LocalClusterError, localAddresses, noteFile } from './local-addresses.ts';
import { untilServing } from './local-start.ts';
import type { LocalVerb } from './state/action.ts';
import type { LocalServers } from './state/model.ts';

/** After this an asked daemon is killed: it hands over in some 50 ms. */
const STOP_MS_MAX = 3_000;
const SECRET_BYTES = 32;
const PRIVATE_FILE = 0o600;
const PRIVATE_FOLDER = 0o700;
/** The end of a log that is shown when a daemon does not start. */
const LOG_LINES_SHOWN = 5;

export type LocalCluster = Readonly<{
  addresses: readonly string[];
  /**
   * All servers are in sync, or nearly: see `untilServing`. Rejects with LocalClusterError when one does not start; they
   * are ended then.
   */
  ready: Promise<void>;
  /** What its servers are doing; null for a cluster that another screen started. */
  servers(): LocalServers | null;
  /** Acts on one server. @returns what was done, in words */
  act(verb: LocalVerb, id: string): Promise<string>;
  onChange(listener: () => void): void;
  /** Ends every server that still runs. */
  stop(): Promise<void>;
}>;

export type LocalOptions = Readonly<{
  /** The user's data folder. */
  folder: string;
  /** First client port of the first block that is tried. */
  portBase?: number;
  /** Told what is going on, one line each. */
  progress: (line: string) => void;
}>;

/** A cluster that others run: joined, and left alone. */
function joined(addresses: readonly string[]): LocalCluster {
  return {
    addresses,
    ready: Promise.resolve(),
    servers: () => null,
    act: async () => 'these servers were started by another screen: act on them there',
    onChange: () => {},
    stop: async () => {},
  };
}

/**
 * Starts three daemons, or joins those that already serve. Does not wait until they serve: see `ready`.
 * @throws LocalClusterError when no block of ports is free
 */
export async function startLocalCluster(options: LocalOptions): Promise<LocalCluster> {
  const { folder, progress } = options;
  const running = await localAddresses(folder);
  if (running.length > 0) {
    progress(`a local cluster runs already: joining ${running.join(', ')}`);
    return joined(running);
  }
  const block = await findBlock(options.portBase ?? CLIENT_PORT_BASE, progress);
  const addresses = block.servers.map(clientAddressOf);
  if (block.serving) return joined(addresses);
  return start({ folder, progress, base: block.base, servers: block.servers });
}

/** The daemon's executable: built beside this one, or its source while developing. */
function daemonMain(): string {
  const built = fileURLToPath(new URL('../daemon/main.js', import.meta.url));
  return existsSync(built) ? built : fileURLToPath(new URL('../daemon/main.ts', import.meta.url));
}

/** The secret of this user's local clusters, made once. @returns its file */
async function secretFile(local: string): Promise<string> {
  const path = join(local, 'secret');
  const flags = { flag: 'wx', mode: PRIVATE_FILE };
  try {
    await writeFile(path, `${randomBytes(SECRET_BYTES).toString('base64url')}\n`, flags);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  return path;
}

/** The environment without settings of other daemons, which would beat what a local one is told. */
function cleanEnvironment(): Record<string, string | undefined> {
  return Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !name.startsWith('SYNCNET_')),
  );
}

type Child = {
  process: ResultPromise;
  state: LocalServers[string];
  /** Has it go on when this screen ends, however that ends: a paused process notices nothing. */
  thaw: (() => void) | null;
};

/**
 * A shell that waits for the end of this process, or for what is returned, and then has another one go on. A paused
 * daemon would not see its input end, stay for ever, and hold its data.
 */
async function thawWith(pid: number): Promise<() => void> {
  const { execa } = await import('execa');
  const script = 'cat > /dev/null; kill -CONT "$1" 2> /dev/null';
  const waiting = execa('sh', ['-c', script, 'sh', String(pid)], {
    stdin: 'pipe',
    stdout: 'ignore',
    stderr: 'ignore',
    detached: true,
    reject: false,
  });
  return () => waiting.stdin.end();
}

/** Whoever waits to have it go on need not any longer. */
function thaw(child: Child): void {
  child.thaw?.();
  child.thaw = null;
}

async function start(parts: {
  folder: string;
  progress: (line: string) => void;
  base: number;
  servers: readonly ClusterServer[];
}): Promise<LocalCluster> {
  const local = join(parts.folder, 'local');
  await mkdir(local, { recursive: true, mode: PRIVATE_FOLDER });
  const secret = await secretFile(local);
  const children = new Map<string, Child>();
  const listeners = new Set<() => void>();
  let isOver = false;
  /** Servers that somebody acted on: what becomes of them is no failure. */
  const actedOn = new Set<string>();
  const changed = () => {
    for (const listener of listeners) listener();
  };
  const logOf = (id: string) => join(local, `${id}.log`);

  async function spawn(id: string): Promise<void> {
    // Not before there is something to start: most screens start nothing.
    const { execa } = await import('execa');
    await mkdir(join(local, id), { recursive: true, mode: PRIVATE_FOLDER });
    // One old log is kept: what a server said before it was killed is what one looks for.
    await rename(logOf(id), `${logOf(id)}.1`).catch(() => {});
    const log = await open(logOf(id), 'a', PRIVATE_FILE);
    const args = ['--id', id, '--data', join(local, id), '--port-base', String(parts.base)];
    const more = ['--secret-file', secret, '--exit-with-parent', '--log-format', 'json'];
    const child: Child = {
      process: execa(process.execPath, [daemonMain(), ...args, ...more], {
        stdin: 'pipe',
        stdout: log.fd as unknown as 'inherit',
        stderr: log.fd as unknown as 'inherit',
        env: { ...cleanEnvironment(), ...DAEMON_NODE_ENV },
        extendEnv: false,
        // What the terminal does to the screen's job, Ctrl+Z above all, is not done to servers that others use too.
        detached: true,
        reject: false,
        buffer: false,
      }) as unknown as ResultPromise,
      state: 'starting',
      thaw: null,
    };
    children.set(id, child);
    child.process.then(
      async () => {
        child.state = 'stopped';
        await log.close();
        changed();
      },
      () => {},
    );
  }

  async function stop(): Promise<void> {
    isOver = true;
    const left = [...children.values()].filter((child) => child.state !== 'stopped');
    for (const child of left) {
      thaw(child);
      child.process.kill('SIGCONT');
      child.process.kill('SIGTERM');
    }
    const ended = Promise.all(left.map((child) => child.process));
    const inTime = await Promise.race([ended, delay(STOP_MS_MAX, 'late', { ref: false })]);
    if (inTime === 'late') for (const child of left) child.process.kill('SIGKILL');
    await ended;
    await rm(noteFile(parts.folder), { force: true });
  }

  const verbs: Readonly<Record<LocalVerb, (id: string, child: Child) => Promise<string>>> = {
    kill: async (id, child) => {
      if (child.state === 'stopped') return `${id} is not running: /start ${id}`;
      child.process.kill('SIGKILL');
      thaw(child);
      return `${id} killed`;
    },
    stop: async (id, child) => {
      if (child.state === 'stopped') return `${id} is not running: /start ${id}`;
      thaw(child);
      child.process.kill('SIGCONT');
      child.process.kill('SIGTERM');
      child.state = 'running';
      return `${id} hands over and ends`;
    },
    pause: async (id, child) => {
      if (child.state === 'paused') return `${id} is paused already`;
      if (child.state === 'stopped') return `${id} is not running: /start ${id}`;
      child.state = 'paused';
      child.thaw = await thawWith(child.process.pid ?? 0);
      child.process.kill('SIGSTOP');
      changed();
      return `${id} paused`;
    },
    start: async (id, child) => {
      if (child.state === 'running' || child.state === 'starting')
        return `${id} is running already`;
      const wasPaused = child.state === 'paused';
      if (child.state === 'stopped') await spawn(id);
      else child.process.kill('SIGCONT');
      thaw(child);
      (children.get(id) as Child).state = 'running';
      changed();
      return wasPaused ? `${id} goes on` : `${id} started`;
    },
  };

  const ids = parts.servers.map((server) => server.id);
  const addresses = parts.servers.map(clientAddressOf);
  parts.progress(`starting ${ids.join(', ')} on ports ${parts.base} to ${parts.base + 2}`);
  try {
    await Promise.all(ids.map(spawn));
  } catch (error) {
    await stop();
    throw error;
  }

  async function failure(): Promise<string | null> {
    const ended = [...children].find(
      ([each, { state }]) => state === 'stopped' && !actedOn.has(each),
    );
    if (!ended || isOver) return null;
    const [id] = ended;
    const log = (await readFile(logOf(id), 'utf8')).trimEnd().split('\n');
    return `${id} did not start; ${logOf(id)} ends with:\n${log.slice(-LOG_LINES_SHOWN).join('\n')}`;
  }

  async function becomeReady(): Promise<void> {
    const { servers } = parts;
    try {
      await untilServing({
        ...{ servers, failure, logs: logOf('*') },
        onLeader: changed,
        isOver: () => isOver,
      });
    } catch (error) {
      await stop();
      throw new LocalClusterError((error as Error).message);
    }
    for (const child of children.values()) if (child.state === 'starting') child.state = 'running';
    changed();
  }

  const note = JSON.stringify({ pid: process.pid, addresses });
  await writeFile(noteFile(parts.folder), `${note}\n`, { mode: PRIVATE_FILE });
  const ready = becomeReady();
  // Whoever leaves before does not hear of it.
  ready.catch(() => {});
  return {
    addresses,
    ready,
    servers: () => Object.fromEntries([...children].map(([id, { state }]) => [id, state])),
    act: async (verb, id) => {
      const child = children.get(id);
      if (!child) return `there is no server ${id}`;
      actedOn.add(id);
      return verbs[verb](id, child);
    },
    onChange: (listener) => {
      listeners.add(listener);
    },
    stop,
  };
}
