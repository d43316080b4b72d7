// A daemon's configuration: its settings, the cluster file, the secret. Every problem is named at once,
// with where it stands, what was expected and what was there.
import { isIP } from 'node:net';
import { homedir } from 'node:os';
import { isAbsolute, join, resolve } from 'node:path';
import { builtInCluster, ClusterFile, type ClusterServer } from '../lib/cluster-file.ts';
import { readArguments } from './arguments.ts';
import type { LogFormat, LogLevel } from './ops/logger.ts';
import type { RetentionSettings } from './retention.ts';
import { expectation, type ReadSettings, readSettings } from './settings.ts';

export type DaemonConfig = Readonly<{
  self: ClusterServer;
  cluster: ClusterFile;
  /** Address that all four listeners bind. */
  bindHost: string;
  /** Absolute. */
  dataDirectory: string;
  /** null: loopback only. */
  secret: Uint8Array | null;
  copiesMin: number;
  retention: RetentionSettings;
  /** Entries checked in a second, in the background. */
  scrubRate: number;
  logLevel: LogLevel;
  logFormat: LogFormat;
  exitWithParent: boolean;
}>;

/** Shortest secret: 128 bits, were it random bytes. */
const SECRET_BYTES_MIN = 16;

export type ConfigInput = Readonly<{
  /** Without the executable and its script. */
  argv: readonly string[];
  env: Readonly<Record<string, string | undefined>>;
  /** Throws what `readFileSync` throws. */
  readFile: (path: string) => string;
}>;

/** The configuration, or every problem with it, one line each, or a text that was asked for instead. */
export type LoadedConfig =
  | Readonly<{ config: DaemonConfig }>
  | Readonly<{ problems: readonly string[] }>
  | Readonly<{ text: string }>;

/** Throws nothing. */
export function loadConfig(input: ConfigInput): LoadedConfig {
  const typed = readArguments(input.argv);
  if ('text' in typed) return typed;
  const read = readSettings(typed.flags, input.env);
  const problems = [...typed.problems, ...read.problems];
  const cluster = readCluster(read, input, problems);
  const secret = readSecret(read, input, problems);
  const self = cluster && selfOf(read, cluster, problems);
  if (!cluster || !self) return { problems };
  const servers = cluster.servers.map((server) => (server.id === self.id ? self : server));
  const checked = checkCluster({ servers }, 'with the options applied: ', problems);
  checkCopies(read, servers, problems);
  const bindHost = read.settings.bind ?? self.host;
  if (secret === null) checkLoopback([bindHost, ...servers.map(({ host }) => host)], problems);
  if (problems.length > 0 || !checked || secret === 'wrong') return { problems };
  const {
    data,
    minCopies,
    retention,
    forgetAfter,
    scrubRate,
    logLevel,
    logFormat,
    exitWithParent,
  } = read.settings;
  const config: DaemonConfig = {
    self,
    cluster: { servers },
    // The name may stand for two addresses; the one that every machine has is meant.
    bindHost: bindHost === 'localhost' ? '127.0.0.1' : bindHost,
    dataDirectory: resolve(data ?? defaultDataDirectory(input.env, self.id)),
    secret,
    copiesMin: minCopies,
    retention: { retentionMs: retention, forgetAfterMs: forgetAfter },
    scrubRate,
    logLevel,
    logFormat,
    exitWithParent,
  };
  return { config };
}

function readCluster(
  { settings, sourceOf }: ReadSettings,
  { readFile }: ConfigInput,
  problems: string[],
): ClusterFile | null {
  const { config } = settings;
  if (config === undefined) return builtInCluster(settings.portBase);
  const base = sourceOf('portBase');
  if (base) problems.push(`${base}: expected nothing, since ${sourceOf('config')} has the ports`);
  const inline = config.trimStart().startsWith('{');
  const name = inline ? `${sourceOf('config')}` : config;
  let value: unknown;
  try {
    value = JSON.parse(inline ? config : readFile(config));
  } catch (error) {
    problems.push(`${name}: expected a cluster file in JSON, got: ${(error as Error).message}`);
    return null;
  }
  return checkCluster(value, `${name}: `, problems);
}

function checkCluster(value: unknown, prefix: string, problems: string[]): ClusterFile | null {
  const parsed = ClusterFile.safeParse(value);
  for (const issue of parsed.error?.issues ?? []) {
    const path = pathText(issue.path);
    if (issue.code === 'unrecognized_keys') {
      const keys = issue.keys.map((key) => pathText([...issue.path, key]));
      problems.push(...keys.map((key) => `${prefix}${key}: there is no such setting`));
      continue;
    }
    const text = expectation(issue.message);
    const got = text.includes(', got ') ? '' : `, got ${shown(valueAt(value, issue.path))}`;
    problems.push(`${prefix}${path}: ${text}${got}`);
  }
  return parsed.data ?? null;
}

/** `servers[1].clientPort` */
function pathText(path: readonly PropertyKey[]): string {
  const text = path.map((key) => (typeof key === 'number' ? `[${key}]` : `.${String(key)}`));
  return text.join('').replace(/^\./, '') || 'the whole';
}

function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>((at, key) => (at as Record<PropertyKey, unknown>)?.[key], value);
}

/** Longest value quoted in a problem: enough to recognise it. */
const SHOWN_CHARS_MAX = 60;

function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? 'nothing';
  return text.length <= SHOWN_CHARS_MAX ? text : `${text.slice(0, SHOWN_CHARS_MAX)}…`;
}

function selfOf(
  { settings, sourceOf }: ReadSettings,
  cluster: ClusterFile,
  problems: string[],
): ClusterServer | null {
  if (settings.id === undefined) return null; // named as a problem already
  const listed = cluster.servers.find((server) => server.id === settings.id);
  if (!listed) {
    const ids = cluster.servers.map(({ id }) => id).join(', ');
    problems.push(
      `${sourceOf('id')}: expected one of the cluster's servers, ${ids}, got ${JSON.stringify(settings.id)}`,
    );
    return null;
  }
  const { ringPosition, clientPort, peerPort, heartbeatPort, httpPort, advertise } = settings;
  const overrides = { ringPosition, clientPort, peerPort, heartbeatPort, httpPort, advertise };
  const given = Object.entries(overrides).filter(([, value]) => value !== undefined);
  return { ...listed, ...Object.fromEntries(given) };
}

function checkCopies(
  { settings, sourceOf }: ReadSettings,
  servers: readonly ClusterServer[],
  problems: string[],
): void {
  if (settings.minCopies <= servers.length) return;
  problems.push(
    `${sourceOf('minCopies')}: expected at most ${servers.length}, the number of servers, got ${settings.minCopies}`,
  );
}

/** @returns null where there is none, `wrong` when a problem was named */
function readSecret(
  { settings: { secretFile } }: ReadSettings,
  { env, readFile }: ConfigInput,
  problems: string[],
): Uint8Array | null | 'wrong' {
  let text = env.SYNCNET_SECRET ?? '';
  if (secretFile !== undefined) {
    try {
      text = readFile(secretFile);
    } catch (error) {
      problems.push(
        `${secretFile}: expected the file of the cluster secret, got: ${(error as Error).message}`,
      );
      return 'wrong';
    }
  } else if (text === '') return null;
  const bytes = Buffer.from(text.trim());
  if (bytes.length >= SECRET_BYTES_MIN) return bytes;
  problems.push(
    `${secretFile ?? 'SYNCNET_SECRET'}: expected a secret of at least ${SECRET_BYTES_MIN} bytes, got ${bytes.length}; ` +
      'make one with: openssl rand -hex 32',
  );
  return 'wrong';
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));
}

function checkLoopback(hosts: readonly string[], problems: string[]): void {
  const open = [...new Set(hosts)].filter((host) => !isLoopback(host));
  if (open.length === 0) return;
  problems.push(
    `${open.join(', ')}: expected loopback addresses only, since there is no cluster secret; make one with: ` +
      'openssl rand -hex 32, and give the same to every server by --secret-file or SYNCNET_SECRET',
  );
}

/** Below XDG_DATA_HOME, which counts only when it is absolute (XDG Base Directory Specification). */
function defaultDataDirectory(env: ConfigInput['env'], id: string): string {
  const { XDG_DATA_HOME = '', HOME } = env;
  const folder = isAbsolute(XDG_DATA_HOME)
    ? XDG_DATA_HOME
    : join(HOME || homedir(), '.local', 'share');
  return join(folder, 'syncnet', id);
}
