// `syncnet-tui completion SHELL`: what the shell completes, as a script for it. Made from the same tables that the
// arguments are read by, so that it cannot fall behind them.
import { UsageError } from './arguments.ts';

/** Options as they are typed, of the screen and of each command. */
export type Options = Readonly<{
  own: readonly string[];
  commands: Readonly<Record<string, readonly string[]>>;
}>;

/** Options behind which a path stands. */
const PATHS = ['--identity', '--data'];

function bash({ own, commands }: Options): string {
  const cases = Object.entries(commands).map(
    ([command, options]) => `    ${command}) words='${options.join(' ')}' ;;`,
  );
  return `# syncnet-tui for bash: source <(syncnet-tui completion bash)
_syncnet_tui() {
  local current=\${COMP_WORDS[COMP_CWORD]} before=\${COMP_WORDS[COMP_CWORD-1]} words
  COMPREPLY=()
  case $before in
    ${PATHS.join('|')}) mapfile -t COMPREPLY < <(compgen -f -- "$current"); return ;;
  esac
  case \${COMP_WORDS[1]} in
${cases.join('\n')}
    *) words='${[...own, ...Object.keys(commands)].join(' ')}' ;;
  esac
  mapfile -t COMPREPLY < <(compgen -W "$words" -- "$current")
}
complete -F _syncnet_tui syncnet-tui
`;
}

function zsh({ own, commands }: Options): string {
  const cases = Object.entries(commands).map(
    ([command, options]) => `    ${command}) compadd -- ${options.join(' ')} ;;`,
  );
  return `#compdef syncnet-tui
# syncnet-tui for zsh: source <(syncnet-tui completion zsh)
_syncnet_tui() {
  case $words[CURRENT-1] in
    ${PATHS.join('|')}) _files; return ;;
  esac
  (( CURRENT == 2 )) && compadd -- ${Object.keys(commands).join(' ')}
  case $words[2] in
${cases.join('\n')}
    *) compadd -- ${own.join(' ')} ;;
  esac
}
(( $+functions[compdef] )) || { autoload -Uz compinit && compinit; }
compdef _syncnet_tui syncnet-tui
`;
}

function fish({ own, commands }: Options): string {
  const option = (condition: string) => (name: string) => {
    const path = PATHS.includes(name) ? ' -rF' : '';
    return `complete -c syncnet-tui -n '${condition}' -l ${name.slice(2)}${path}`;
  };
  return [
    '# syncnet-tui for fish: syncnet-tui completion fish | source',
    'complete -c syncnet-tui -f',
    ...Object.keys(commands).map(
      (command) => `complete -c syncnet-tui -n __fish_use_subcommand -a ${command}`,
    ),
    ...own.map(option('__fish_use_subcommand')),
    ...Object.entries(commands).flatMap(([command, options]) =>
      options.map(option(`__fish_seen_subcommand_from ${command}`)),
    ),
    '',
  ].join('\n');
}

const SHELLS = { bash, zsh, fish } as const;

/** @throws UsageError where the shell is none of those known */
export function completionScript(shell: string | undefined, options: Options): string {
  const known = Object.keys(SHELLS).join(', ');
  if (shell === undefined) throw new UsageError(`completion: for which shell? ${known}`);
  if (!Object.hasOwn(SHELLS, shell))
    throw new UsageError(`completion: expected ${known}, got ${shell}`);
  return SHELLS[shell as keyof typeof SHELLS](options);
}
