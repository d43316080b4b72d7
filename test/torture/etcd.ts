// A cluster of three etcd servers of Debian's package, for comparison: started on loopback with data directories
// of their own, killed by process id, and spoken to through the JSON gateway that etcd itself serves.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdirSync, openSync } from 'node:fs';
import { Agent, type IncomingMessage, request } from 'node:http';
import { join } from 'node:path';
import { freePortBase } from '../support/daemons.ts';
import { waitFor } from '../support/wait-for.ts';

export type EtcdSettings = Readonly<{ heartbeatMs: number; electionMs: number }>;

/** Where its servers run. */
export type EtcdPlace = Readonly<{
  /** Default: a free block. */
  portBase?: number;
  /** Command that runs another one, put before each of them. */
  entrance?: readonly string[];
  /** Each in a session of its own. */
  detached?: boolean;
}>;

type Member = Readonly<{ name: string; clientPort: number; peerPort: number }>;

const READY_MS_MAX = 30_000;
const LOOPBACK = '127.0.0.1';

export class Etcd {
  readonly members: readonly Member[];
  private readonly directory: string;
  private readonly settings: EtcdSettings;
  private readonly entrance: readonly string[];
  private readonly detached: boolean;
  private readonly running = new Map<string, ChildProcess>();
  /** Connections stay open between requests, as those of a gRPC client do. */
  private readonly agent = new Agent({ keepAlive: true });

  private constructor(
    directory: string,
    settings: EtcdSettings,
    { portBase, entrance = [], detached = false }: EtcdPlace & { portBase: number },
  ) {
    this.directory = directory;
    this.settings = settings;
    this.entrance = entrance;
    this.detached = detached;
    // Whatever ends this process, none of them stays.
    process.once('exit', () => {
      for (const child of this.running.values()) child.kill('SIGKILL');
    });
    this.members = [1, 2, 3].map((number) => ({
      name: `etcd${number}`,
      clientPort: portBase + number,
      peerPort: portBase + 10 + number,
    }));
  }

  /** A new cluster that leads itself. @param directory for its data and logs; made if it is not there */
  static async start(
    directory: string,
    settings: EtcdSettings,
    place: EtcdPlace = {},
  ): Promise<Etcd> {
    mkdirSync(directory, { recursive: true });
    const portBase = place.portBase ?? (await freePortBase());
    const etcd = new Etcd(directory, settings, { ...place, portBase });
    for (const { name } of etcd.members) etcd.spawn(name);
    await etcd.settled();
    return etcd;
  }

  private spawn(name: string): void {
    const url = (port: number) => `http://${LOOPBACK}:${port}`;
    const { members, directory, settings, entrance, detached } = this;
    const member = this.member(name);
    const log = openSync(join(directory, `${name}.log`), 'a');
    const words = {
      name,
      'data-dir': join(directory, name),
      'listen-client-urls': url(member.clientPort),
      'advertise-client-urls': url(member.clientPort),
      'listen-peer-urls': url(member.peerPort),
      'initial-advertise-peer-urls': url(member.peerPort),
      'initial-cluster': members.map((each) => `${each.name}=${url(each.peerPort)}`).join(),
      'heartbeat-interval': String(settings.heartbeatMs),
      'election-timeout': String(settings.electionMs),
    };
    const argv = Object.entries(words).map(([flag, value]) => `--${flag}=${value}`);
    const [file = '', ...rest] = [...entrance, 'etcd', ...argv];
    const child = spawn(file, rest, { stdio: ['ignore', log, log], detached });
    closeSync(log);
    this.running.set(name, child);
    child.once('exit', () => this.running.delete(name));
  }

  private member(name: string): Member {
    const member = this.members.find((candidate) => candidate.name === name);
    if (!member) throw new Error(`no ${name}`);
    return member;
  }

  /** @returns the body; @throws when the server is down or refuses */
  async ask(name: string, path: string, body: object): Promise<unknown> {
    const response = await this.open(name, path, body);
    const chunks: Buffer[] = [];
    for await (const chunk of response) chunks.push(chunk);
    const text = Buffer.concat(chunks).toString();
    if (response.statusCode !== 200) throw new Error(`${name}: ${response.statusCode} ${text}`);
    return JSON.parse(text);
  }

  /** @returns the response as it begins */
  async open(name: string, path: string, body: object): Promise<IncomingMessage> {
    const { clientPort: port } = this.member(name);
    const sent = request({ host: LOOPBACK, port, path, method: 'POST', agent: this.agent });
    sent.end(JSON.stringify(body));
    const [response] = (await once(sent, 'response')) as [IncomingMessage];
    return response;
  }

  /** The server that leads, by the word of every server; null while they do not agree. */
  async leader(): Promise<string | null> {
    type Status = { leader: string; header: { member_id: string } };
    const statuses = await Promise.all(
      this.members.map(({ name }) =>
        this.ask(name, '/v3/maintenance/status', {}).catch(() => null),
      ),
    );
    const known = statuses.filter((status) => status !== null) as Status[];
    const leaders = new Set(known.map(({ leader }) => leader));
    if (known.length < this.members.length || leaders.size !== 1) return null;
    const index = known.findIndex(({ leader, header }) => leader === header.member_id);
    return this.members[index]?.name ?? null;
  }

  /** Waits until all serve under one leader. @returns its name */
  async settled(): Promise<string> {
    let leader: string | null = null;
    const isSettled = async () => {
      leader = await this.leader();
      return leader !== null;
    };
    await waitFor('etcd to have a leader', isSettled, READY_MS_MAX);
    return leader as unknown as string;
  }

  pids(): number[] {
    return [...this.running.values()].map(({ pid }) => pid ?? Number.NaN);
  }

  kill(name: string): void {
    this.running.get(name)?.kill('SIGKILL');
  }

  async restart(name: string): Promise<void> {
    await waitFor(`${name} to be gone`, () => !this.running.has(name), READY_MS_MAX);
    this.spawn(name);
    await this.settled();
  }

  async close(): Promise<void> {
    this.agent.destroy();
    const children = [...this.running.values()];
    await Promise.all(
      children.map(async (child) => {
        const gone = once(child, 'exit');
        child.kill('SIGKILL');
        await gone;
      }),
    );
  }
}
