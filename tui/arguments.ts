// Arguments that the screen and the headless commands share: which servers, which name. Flag beats
// environment beats default; what is wrong is told with what was expected and what was given.
import { userInfo } from 'node:os';
import { builtInCluster, clientAddressOf } from '../lib/cluster-file.ts';
import { UserName } from '../lib/protocol/fields.ts';
import { USER_NAME_CHARS_MAX } from '../lib/protocol/limits.ts';
import { asOption } from '../lib/shell-completion.ts';
import { nearest } from './nearest.ts';

/** Above every help text. */
export const SLOGAN = 'SyncNet: chat in the terminal that keeps talking while servers die';

/** A wrong argument: told in one line, exit code 2. */
export class UsageError extends Error {
  override name = 'UsageError';
}

const PORT_MAX = 65_535;

/** @returns null where the flag was not given. @throws UsageError */
export function portOf(flag: string, text: string | undefined): number | null {
  if (text === undefined) return null;
  const port = Number(text);
  if (/^\d+$/.test(text) && port >= 1 && port <= PORT_MAX) return port;
  throw new UsageError(`${flag}: expected a port from 1 to ${PORT_MAX}, got ${text}`);
}

/** How long reaching a server may take where nobody watches. */
export const TIMEOUT_MS = 10_000;
const TIMEOUT_SECONDS_MAX = 86_400;

/** @returns null where the flag was not given. @throws UsageError */
export function timeoutMsOf(text: string | undefined): number | null {
  if (text === undefined) return null;
  const seconds = Number(text);
  if (seconds > 0 && seconds <= TIMEOUT_SECONDS_MAX) return seconds * 1_000;
  throw new UsageError(`--timeout: expected seconds above 0, got ${text}`);
}

export type ServerFlags = Readonly<{
  servers?: string | undefined;
  host?: string | undefined;
  port?: string | undefined;
  portBase?: string | undefined;
}>;

/** The servers that were named, `host:port`; null where none were. @throws UsageError */
export function serversOf(flags: ServerFlags): readonly string[] | null {
  const portBase = portOf('--port-base', flags.portBase);
  if (flags.host !== undefined || flags.port !== undefined) {
    if (portBase !== null) {
      throw new UsageError('--port-base: it says where three servers are, --host and --port one');
    }
    const port = portOf('--port', flags.port) ?? builtInCluster().servers[0]?.clientPort;
    return [`${flags.host ?? 'localhost'}:${port}`];
  }
  if (flags.servers === undefined && portBase !== null) return usualServers(portBase);
  const list = flags.servers ?? process.env.SYNCNET_SERVERS;
  if (list === undefined || list === '') return null;
  const servers = list.split(',').map((server) => server.trim());
  const source = flags.servers === undefined ? 'SYNCNET_SERVERS' : '--servers';
  for (const server of servers) {
    const match = /^(\[[0-9a-fA-F:]+\]|[^\s:]+):(\d{1,9})$/.exec(server);
    if (!match) throw new UsageError(`${source}: expected host:port, got ${server}`);
    portOf(`${source}: ${server}`, match[2]);
  }
  return servers;
}

/** Where the built-in layout's servers are told to be. @param portBase the first of their ports */
export function usualServers(portBase?: number): readonly string[] {
  return builtInCluster(portBase).servers.map(clientAddressOf);
}

/** The name that was asked for by flag or environment; null where none was. @throws UsageError */
export function givenName(flag: string | undefined): string | null {
  const given = flag ?? (process.env.SYNCNET_NAME || undefined);
  if (given === undefined) return null;
  const parsed = UserName.safeParse(given);
  if (parsed.success) return parsed.data;
  const source = flag === undefined ? 'SYNCNET_NAME' : '--name';
  throw new UsageError(`${source}: ${parsed.error.issues[0]?.message}, got ${given}`);
}

/** The name of the machine's account, made to fit; `guest` where nothing of it does. */
export function accountName(): string {
  const fitted = (process.env.USER ?? userInfo().username)
    .normalize('NFKC')
    .replace(/[^\p{L}\p{M}\p{N}_.-]/gu, '')
    .replace(/^[^\p{L}\p{N}]+/u, '')
    .slice(0, USER_NAME_CHARS_MAX);
  return UserName.safeParse(fitted).success ? fitted : 'guest';
}

/** Options that meow answers by itself. */
const ANSWERED = ['help', 'version'];

/**
 * Refuses options that do not exist, with the one that was probably meant.
 * @param known names in camel case, as meow takes them
 * @throws UsageError
 */
export function checkOptions(argv: readonly string[], known: readonly string[]): void {
  const end = argv.indexOf('--');
  const names = [...known.map((name) => asOption(name).slice('--'.length)), ...ANSWERED];
  for (const word of end === -1 ? argv : argv.slice(0, end)) {
    const name = /^--?([^=]+)/.exec(word)?.[1];
    if (name === undefined || names.includes(name.replace(/^no-/, ''))) continue;
    const meant = nearest(name, names);
    const advice = meant ? `did you mean --${meant}?` : 'see --help';
    throw new UsageError(`there is no option ${word.replace(/=.*$/, '')}: ${advice}`);
  }
}

/** Words for meow, which takes `--help` for what it is only where nothing stands beside it. */
export function withHelpAlone(argv: readonly string[]): string[] {
  const end = argv.indexOf('--');
  const options = end === -1 ? argv : argv.slice(0, end);
  return options.includes('--help') ? ['--help'] : [...argv];
}
