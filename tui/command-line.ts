// What is typed after `syncnet-tui` for the screen and the plain lines: the options, their help, and what a shell
// completes.
import { asOption, type Completed } from '../lib/shell-completion.ts';
import { HEADLESS_OPTIONS } from './headless/command-line.ts';

export const HELP = `
  Usage
    $ syncnet-tui --local          three servers on this machine, and the screen
    $ syncnet-tui                  the screen, with the servers that run already
    $ syncnet-tui --plain          the same as lines, for pipes and screen readers
    $ syncnet-tui send | tail | status     for scripts; each has its own --help
    $ syncnet-tui completion bash | zsh | fish

  Servers
    --local               start three servers here; they end with the screen
    --port-base PORT      first of their three ports, started here or not; 8000 by default
    --servers H:P,…       servers to try; by default those that --local runs here, and
                          localhost:8000, 8001 and 8002
    --host HOST           name one server: localhost by default
    --port PORT           and its port; 8000 by default

  You
    --name NAME           by default the one used last, or that of your account
    --identity FILE       your key; ~/.config/syncnet/identity.json by default
    --data DIR            drafts, sent lines, local servers; ~/.local/share/syncnet by default

  Plain lines
    --plain               lines in, lines out, nothing drawn: every line is a post or a command
                          (/help); so on a terminal that is dumb. In a pipe it ends when the input
                          has, once everything is answered
    --timeout SECONDS     with --plain: how long no server may answer; 10 by default in a pipe

  -h, --help              this text
  --version               which version this is

  Settings: ~/.config/syncnet/config.toml (docs/SETTINGS.md), read again when it is saved.
  Environment: SYNCNET_SERVERS, SYNCNET_NAME; NO_COLOR draws without hues. Flag beats environment.
  Exit codes: 0 left as asked, 1 failed or, in a pipe, something was refused, 2 wrong arguments,
  3 no server reached (--plain).
`;

export const FLAGS = {
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

export type Flags = Readonly<{
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

const typed = (flags: readonly string[]) => [...flags, 'help'].map(asOption);
const commands = Object.entries(HEADLESS_OPTIONS).map(
  ([command, flags]) => [command, typed(flags)] as const,
);

export const COMPLETED: Completed = {
  program: 'syncnet-tui',
  own: typed([...Object.keys(FLAGS), 'version']),
  commands: { ...Object.fromEntries(commands), completion: ['bash', 'zsh', 'fish'] },
  paths: ['--identity', '--data'],
};
