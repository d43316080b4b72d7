// Every setting of a daemon: flag beats environment beats cluster file beats default. All of it passes one
// schema, and every problem is named at once, with where it stands, what was expected and what was there.
import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { z } from 'zod';
import {
  builtInCluster,
  CLIENT_PORT_BASE,
  ClusterFile,
  ClusterServer,
} from '../lib/cluster-file.ts';
import { ServerId } from '../lib/protocol/fields.ts';
import { LOG_FORMATS, LOG_LEVELS, type LogFormat, type LogLevel } from './ops/logger.ts';

export type DaemonConfig = Readonly<{
  self: ClusterServer;
  cluster: ClusterFile;
  /** Address that all four listeners bind. */
  bindHost: string;
  dataDirectory: string;
  /** null: loopback only. */
  secret: Uint8Array | null;
  copiesMin: number;
  logLevel: LogLevel;
  logFormat: LogFormat;
  exitWithParent: boolean;
}>;

/** Shortest secret: 128 bits, were it random bytes. */
const SECRET_BYTES_MIN = 16;

/** Each setting's flag (as meow gives it) and environment variable. */
export const SETTINGS = {
  id: 'SYNCNET_ID',
  config: 'SYNCNET_CONFIG',
  data: 'SYNCNET_DATA',
  bind: 'SYNCNET_BIND',
  advertise: 'SYNCNET_ADVERTISE',
  secretFile: 'SYNCNET_SECRET_FILE',
  minCopies: 'SYNCNET_MIN_COPIES',
  portBase: 'SYNCNET_PORT_BASE',
  ringPosition: 'SYNCNET_RING_POSITION',
  clientPort: 'SYNCNET_CLIENT_PORT',
  peerPort: 'SYNCNET_PEER_PORT',
  heartbeatPort: 'SYNCNET_HEARTBEAT_PORT',
  httpPort: 'SYNCNET_HTTP_PORT',
  logLevel: 'SYNCNET_LOG_LEVEL',
  logFormat: 'SYNCNET_LOG_FORMAT',
  exitWithParent: 'SYNCNET_EXIT_WITH_PARENT',
} as const;
type Setting = keyof typeof SETTINGS;

const wholeNumber = (max: number) =>
  z
    .string()
    .regex(/^\d+$/, 'expected a whole number')
    .transform(Number)
    .pipe(z.int().min(1).max(max));
const Port = wholeNumber(65_535);

/** The last block of the built-in layout that fits below 65,536. */
const PORT_BASE_MAX = 65_500;

const Settings = z.object({
  id: ServerId,
  config: z.string().min(1).optional(),
  data: z.string().min(1).optional(),
  bind: z.string().min(1).optional(),
  advertise: ClusterServer.shape.advertise,
  secretFile: z.string().min(1).optional(),
  minCopies: wholeNumber(32).default(1),
  portBase: wholeNumber(PORT_BASE_MAX).default(CLIENT_PORT_BASE),
  ringPosition: wholeNumber(1_000_000).optional(),
  clientPort: Port.optional(),
  peerPort: Port.optional(),
  heartbeatPort: Port.optional(),
  httpPort: Port.optional(),
  logLevel: z.enum(LOG_LEVELS).default('info'),
  logFormat: z.enum(LOG_FORMATS).default('auto'),
  exitWithParent: z.stringbool().default(false),
});
type Settings = z.infer<typeof Settings>;

export type ConfigInput = Readonly<{
  /** As meow parsed them; undefined where none was given. */
  flags: Readonly<Record<string, unknown>>;
  env: Readonly<Record<string, string | undefined>>;
  /** Throws what `readFileSync` throws. */
  readFile?: (path: string) => string;
}>;

/** @returns the configuration, or every problem with it, one line each */
export function loadConfig(input: ConfigInput): { config: DaemonConfig } | { problems: string[] } {
  const problems: string[] = [];
  const readFile = input.readFile ?? ((path: string) => readFileSync(path, 'utf8'));
  const settings = readSettings(input, problems);
  const cluster = settings && readCluster(settings, readFile, problems);
  const secret = readSecret(input, settings?.secretFile, readFile, problems);
  if (!settings || !cluster) return { problems };
  const self = selfOf(settings, cluster, problems);
  if (!self) return { problems };
  const bindHost = settings.bind ?? self.host;
  const servers = cluster.servers.map((server) => (server.id === self.id ? self : server));
  if (settings.minCopies > servers.length) {
    problems.push(
      `--min-copies: expected at most the number of servers, ${servers.length}, got ${settings.minCopies}`,
    );
  }
  if (secret === null && problems.length === 0)
    checkLoopback([bindHost, ...servers.map(({ host }) => host)], problems);
  if (problems.length > 0) return { problems };
  const config: DaemonConfig = {
    self,
    cluster: { servers },
    bindHost: bindHost === 'localhost' ? '127.0.0.1' : bindHost,
    dataDirectory: resolve(settings.data ?? defaultDataDirectory(input.env, self.id)),
    secret,
    copiesMin: settings.minCopies,
    logLevel: settings.logLevel,
    logFormat: settings.logFormat,
    exitWithParent: settings.exitWithParent,
  };
  return { config };
}

function flagName(setting: string): string {
  return `--${setting.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

function readSettings({ flags, env }: ConfigInput, problems: string[]): Settings | null {
  const given: Record<string, unknown> = {};
  const sources: Record<string, string> = {};
  for (const [setting, variable] of Object.entries(SETTINGS)) {
    const flag = flags[setting];
    const value = flag ?? env[variable];
    if (value === undefined || value === '') continue;
    given[setting] = String(value);
    sources[setting] = flag === undefined ? variable : flagName(setting);
  }
  for (const flag of Object.keys(flags)) {
    if (!(flag in SETTINGS))
      problems.push(`${flagName(flag)}: there is no such option; see --help`);
  }
  const parsed = Settings.safeParse(given);
  if (parsed.success) return parsed.data;
  for (const issue of parsed.error.issues) {
    const setting = String(issue.path[0]) as Setting;
    const got = given[setting];
    const where = sources[setting] ?? flagName(setting);
    problems.push(
      `${where}: ${got === undefined ? 'it is required' : `${issue.message}, got ${JSON.stringify(got)}`}`,
    );
  }
  return null;
}

function readCluster(
  settings: Settings,
  readFile: (path: string) => string,
  problems: string[],
): ClusterFile | null {
  if (settings.config === undefined) return builtInCluster(settings.portBase);
  const path = settings.config;
  let value: unknown;
  try {
    value = JSON.parse(readFile(path));
  } catch (error) {
    const { message } = error as Error;
    problems.push(`${path}: expected a readable JSON file, got: ${message}`);
    return null;
  }
  const parsed = ClusterFile.safeParse(value);
  if (parsed.success) return parsed.data;
  for (const issue of parsed.error.issues) {
    const got = issue.path.reduce<unknown>(
      (at, key) => (at as Record<PropertyKey, unknown> | undefined)?.[key],
      value,
    );
    const where = issue.path.length > 0 ? issue.path.join('.') : 'the whole';
    problems.push(`${path}: ${where}: ${issue.message}, got ${JSON.stringify(got) ?? 'nothing'}`);
  }
  return null;
}

function selfOf(
  settings: Settings,
  cluster: ClusterFile,
  problems: string[],
): ClusterServer | null {
  const listed = cluster.servers.find((server) => server.id === settings.id);
  if (!listed) {
    const ids = cluster.servers.map(({ id }) => id).join(', ');
    problems.push(
      `--id: expected one of the cluster's servers (${ids}), got ${JSON.stringify(settings.id)}`,
    );
    return null;
  }
  const { ringPosition, clientPort, peerPort, heartbeatPort, httpPort, advertise } = settings;
  const overrides = { ringPosition, clientPort, peerPort, heartbeatPort, httpPort, advertise };
  const given = Object.entries(overrides).filter(([, value]) => value !== undefined);
  return { ...listed, ...Object.fromEntries(given) };
}

function readSecret(
  { env }: ConfigInput,
  file: string | undefined,
  readFile: (path: string) => string,
  problems: string[],
): Uint8Array | null {
  let secret = env.SYNCNET_SECRET?.trim() ?? '';
  let where = 'SYNCNET_SECRET';
  if (file !== undefined) {
    where = file;
    try {
      secret = readFile(file).trim();
    } catch (error) {
      problems.push(
        `${file}: expected a readable file with the cluster secret, got: ${(error as Error).message}`,
      );
      return null;
    }
  } else if (secret === '') return null;
  const bytes = Buffer.from(secret);
  if (bytes.length < SECRET_BYTES_MIN) {
    problems.push(
      `${where}: expected a secret of at least ${SECRET_BYTES_MIN} bytes, got ${bytes.length}: openssl rand -hex 32`,
    );
  }
  return bytes;
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));
}

function checkLoopback(hosts: readonly string[], problems: string[]): void {
  for (const host of new Set(hosts)) {
    if (isLoopback(host)) continue;
    problems.push(
      `${host}: expected a loopback address, since there is no cluster secret: make one with openssl rand -hex 32, ` +
        'and give the same to every server by --secret-file or SYNCNET_SECRET',
    );
  }
}

function defaultDataDirectory(env: ConfigInput['env'], id: string): string {
  return join(env.XDG_DATA_HOME || join(homedir(), '.local', 'share'), 'syncnet', id);
}
