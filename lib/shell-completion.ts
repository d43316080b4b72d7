// What a shell completes for one of the executables, as a script for it. Made from the same tables that the arguments
// are read by, so that it cannot fall behind them.

/** Options as they are typed, with their dashes. */
export type Completed = Readonly<{
  program: string;
  /** Without a command. */
  own: readonly string[];
  commands: Readonly<Record<string, readonly string[]>>;
  /** Options behind which a path stands. */
  paths: readonly string[];
  /** Options behind which one of some words stands. */
  choices?: Readonly<Record<string, readonly string[]>>;
}>;

const functionName = (program: string) => `_${program.replaceAll('-', '_')}`;

function bash({ program, own, commands, paths, choices = {} }: Completed): string {
  const cases = Object.entries(commands).map(
    ([command, options]) => `    ${command}) words='${options.join(' ')}' ;;`,
  );
  const chosen = Object.entries(choices).map(
    ([option, words]) =>
      `    ${option}) mapfile -t COMPREPLY < <(compgen -W '${words.join(' ')}' -- "$current"); return ;;`,
  );
  const name = functionName(program);
  return `# ${program} for bash: source <(${program} completion bash)
${name}() {
  local current=\${COMP_WORDS[COMP_CWORD]} before=\${COMP_WORDS[COMP_CWORD-1]} words
  COMPREPLY=()
  case $before in
    ${paths.join('|')}) mapfile -t COMPREPLY < <(compgen -f -- "$current"); return ;;
${chosen.join('\n')}
  esac
  case \${COMP_WORDS[1]} in
${cases.join('\n')}
    *) words='${[...own, ...Object.keys(commands)].join(' ')}' ;;
  esac
  mapfile -t COMPREPLY < <(compgen -W "$words" -- "$current")
}
complete -F ${name} ${program}
`;
}

function zsh({ program, own, commands, paths, choices = {} }: Completed): string {
  const cases = Object.entries(commands).map(
    ([command, options]) => `    ${command}) compadd -- ${options.join(' ')} ;;`,
  );
  const chosen = Object.entries(choices).map(
    ([option, words]) => `    ${option}) compadd -- ${words.join(' ')}; return ;;`,
  );
  const name = functionName(program);
  return `#compdef ${program}
# ${program} for zsh: source <(${program} completion zsh)
${name}() {
  case $words[CURRENT-1] in
    ${paths.join('|')}) _files; return ;;
${chosen.join('\n')}
  esac
  (( CURRENT == 2 )) && compadd -- ${Object.keys(commands).join(' ')}
  case $words[2] in
${cases.join('\n')}
    *) compadd -- ${own.join(' ')} ;;
  esac
}
(( $+functions[compdef] )) || { autoload -Uz compinit && compinit; }
compdef ${name} ${program}
`;
}

function fish({ program, own, commands, paths, choices = {} }: Completed): string {
  const option = (condition: string) => (name: string) => {
    if (!name.startsWith('--')) return `complete -c ${program} -n '${condition}' -a ${name}`;
    const path = paths.includes(name) ? ' -rF' : '';
    const words = choices[name] ? ` -xa '${choices[name].join(' ')}'` : '';
    return `complete -c ${program} -n '${condition}' -l ${name.slice(2)}${path}${words}`;
  };
  return [
    `# ${program} for fish: ${program} completion fish | source`,
    `complete -c ${program} -f`,
    ...Object.keys(commands).map(
      (command) => `complete -c ${program} -n __fish_use_subcommand -a ${command}`,
    ),
    ...own.map(option('__fish_use_subcommand')),
    ...Object.entries(commands).flatMap(([command, options]) =>
      options.map(option(`__fish_seen_subcommand_from ${command}`)),
    ),
    '',
  ].join('\n');
}

const SHELLS = { bash, zsh, fish } as const;

/** `portBase` as it is typed: `--port-base`. */
export const asOption = (name: string) =>
  `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;

/** @returns the script, or what is wrong with the name of the shell, in words */
export function completionScript(
  shell: string | undefined,
  completed: Completed,
): Readonly<{ script: string } | { problem: string }> {
  const known = Object.keys(SHELLS).join(', ');
  if (shell === undefined) return { problem: `completion: for which shell? ${known}` };
  if (!Object.hasOwn(SHELLS, shell))
    return { problem: `completion: expected ${known}, got ${shell}` };
  return { script: SHELLS[shell as keyof typeof SHELLS](completed) };
}
