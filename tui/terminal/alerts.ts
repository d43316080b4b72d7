// Tells a person who looks elsewhere that someone calls: the bell, which tmux marks its window with and most desktops
// show somewhere, and a notification of the desktop's own where the terminal is known to make one.
import { writeSync } from 'node:fs';

export const ALERT_KINDS = ['auto', 'bell', 'osc9', 'osc99', 'osc777', 'none'] as const;
export type AlertKind = (typeof ALERT_KINDS)[number];

const ESC = '\u001b';
const BELL = '\u0007';
const END = `${ESC}\\`;
const STANDARD_OUTPUT = 1;

type Sequence = (title: string, text: string) => string;

const SEQUENCES: Readonly<Record<'osc9' | 'osc99' | 'osc777', Sequence>> = {
  osc9: (title, text) => `${ESC}]9;${title}: ${text}${BELL}`,
  osc99: (title, text) => `${ESC}]99;i=1:d=0;${title}${END}${ESC}]99;i=1:p=body;${text}${END}`,
  osc777: (title, text) => `${ESC}]777;notify;${title};${text}${BELL}`,
};

/** By TERM_PROGRAM or TERM: what each terminal's manual says that it shows. */
const KNOWN: readonly (readonly [RegExp, keyof typeof SEQUENCES])[] = [
  [/kitty/i, 'osc99'],
  [/wezterm|foot|ghostty|rxvt/i, 'osc777'],
  [/iterm/i, 'osc9'],
];

/** What terminals set besides, and tmux, which has a name of its own for TERM_PROGRAM and TERM, hands on from where it began. */
const MARKS: readonly (readonly [string, keyof typeof SEQUENCES])[] = [
  ['KITTY_WINDOW_ID', 'osc99'],
  ['WEZTERM_PANE', 'osc777'],
  ['GHOSTTY_RESOURCES_DIR', 'osc777'],
  ['ITERM_SESSION_ID', 'osc9'],
  ['WT_SESSION', 'osc9'],
  ['ConEmuANSI', 'osc9'],
];

function kindFor(env: NodeJS.ProcessEnv): keyof typeof SEQUENCES | null {
  const terminal = [env.LC_TERMINAL, env.TERM_PROGRAM, env.TERM].join(' ');
  const known = KNOWN.find(([pattern]) => pattern.test(terminal));
  return (known ?? MARKS.find(([name]) => env[name]))?.[1] ?? null;
}

/** Long enough to know what it is about. */
const TEXT_CHARS_MAX = 120;

/** No semicolon parts a field early, and nothing ends the sequence but its end. */
function field(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  const plain = text.replace(/[\u0000-\u001f\u007f-\u009f]+/g, ' ').replaceAll(';', ',');
  return plain.slice(0, TEXT_CHARS_MAX).toWellFormed();
}

/**
 * What is written to the terminal for an alert; through tmux as well, where it lets that through
 * (`allow-passthrough on`).
 */
export function alertSequence(
  { title, text }: { title: string; text: string },
  { kind, env }: { kind: AlertKind; env: NodeJS.ProcessEnv },
): string {
  if (kind === 'none') return '';
  const chosen = kind === 'auto' ? kindFor(env) : kind;
  if (chosen === null || chosen === 'bell') return BELL;
  const sequence = SEQUENCES[chosen](field(title), field(text));
  const outer = env.TMUX ? `${ESC}Ptmux;${sequence.replaceAll(ESC, ESC + ESC)}${END}` : sequence;
  return BELL + outer;
}

export function alert(words: { title: string; text: string }, kind: AlertKind): void {
  writeSync(STANDARD_OUTPUT, alertSequence(words, { kind, env: process.env }));
}
