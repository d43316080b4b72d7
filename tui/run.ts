// One run of syncnet-tui, from its arguments to its exit code: the screen, or a headless command.
import meow from 'meow';
import type { ChatClient } from '../lib/client/api.ts';
import { createChatClient } from '../lib/client/client.ts';
import { dataFolder, identityPath } from '../lib/client/folders.ts';
import { loadIdentity } from '../lib/client/identity.ts';
import { completionScript } from '../lib/shell-completion.ts';
import {
  accountName,
  checkOptions,
  givenName,
  portOf,
  SLOGAN,
  serversOf,
  TIMEOUT_MS,
  timeoutMsOf,
  UsageError,
  withHelpAlone,
} from './arguments.ts';
import { COMPLETED, FLAGS, type Flags, HELP } from './command-line.ts';
import { HEADLESS_COMMANDS } from './headless/command-line.ts';
import { runHeadless } from './headless/run.ts';
import { defaultServers } from './local-addresses.ts';
import { startLocalCluster } from './local-cluster.ts';
import { nearest } from './nearest.ts';
import { lastName, loadSaved } from './saved-state.ts';
import { defaultSettings } from './settings/settings.ts';
import { loadSettings, settingsPath } from './settings/settings-file.ts';
import { keepHeapSmall } from './small-heap.ts';

/** @returns the exit code, once everything this run started has ended */
export async function run(typed: readonly string[]): Promise<number> {
  const argv = typed.map((word) => (word === '-h' ? '--help' : word));
  if (HEADLESS_COMMANDS.some((command) => command === argv[0])) return runHeadless(argv);
  if (argv[0] === 'completion' && argv[1] !== '--help') return complete(argv[1]);
  const cli = meow(HELP, {
    importMeta: import.meta,
    argv: withHelpAlone(argv),
    description: SLOGAN,
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
  const made = completionScript(shell, COMPLETED);
  if ('script' in made) process.stdout.write(made.script);
  else process.stderr.write(`syncnet-tui: ${made.problem}\n`);
  return 'script' in made ? 0 : 2;
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
    await local?.ready;
    const { settings } = loaded;
    const io = { stdin: process.stdin, stdout: process.stdout, stderr: process.stderr };
    const { runPlain } = await import('./plain/run-plain.ts');
    return runPlain({ ...parts, settings, timeoutMs, isTyped }, io);
  }
  keepHeapSmall();
  // What is typed from here on is for the screen: an Enter is to stay one.
  process.stdin.setRawMode(true);
  // Loaded last: React and Ink are not needed to say what is wrong with an argument, nor for lines.
  const { runScreen } = await import('./screen.tsx');
  await runScreen({ ...parts, settings: { ...loaded, path, defaults } });
  return 0;
}
