// One run of syncnet-tui, from its arguments to its exit code: the screen, or a headless command.
import meow from 'meow';
import type { ChatClient } from '../lib/client/api.ts';
import { createChatClient } from '../lib/client/client.ts';
import { dataFolder, identityPath } from '../lib/client/folders.ts';
import { loadIdentity } from '../lib/client/identity.ts';
import {
  accountName,
  asTyped,
  checkOptions,
  givenName,
  portOf,
  serversOf,
  TIMEOUT_MS,
  timeoutMsOf,
  UsageError,
} from './arguments.ts';
import { HEADLESS_COMMANDS, HEADLESS_OPTIONS } from './headless/command-line.ts';
import { runHeadless } from './headless/run.ts';
import { defaultServers, startLocalCluster } from './local-cluster.ts';
import { nearest } from './nearest.ts';
import { lastName, loadSaved } from './saved-state.ts';
import { defaultSettings } from './settings/settings.ts';
import { loadSettings, settingsPath } from './settings/settings-file.ts';
import { completionScript } from './shell-completion.ts';

const HELP = `
  Usage
    $ syncnet-tui --local          three servers on this machine, and the screen
    $ syncnet-tui                  the screen, with the servers that run already
    $ syncnet-tui --plain          the same as lines, for pipes and screen readers
    $ syncnet-tui send | tail | status     for scripts; each has its own --help
    $ syncnet-tui completion bash | zsh | fish

  Servers
    --local               start three servers here; they end with the screen
    --port-base PORT      with --local: first of their ports, 8000 by default
    --servers H:P,…       servers to try; by default those that --local runs here, and
                          localhost:8000, 8001 and 8002
    --host HOST, --port PORT   name one server

  You
    --name NAME           by default the one used last, or that of your account
    --identity FILE       your key; ~/.config/syncnet/identity.json by default
    --data DIR            drafts, unsent posts, local servers; ~/.local/share/syncnet by default

  Plain lines
    --plain               lines in, lines out, nothing drawn: every line is a post or a command (/help);
                          so on a terminal that is dumb. In a pipe it ends when the input has, once
                          everything is answered
    --timeout SECONDS     with --plain: how long no server may answer; 10 by default in a pipe

  --help, --version

  Settings: ~/.config/syncnet/config.toml (docs/SETTINGS.md), read again when it is saved.
  Environment: SYNCNET_SERVERS, SYNCNET_NAME; NO_COLOR draws without hues. Flag beats environment.
  Exit codes: 0 left as asked, 1 failed or, in a pipe, something was refused, 2 wrong arguments,
  3 no server reached (--plain).
`;

const FLAGS = {
  local: { type: 'boolean', default: false },
  plain: { type: 'boolean', default: false },
  timeout: { type: 'string' },
  portBase: { type: 'string' },
  servers: { type: 'string' },
  host: { type: 'string' },
  port: { type: 'string' },
  name: { type: 'string' },
  identity: { type: 'string' },
  data: { type: 'string' },
} as const;

type Flags = Readonly<{
  local?: boolean | undefined;
  plain?: boolean | undefined;
  timeout?: string | undefined;
  portBase?: string | undefined;
  servers?: string | undefined;
  host?: string | undefined;
  port?: string | undefined;
  name?: string | undefined;
  identity?: string | undefined;
  data?: string | undefined;
}>;

/** @returns the exit code, once everything this run started has ended */
export async function run(typed: readonly string[]): Promise<number> {
  const argv = typed.map((word) => (word === '-h' ? '--help' : word));
  if (HEADLESS_COMMANDS.some((command) => command === argv[0])) return runHeadless(argv);
  if (argv[0] === 'completion') return complete(argv[1]);
  const cli = meow(HELP, {
    importMeta: import.meta,
    argv: [...argv],
    description: 'SyncNet: chat in the terminal that keeps talking while servers die',
    flags: FLAGS,
  });
  try {
    const [word] = cli.input;
    if (word !== undefined) {
      const meant = nearest(word, HEADLESS_COMMANDS);
      const advice = meant ? `did you mean ${meant}?` : `there is ${HEADLESS_COMMANDS.join(', ')}`;
      throw new UsageError(`there is no command ${word}: ${advice} (--help)`);
    }
    checkOptions(argv, Object.keys(FLAGS));
    return await talk(cli.flags);
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    process.stderr.write(`syncnet-tui: ${error.message}\n`);
    return error instanceof UsageError ? 2 : 1;
  }
}

/** Prints what a shell completes. @returns the exit code */
function complete(shell: string | undefined): number {
  const typed = (flags: readonly string[]) =>
    [...flags, 'help'].map((flag) => `--${asTyped(flag)}`);
  const commands = Object.entries(HEADLESS_OPTIONS).map(
    ([command, flags]) => [command, typed(flags)] as const,
  );
  try {
    const own = typed([...Object.keys(FLAGS), 'version']);
    process.stdout.write(completionScript(shell, { own, commands: Object.fromEntries(commands) }));
    return 0;
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    process.stderr.write(`syncnet-tui: ${error.message}\n`);
    return 2;
  }
}

/** Where a screen cannot be drawn, lines are asked for; a terminal that is dumb has nothing else. */
function isPlain({ plain, timeout }: Flags): boolean {
  if (plain || (process.env.TERM === 'dumb' && process.stdout.isTTY)) return true;
  if (timeout !== undefined) throw new UsageError('--timeout: it goes with --plain');
  if (process.stdin.isTTY && process.stdout.isTTY) return false;
  throw new UsageError(
    'the screen needs a terminal: --plain has the same as lines; for scripts there is `syncnet-tui tail` to read and `syncnet-tui send` to write (--help)',
  );
}

/** The screen, or the plain lines. @returns the exit code */
async function talk(flags: Flags): Promise<number> {
  const plain = isPlain(flags);
  const isTyped = process.stdin.isTTY;
  const folder = flags.data ?? dataFolder(process.env);
  const name = givenName(flags.name) ?? lastName(folder) ?? accountName();
  const portBase = portOf('--port-base', flags.portBase);
  const given = serversOf(flags);
  const timeoutMs = timeoutMsOf(flags.timeout) ?? (isTyped ? Number.POSITIVE_INFINITY : TIMEOUT_MS);
  const identity = await loadIdentity(flags.identity ?? identityPath(process.env));
  const startLocal = (progress: (line: string) => void) =>
    startLocalCluster({ folder, progress, ...(portBase === null ? {} : { portBase }) });
  const path = settingsPath(process.env);
  const defaults = defaultSettings(process.env);
  const told: string[] = [];
  const tell = (line: string) => {
    if (!plain) told.push(line);
    process.stdout.write(plain ? `- ${line}\n` : `${line}\n`);
  };
  const local = flags.local ? await startLocal(tell) : null;
  if (local?.servers()) told.push('to watch a failover: /kill server3, later /start server3');
  const servers = local?.addresses ?? given ?? (await defaultServers(folder));
  const connect = (addresses: readonly string[], as: string): Promise<ChatClient> =>
    createChatClient({ servers: addresses, identity, name: as, folder });
  const saved = loadSaved(folder, name);
  const parts = { connect, servers, name, folder, saved, local, startLocal, told };
  const loaded = loadSettings(path, { defaults, now: defaults });
  if (plain) {
    const { settings } = loaded;
    const io = { stdin: process.stdin, stdout: process.stdout, stderr: process.stderr };
    const { runPlain } = await import('./plain/run-plain.ts');
    return runPlain({ ...parts, settings, timeoutMs, isTyped }, io);
  }
  // Loaded last: React and Ink are not needed to say what is wrong with an argument, nor for lines.
  const { runScreen } = await import('./screen.tsx');
  await runScreen({ ...parts, settings: { ...loaded, path, defaults } });
  return 0;
}
