// Real daemons on loopback for tests: started, killed, stopped and looked into, each by its process id.
import { once } from 'node:events';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa, type ResultPromise } from 'execa';
import type { StatusReport } from '../../daemon/status.ts';
import { builtInCluster, type ClusterServer } from '../../lib/cluster-file.ts';
import { waitFor } from './wait-for.ts';

/** Where the built product is: tests of real processes run what users run. */
export const DAEMON_MAIN = new URL('../../dist/daemon/main.js', import.meta.url).pathname;
export const TUI_MAIN = new URL('../../dist/tui/main.js', import.meta.url).pathname;

/** A port nobody listens on now: asked of the system, which does not hand it out again soon. */
async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  try {
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
    return true;
  } catch {
    return false;
  } finally {
    server.close();
  }
}

/** The first client port of a block of which all TCP ports are free: outside the system's ephemeral range. */
export async function freePortBase(): Promise<number> {
  for (let attempt = 0; attempt < 200; attempt += 1) {
    // Above 10080, the highest of the ports that fetch refuses.
    const base = 10_100 + 50 * Math.floor(Math.random() * 400);
    const ports = builtInCluster(base).servers.flatMap((server) => [
      server.clientPort,
      server.peerPort,
      server.httpPort,
    ]);
    const free = await Promise.all(ports.map(isFree));
    if (free.every(Boolean)) return base;
  }
  throw new Error('no free block of ports');
}

type Running = { process: ResultPromise; output: string[] };

export class Daemons {
  readonly base: number;
  readonly directory: string;
  readonly servers: readonly ClusterServer[];
  private readonly running = new Map<string, Running>();
  private readonly extra: readonly string[];

  private constructor(base: number, directory: string, extra: readonly string[]) {
    this.base = base;
    this.directory = directory;
    this.extra = extra;
    this.servers = builtInCluster(base).servers;
  }

  /** A cluster of the built-in layout on free ports, its data in a new folder; nothing started yet. */
  static async prepare(extra: readonly string[] = []): Promise<Daemons> {
    const directory = await mkdtemp(join(tmpdir(), 'syncnet-test-'));
    return new Daemons(await freePortBase(), directory, extra);
  }

  /** All three started, and led by the highest with everyone in sync. */
  static async start(extra: readonly string[] = []): Promise<Daemons> {
    const daemons = await Daemons.prepare(extra);
    await Promise.all(daemons.ids().map((id) => daemons.run(id)));
    await daemons.settled();
    return daemons;
  }

  ids(): string[] {
    return this.servers.map((server) => server.id);
  }

  server(id: string): ClusterServer {
    const server = this.servers.find((candidate) => candidate.id === id);
    if (!server) throw new Error(`no ${id}`);
    return server;
  }

  address(id: string): string {
    return `localhost:${this.server(id).clientPort}`;
  }

  addresses(): string[] {
    return this.ids().map((id) => this.address(id));
  }

  dataDirectory(id: string): string {
    return join(this.directory, id);
  }

  /**
   * Starts a server and waits until it answers.
   * @param entrance command that runs another one, put before it: where it is to see another disk
   */
  async run(id: string, entrance: readonly string[] = []): Promise<void> {
    await mkdir(this.dataDirectory(id), { recursive: true });
    const args = [
      '--id',
      id,
      '--data',
      this.dataDirectory(id),
      '--port-base',
      String(this.base),
      ...this.extra,
    ];
    const [file = '', ...words] = [...entrance, DAEMON_MAIN, ...args];
    const process = execa(file, words, {
      reject: false,
      buffer: false,
      stdin: 'ignore',
    });
    const output: string[] = [];
    for (const stream of [process.stdout, process.stderr]) {
      stream?.on('data', (bytes: Buffer) => {
        output.push(bytes.toString());
        if (output.length > 2_000) output.shift();
      });
    }
    this.running.set(id, { process, output });
    let isOver = false;
    const over = () => {
      isOver = true;
    };
    process.then(over, over);
    const answers = async () => isOver || (await this.status(id)) !== null;
    await waitFor(() => `${id} to answer; it said ${output.join('')}`, answers, 15_000);
    if (isOver) throw new Error(`${id} ended: ${output.join('')}`);
  }

  private process(id: string): ResultPromise {
    const running = this.running.get(id);
    if (!running) throw new Error(`${id} is not running`);
    return running.process;
  }

  pid(id: string): number {
    return this.process(id).pid ?? Number.NaN;
  }

  signal(id: string, signal: 'SIGTERM' | 'SIGKILL' | 'SIGSTOP' | 'SIGCONT'): void {
    this.process(id).kill(signal);
  }

  /** Kills a server and waits until it is gone. */
  async kill(
    id: string,
    signal: 'SIGTERM' | 'SIGKILL' = 'SIGKILL',
  ): Promise<{ exitCode: number | undefined }> {
    const process = this.process(id);
    process.kill(signal);
    const result = await process;
    this.running.delete(id);
    return { exitCode: result.exitCode };
  }

  /** Empties the disk of a server that is down. */
  async wipe(id: string): Promise<void> {
    if (this.running.has(id)) throw new Error(`${id} is running`);
    await rm(this.dataDirectory(id), { recursive: true });
  }

  /** Waits until a server has ended by itself. */
  async ended(id: string): Promise<{ exitCode: number | undefined; output: string }> {
    const { exitCode } = await this.process(id);
    const output = this.output(id);
    this.running.delete(id);
    return { exitCode, output };
  }

  /** What its last lines of output were. */
  output(id: string): string {
    return this.running.get(id)?.output.join('') ?? '';
  }

  async status(id: string): Promise<StatusReport | null> {
    try {
      const response = await fetch(`http://127.0.0.1:${this.server(id).httpPort}/status`, {
        signal: AbortSignal.timeout(2_000),
      });
      return (await response.json()) as StatusReport;
    } catch {
      return null; // not up yet, or not any more: the caller waits or asserts
    }
  }

  statuses(): Promise<(StatusReport | null)[]> {
    return Promise.all(this.ids().map((id) => this.status(id)));
  }

  /** Waits until `leader` leads with these in sync, and all of them hold the same history. */
  async settled(
    inSync: readonly string[] = this.ids(),
    timeoutMs = 40_000,
  ): Promise<StatusReport[]> {
    const leader = inSync.at(-1);
    let last = '';
    /** The last words of those that answer nothing. */
    let silent = '';
    const reached = async () => {
      const statuses = await Promise.all(inSync.map((id) => this.status(id)));
      last = JSON.stringify(
        statuses.map(
          (status) => status && [status.id, status.phase, status.term, status.historyHash],
        ),
      );
      silent = inSync
        .filter((_, index) => statuses[index] === null)
        .map((id) => `\n${id}: ${this.output(id)}`)
        .join('');
      const hashes = new Set(statuses.map((status) => status?.historyHash));
      const agreed = statuses.every((status) => {
        const together = status?.servers
          .filter((server) => server.inSync)
          .map((server) => server.id);
        return status?.leader?.id === leader && JSON.stringify(together) === JSON.stringify(inSync);
      });
      return agreed && hashes.size === 1;
    };
    await waitFor(
      () => `${leader} leads ${inSync.join(', ')} with one history; now ${last}${silent}`,
      reached,
      timeoutMs,
    );
    return (await Promise.all(inSync.map((id) => this.status(id)))) as StatusReport[];
  }

  /** Ends every server that still runs, and removes the data. */
  async close(): Promise<void> {
    for (const id of [...this.running.keys()]) {
      this.signal(id, 'SIGCONT');
      await this.kill(id);
    }
    await rm(this.directory, { recursive: true, force: true });
  }
}
