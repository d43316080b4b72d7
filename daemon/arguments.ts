// What is typed after `syncnet-daemon`: the options, their help, and what is no option at all.
import meow from 'meow';
import { asOption, type Completed } from '../lib/shell-completion.ts';
import { LOG_FORMATS, LOG_LEVELS } from './ops/logger.ts';

export const HELP = `
  Usage
    $ syncnet-daemon --id server1 [--config cluster.json] [--data DIR]
    $ syncnet-daemon forget server1 [--config cluster.json] [--secret-file FILE]
                          it is gone for good, and no longer holds pruning up
    $ syncnet-daemon completion bash | zsh | fish

  Which server
    --id ID               one of the cluster's servers
    --config FILE         the cluster file, or its JSON itself; without it, server1 to server3 here
    --port-base PORT      without a cluster file: first of the ports, 8000 by default
    --ring-position N     instead of the cluster file's; the highest active server leads
    --data DIR            where its history is kept; ~/.local/share/syncnet/ID by default

  Addresses
    --bind HOST           where all its ports listen; the server's host by default
    --advertise HOST:PORT what clients are told of where it is
    --client-port PORT    for clients, TCP
    --peer-port PORT      for the other servers, TCP
    --heartbeat-port PORT for the other servers, UDP
    --http-port PORT      health and status

  Safety
    --secret-file FILE    the cluster secret, at least 16 bytes; without one it serves loopback only
    --min-copies N        acknowledge nothing with fewer copies; 1 by default
    --scrub-rate N        entries checked for damage in a second, in the background; 500 by default

  History
    --retention TIME      how long posts are kept: 90d, 12h, 30m, 45s, or forever, which is the
                          default; the same on every server
    --forget-after TIME   a server away for longer no longer holds pruning up; 7d by default

  Running
    --log-level LEVEL     debug, info, warn, error, silent; info by default
    --log-format FORMAT   auto, json, pretty; auto is pretty on a terminal
    --exit-with-parent    stop when the process that started it ends
    -h, --help            this text
    --version             which version this is

  Every option has an environment variable: SYNCNET_ID, SYNCNET_CONFIG, SYNCNET_PORT_BASE and so on;
  SYNCNET_SECRET is the secret itself. Flag beats environment beats cluster file.

  Exit codes: 0 stopped as asked, 1 could not start or go on, 2 wrong arguments or configuration.
`;

const FLAGS = {
  id: { type: 'string' },
  config: { type: 'string' },
  portBase: { type: 'string' },
  ringPosition: { type: 'string' },
  data: { type: 'string' },
  bind: { type: 'string' },
  advertise: { type: 'string' },
  clientPort: { type: 'string' },
  peerPort: { type: 'string' },
  heartbeatPort: { type: 'string' },
  httpPort: { type: 'string' },
  secretFile: { type: 'string' },
  minCopies: { type: 'string' },
  retention: { type: 'string' },
  forgetAfter: { type: 'string' },
  scrubRate: { type: 'string' },
  logLevel: { type: 'string' },
  logFormat: { type: 'string' },
  exitWithParent: { type: 'boolean' },
  help: { type: 'boolean', shortFlag: 'h' },
  version: { type: 'boolean' },
} as const;

const options = Object.keys(FLAGS).map(asOption);

export const COMPLETED: Completed = {
  program: 'syncnet-daemon',
  own: options,
  commands: {
    forget: options.filter((name) => name !== '--id'),
    completion: ['bash', 'zsh', 'fish'],
  },
  paths: ['--config', '--data', '--secret-file'],
  choices: { '--log-level': LOG_LEVELS, '--log-format': LOG_FORMATS },
};

export type Arguments =
  /** Help or version: to be printed, and that is all. */
  | Readonly<{ text: string }>
  | Readonly<{
      /** By name in camel case, known or not; values as they were typed. */
      flags: Readonly<Record<string, string>>;
      problems: readonly string[];
    }>;

/** @param argv without the executable and its script */
export function readArguments(argv: readonly string[]): Arguments {
  try {
    const cli = meow(HELP, {
      importMeta: import.meta,
      argv: [...argv],
      description:
        'SyncNet server: keeps the history, replicates it, and leads when it is the highest',
      autoHelp: false,
      autoVersion: false,
      booleanDefault: undefined,
      flags: FLAGS,
    });
    const { help, version, ...flags } = cli.flags as Record<string, unknown>;
    if (help) return { text: `${cli.help.trim()}\n` };
    if (version) return { text: `${cli.pkg.version}\n` };
    const given = Object.entries(flags).filter(([, value]) => value !== undefined);
    return {
      flags: Object.fromEntries(given.map(([flag, value]) => [flag, String(value)])),
      problems: cli.input.map((word) => `${word}: expected options only; see --help`),
    };
  } catch (error) {
    // meow throws for an option given twice.
    return { flags: {}, problems: [(error as Error).message] };
  }
}
