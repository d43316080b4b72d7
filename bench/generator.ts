// The load generator: a C program, built when it is first needed, run in a process and on a core of its own. What
// it does is in bench/generator.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { entrance, prefer, track } from './children.ts';
import { bottleneckOf, cpuSeconds, machineSeconds } from './proc-stat.ts';

const SOURCES = fileURLToPath(new URL('./generator/', import.meta.url));
const CACHE = fileURLToPath(new URL('../node_modules/.cache/syncnet-bench/', import.meta.url));
const FLAGS = ['-std=gnu17', '-D_GNU_SOURCE', '-O3', '-march=native', '-Wall', '-Wextra'];

/** Builds it unless these sources were built before. @returns where it is; @throws when there is no gcc */
async function build(): Promise<string> {
  const names = readdirSync(SOURCES).sort();
  const hash = createHash('sha256').update(FLAGS.join());
  for (const name of names) hash.update(readFileSync(join(SOURCES, name)));
  const program = join(CACHE, `generator-${hash.digest('hex').slice(0, 16)}`);
  if (existsSync(program)) return program;
  mkdirSync(CACHE, { recursive: true });
  const sources = names.filter((name) => name.endsWith('.c')).map((name) => join(SOURCES, name));
  // Under another name first: somebody else may be building it too.
  const draft = `${program}.${process.pid}`;
  await execa('gcc', [...FLAGS, '-o', draft, ...sources, '-ldl']);
  renameSync(draft, program);
  return program;
}

export type Latencies = Readonly<{
  count: number;
  p50: number;
  p99: number;
  p999: number;
  max: number;
}>;
export type Event = Readonly<{
  event: string;
  ms: number;
  stats: readonly string[];
  machine: string;
}>;
export type Ready = Event &
  Readonly<{
    event: 'ready';
    setup: Latencies;
    /** After a storm: how long messages took meanwhile. */
    latency?: Latencies;
  }>;
type End = Event &
  Readonly<{
    event: 'end';
    deliveries: number;
    messages: number;
    bytes: number;
    stalled: boolean;
    /** Microseconds. */
    latency: Latencies;
    lateness: Latencies;
  }>;

export type Load = Readonly<{
  protocol: string;
  ports: readonly number[];
  /** Of the server, whose time is taken. */
  pids: readonly number[];
  /** Where the generator runs. */
  cores: string;
  /** Its own settings, by name: rooms, receivers, senders, window, rate, warmMs, windowMs … */
  settings: Readonly<Record<string, string | number>>;
}>;

/** What happened in the window of time that was measured. */
export type Driven = Omit<Shares, 'serverSeconds'> &
  Readonly<{
    perSecond: number;
    messagesPerSecond: number;
    /** Time on the processors that the server spent for each delivery, or answer, microseconds. */
    cpuMicroseconds: number;
    bottleneck: string;
    stalled: boolean;
    /** Until the last client was set up. */
    setupMs: number;
    bytesPerSecond: number;
    latency: Latencies;
    lateness: Latencies;
  }>;

export function eventOf(events: readonly Event[], name: string): Event {
  const found = events.find(({ event }) => event === name);
  if (!found) throw new Error(`the generator did not say ${name}`);
  return found;
}

let lastPrefix = 0;

/** Words that no run before used for its names: a server may remember them. */
function nextPrefix(): string {
  lastPrefix += 1;
  return `b${lastPrefix}x`;
}

export type Generator = Readonly<{
  /** All clients are set up; milliseconds that it took. */
  ready: Promise<Ready>;
  /** What came of it; rejects with what it said when it failed. */
  ended: Promise<readonly Event[]>;
  /** Ends one that holds its connections. */
  release(): void;
}>;

export async function startGenerator(
  load: Load,
  work: 'load' | 'storm' | 'failover',
): Promise<Generator> {
  const program = await build();
  const { protocol, ports, pids, settings } = load;
  const given = { work, protocol, prefix: nextPrefix(), ports: ports.join(), pids: pids.join() };
  const words = Object.entries({ ...given, ...settings }).map(
    ([name, value]) => `${name}=${value}`,
  );
  const [file = '', ...rest] = [...entrance(load.cores), program, ...words];
  const child = spawn(file, rest, { stdio: ['pipe', 'pipe', 'pipe'], detached: true });
  prefer(child.pid);
  track(child);
  child.stdin.on('error', () => {}); // it has ended
  let errors = '';
  child.stderr.on('data', (bytes) => {
    errors += bytes;
  });
  const events: Event[] = [];
  const ready = Promise.withResolvers<Ready>();
  const ended = Promise.withResolvers<readonly Event[]>();
  createInterface({ input: child.stdout }).on('line', (line) => {
    const event = JSON.parse(line) as Event;
    events.push(event);
    if (event.event === 'ready') ready.resolve(event as Ready);
  });
  child.once('close', (code) => {
    const error = new Error(errors.trim() || `the generator ended with ${code}`);
    ready.reject(error);
    if (code === 0) ended.resolve(events);
    else ended.reject(error);
  });
  // Whoever waits for one of the two hears of it there.
  ready.promise.catch(() => {});
  ended.promise.catch(() => {});
  return { ready: ready.promise, ended: ended.promise, release: () => child.stdin.end() };
}

/** Drives a server, and says what it did. */
export async function drive(load: Load): Promise<Driven> {
  const generator = await startGenerator(load, 'load');
  return drivenOf(await generator.ended);
}

/** Who used the processors between two events, in cores. */
export type Shares = Readonly<{
  /** Each process of the server. */
  serverShares: readonly number[];
  generatorShare: number;
  /** Cores that neither of them used and that were busy all the same: the more, the less a figure is worth. */
  othersShare: number;
  serverSeconds: number;
}>;

export function sharesOf(begin: Event, end: Event): Shares {
  const seconds = end.ms / 1_000;
  const used = end.stats.map(
    (line, index) => cpuSeconds(line) - cpuSeconds(begin.stats[index] ?? ''),
  );
  const shares = used.map((each) => each / seconds);
  // The generator's own line is the last.
  const serverShares = shares.slice(0, -1);
  const generatorShare = shares.at(-1) ?? Number.NaN;
  const busy = machineSeconds(end.machine) - machineSeconds(begin.machine);
  const serverSeconds = used.slice(0, -1).reduce((sum, each) => sum + each, 0);
  // What a process that was killed had used is not known any more.
  const ours = shares.filter(Number.isFinite).reduce((sum, each) => sum + each, 0);
  const othersShare = Math.max(0, busy / seconds - ours);
  return { serverShares, generatorShare, othersShare, serverSeconds };
}

/** @param events `ready`, `begin` and `end` of one run */
export function drivenOf(events: readonly Event[]): Driven {
  const [ready, begin, end] = ['ready', 'begin', 'end'].map((name) => eventOf(events, name)) as [
    Ready,
    Event,
    End,
  ];
  const shares = sharesOf(begin, end);
  const { serverShares, generatorShare, othersShare, serverSeconds } = shares;
  const seconds = end.ms / 1_000;
  return {
    perSecond: end.deliveries / seconds,
    messagesPerSecond: end.messages / seconds,
    cpuMicroseconds: (serverSeconds * 1e6) / end.deliveries,
    serverShares,
    generatorShare,
    othersShare,
    bottleneck: end.stalled ? 'stalled' : bottleneckOf(serverShares, generatorShare),
    stalled: end.stalled,
    setupMs: ready.ms,
    bytesPerSecond: end.bytes / seconds,
    latency: end.latency,
    lateness: end.lateness,
  };
}
