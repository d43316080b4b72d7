// Text into the clipboard of the terminal, over ssh too: OSC 52.
import { writeSync } from 'node:fs';

const ESC = '\u001b';
const BELL = '\u0007';
const STANDARD_OUTPUT = 1;

/**
 * What tells the terminal to put a text into its clipboard; through tmux as well, where it lets that through
 * (`set -g set-clipboard on`, or `allow-passthrough on`).
 */
export function copySequence(text: string, env: NodeJS.ProcessEnv): string {
  const copy = `${ESC}]52;c;${Buffer.from(text, 'utf8').toString('base64')}${BELL}`;
  if (!env.TMUX) return copy;
  return `${copy}${ESC}Ptmux;${copy.replaceAll(ESC, ESC + ESC)}${ESC}\\`;
}

export function copyToClipboard(text: string): void {
  writeSync(STANDARD_OUTPUT, copySequence(text, process.env));
}
