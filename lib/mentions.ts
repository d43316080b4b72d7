// Whom a text calls: the same on the screen that marks it and on the server that counts it.

const escaped = (text: string) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');

type Patterns = Readonly<{ name: string; anywhere: RegExp; atStart: RegExp }>;

/** Made once for a name: they are asked for with every post and every row. */
let known: Patterns = { name: '', anywhere: /(?!)/, atStart: /(?!)/ };

function patternsOf(name: string): Patterns {
  if (known.name !== name) {
    const own = escaped(name);
    known = {
      name,
      anywhere: new RegExp(`@${own}(?![\\p{L}\\p{N}_-])`, 'iu'),
      atStart: new RegExp(`^${own}(?=[:,](?:\\s|$))`, 'iu'),
    };
  }
  return known;
}

/** `@name`, not as a part of a longer name. */
export const mentionPattern = (name: string): RegExp => patternsOf(name).anywhere;

/** `name: …` or `name, …` at the start, as people of IRC call each other, and Tab completes a name there. */
export const callPattern = (name: string): RegExp => patternsOf(name).atStart;

/** Whether a text calls someone. */
export function mentions(text: string, name: string): boolean {
  return mentionPattern(name).test(text) || callPattern(name).test(text);
}
