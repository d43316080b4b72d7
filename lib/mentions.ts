// Whom a text calls: the same on the screen that marks it and on the server that counts it.

import { escaped } from './escaped.ts';

type Patterns = Readonly<{ name: string; anywhere: RegExp; atStart: RegExp }>;

/** Made once for a name: they are asked for with every post and every row. */
let known: Patterns = { name: '', anywhere: /(?!)/, atStart: /(?!)/ };

function patternsOf(name: string): Patterns {
  if (known.name !== name) {
    const own = escaped(name);
    known = {
      name,
      anywhere: new RegExp(`(?<![\\p{L}\\p{N}_])@${own}(?![\\p{L}\\p{N}_-])`, 'iu'),
      atStart: new RegExp(`^${own}(?=[:,](?:\\s|$))`, 'iu'),
    };
  }
  return known;
}

/** `@name`, not as a part of a longer name, nor of a mail address. */
export const mentionPattern = (name: string): RegExp => patternsOf(name).anywhere;

/** `name: …` or `name, …` at the start, as people of IRC call each other, and Tab completes a name there. */
export const callPattern = (name: string): RegExp => patternsOf(name).atStart;

/** Blocks of code, code within a line, and addresses: what is quoted, and said to nobody. */
const QUOTED = [
  /^```[^\n`]*\n[\s\S]*?\n```$/gm,
  /(?<!`)(`+)(?!`)[^\n]*?(?<!`)\1(?!`)/g,
  /(?:https?:\/\/|www\.)\S+/gi,
] as const;

/** Whether a text calls someone: not in code, and not in an address. */
export function mentions(text: string, name: string): boolean {
  if (callPattern(name).test(text)) return true;
  if (!text.includes('@') || !mentionPattern(name).test(text)) return false;
  return mentionPattern(name).test(QUOTED.reduce((rest, each) => rest.replace(each, ' '), text));
}
