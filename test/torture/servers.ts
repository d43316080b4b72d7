// Real daemons under torture: started, signalled, wiped and asked, each by its process id. Where they live
// (loopback, or a network namespace each) is told from outside.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  closeSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { transformSync } from 'esbuild';
import type { StatusReport } from '../../daemon/status.ts';
import { builtInCluster, type ClusterServer } from '../../lib/cluster-file.ts';
import { DAEMON_NODE_ENV } from '../../lib/daemon-node.ts';
import { freePortBase } from '../support/daemons.ts';
import { waitFor } from '../support/wait-for.ts';

const DAEMON_MAIN = new URL('../../dist/daemon/main.js', import.meta.url).pathname;
const DAEMON_SOURCE = new URL('../../daemon/main.ts', import.meta.url).pathname;
const MUTATE = new URL('../mutants/mutate.ts', import.meta.url).href;
/** As JavaScript: a server that had to take the types off would start a third more slowly than people's servers do. */
const SHIFTED_CLOCK = moduleUrlOf(new URL('./shifted-clock.ts', import.meta.url));
/** Enough for a daemon's start on a machine that is busy with other things. */
const START_MS_MAX = 20_000;
/** A hand-over is bounded by a few seconds; a machine that is busy needs longer for all. */
const END_MS_MAX = 20_000;
/** Last words of a server whose own assertion failed. */
const BROKEN = /AssertionError|InvariantBroken/;
const ANSWER_MS_MAX = 1_000;
/** Becomes the command that follows it once it is sent a line. */
const WAITING = ['sh', '-c', 'read -r go && exec "$@"', 'sh'];
/** 32 characters: the daemons demand 16. */
const SECRET = 'a secret for tortured servers...';
const LOG_TAIL_CHARS = 3_000;

/** Where the servers are. */
export type Place = Readonly<{
  /** First client port; the layout is the built-in one. */
  portBase: number;
  /** Address of server number 1, 2, 3. */
  hostOf(number: number): string;
  /** What is put before a command so that it runs where the server with this id is. */
  prefixOf(id: string): readonly string[];
}>;

function moduleUrlOf(path: URL): string {
  const { code } = transformSync(readFileSync(path, 'utf8'), { loader: 'ts' });
  return `data:text/javascript,${encodeURIComponent(code)}`;
}

/** All on this machine's loopback, on ports that nobody has. */
export async function loopback(): Promise<Place> {
  return { portBase: await freePortBase(), hostOf: () => '127.0.0.1', prefixOf: () => [] };
}

export class Servers {
  readonly all: readonly ClusterServer[];
  readonly directory: string;
  /** Servers that ended though nobody ended them, with their last words. */
  readonly faints: string[] = [];
  private readonly place: Place;
  private readonly running = new Map<string, ChildProcess>();
  private readonly prepared = new Map<string, ChildProcess>();
  /** Those whose end was asked for, or is no wonder. */
  private readonly mayEnd = new Set<string>();
  private readonly mutant: string | undefined;

  /** @param mutant the name of a deliberate mistake of test/mutants that the servers are to have */
  constructor(place: Place, directory: string, mutant?: string) {
    this.place = place;
    this.mutant = mutant;
    this.directory = directory;
    const { servers } = builtInCluster(place.portBase);
    this.all = servers.map((server, index) => ({ ...server, host: place.hostOf(index + 1) }));
    for (const { id } of this.all) mkdirSync(this.dataDirectory(id), { recursive: true });
    writeFileSync(this.clusterFile, JSON.stringify({ servers: this.all }));
  }

  private get clusterFile(): string {
    return join(this.directory, 'cluster.json');
  }

  get ids(): string[] {
    return this.all.map(({ id }) => id);
  }

  server(id: string): ClusterServer {
    const server = this.all.find((candidate) => candidate.id === id);
    if (!server) throw new Error(`no ${id}`);
    return server;
  }

  address(id: string): string {
    const { host, clientPort } = this.server(id);
    return `${host}:${clientPort}`;
  }

  dataDirectory(id: string): string {
    return join(this.directory, 'data', id);
  }

  logPath(id: string): string {
    return join(this.directory, `${id}.log`);
  }

  isRunning(id: string): boolean {
    return this.running.has(id);
  }

  /**
   * Has a process ready that is the server once it is started. To make one stops this process, and all clients in it,
   * for some 25 ms: whoever measures has that done beforehand.
   */
  prepare(id: string): void {
    if (this.running.has(id) || this.prepared.has(id)) return;
    mkdirSync(this.dataDirectory(id), { recursive: true });
    this.prepared.set(id, this.spawn(id));
  }

  /** Starts a server; resolves when it answers, or has ended again. */
  async start(id: string): Promise<void> {
    this.prepare(id);
    const child = this.prepared.get(id);
    if (!child) return; // it runs
    this.prepared.delete(id);
    if (child.exitCode !== null) throw new Error(`${id} ended before it was started`);
    child.stdin?.write('\n');
    this.mayEnd.delete(id);
    this.running.set(id, child);
    child.once('exit', (code, signal) => {
      if (this.running.get(id) === child) this.running.delete(id);
      // One that was asked to end does so without an error; SIGKILL, and a disk that is full, excuse the code only.
      const hasFailed = !this.mayEnd.has(id) || BROKEN.test(this.lastWords(id));
      if (hasFailed) this.noteFaint(id, `ended by itself (${signal ?? code})`);
    });
    const isUp = async () => !this.running.has(id) || (await this.status(id)) !== null;
    await waitFor(() => `${id} to answer: ${this.lastWords(id)}`, isUp, START_MS_MAX);
  }

  private noteFaint(id: string, what: string): void {
    this.faints.push(`${id} ${what}: ${this.lastWords(id)}`);
  }

  /** @returns a process that waits for a line, and is the server then */
  private spawn(id: string): ChildProcess {
    const main = this.mutant === undefined ? [DAEMON_MAIN] : ['--import', MUTATE, DAEMON_SOURCE];
    const daemon = [...main, '--id', id, '--config', this.clusterFile];
    const options = [
      '--data',
      this.dataDirectory(id),
      '--log-format',
      'json',
      '--exit-with-parent',
    ];
    const node = [process.execPath, '--import', SHIFTED_CLOCK, ...daemon, ...options];
    const [command = '', ...rest] = [...this.place.prefixOf(id), ...WAITING, ...node];
    const log = openSync(this.logPath(id), 'a');
    const env = {
      ...process.env,
      ...DAEMON_NODE_ENV,
      SYNCNET_SECRET: SECRET,
      SYNCNET_TORTURE_CLOCK: this.clockFile(id),
      ...(this.mutant === undefined ? {} : { SYNCNET_MUTANT: this.mutant }),
    };
    const child = spawn(command, rest, { stdio: ['pipe', log, log], env });
    child.stdin?.on('error', () => {}); // it only says that the daemon is gone
    closeSync(log);
    return child;
  }

  private clockFile(id: string): string {
    return join(this.directory, `${id}.clock`);
  }

  /** The last lines of a server's log. */
  lastWords(id: string): string {
    return readFileSync(this.logPath(id), 'utf8').slice(-LOG_TAIL_CHARS);
  }

  signal(id: string, signal: 'SIGKILL' | 'SIGTERM' | 'SIGSTOP' | 'SIGCONT'): void {
    this.running.get(id)?.kill(signal);
  }

  /** From now on its end is no finding: something is done to it that it may die of. */
  excuse(id: string): void {
    this.mayEnd.add(id);
  }

  /** Ends a server and waits until it is gone. */
  async end(id: string, signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
    const child = this.running.get(id);
    if (!child) return;
    this.excuse(id);
    const gone = once(child, 'exit');
    child.kill(signal);
    const tooLong = setTimeout(() => {
      this.noteFaint(id, `did not end in ${END_MS_MAX} ms`);
      child.kill('SIGKILL');
    }, END_MS_MAX);
    const [code] = await gone;
    clearTimeout(tooLong);
    // null when a signal ended it: the one that was sent.
    if (signal === 'SIGTERM' && code !== 0 && code !== null)
      this.noteFaint(id, `ended with ${code}`);
  }

  /** Empties the data directory of a server that is down. */
  wipe(id: string): void {
    if (this.running.has(id)) throw new Error(`${id} is running`);
    const directory = this.dataDirectory(id);
    // What is in it, not itself: a disk may be mounted there.
    for (const name of readdirSync(directory)) rmSync(join(directory, name), { recursive: true });
  }

  /** Sets a server's wall clock so far ahead of the true time, or behind it. */
  shiftClock(id: string, offsetMs: number): void {
    writeFileSync(this.clockFile(id), String(offsetMs));
    this.running.get(id)?.kill('SIGUSR2');
  }

  async status(id: string): Promise<StatusReport | null> {
    const { host, httpPort } = this.server(id);
    try {
      const response = await fetch(`http://${host}:${httpPort}/status`, {
        signal: AbortSignal.timeout(ANSWER_MS_MAX),
      });
      return (await response.json()) as StatusReport;
    } catch {
      return null; // down, frozen or cut off: the caller knows which
    }
  }

  statuses(): Promise<(StatusReport | null)[]> {
    return Promise.all(this.ids.map((id) => this.status(id)));
  }

  /** The server that leads, by its own word; of two that do, the highest; null for none. */
  async leader(): Promise<string | null> {
    const statuses = await this.statuses();
    return statuses.findLast((status) => status?.phase === 'leading')?.id ?? null;
  }

  /** Waits until the highest of these leads all of them, and they hold the same history. */
  async settled(ids: readonly string[], timeoutMs: number): Promise<StatusReport[]> {
    let statuses: (StatusReport | null)[] = [];
    const isSettled = async () => {
      statuses = await Promise.all(ids.map((id) => this.status(id)));
      const hashes = new Set(statuses.map((status) => status?.historyHash));
      return hashes.size === 1 && statuses.every((status) => inSyncOf(status) === ids.join());
    };
    const now = () =>
      statuses.map((each) => `${each?.id} ${each?.phase} ${each?.historyHash?.slice(0, 8)}`).join();
    await waitFor(() => `${ids.join()} to be in sync; now ${now()}`, isSettled, timeoutMs);
    return statuses as StatusReport[];
  }

  /** Ends everything that still runs, frozen or not. */
  async close(): Promise<void> {
    for (const child of this.prepared.values()) child.kill('SIGKILL');
    await Promise.all(this.ids.map((id) => this.end(id, 'SIGKILL')));
  }
}

/** The servers in sync, if the highest of them leads; lowest first. */
function inSyncOf(status: StatusReport | null): string {
  const together = status?.servers.filter(({ inSync }) => inSync).map(({ id }) => id) ?? [];
  return status?.leader?.id === together.at(-1) ? together.join() : '';
}
