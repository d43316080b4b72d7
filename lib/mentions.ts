// Whom a text calls: the same on the screen that marks it and on the server that counts it.

const escaped = (text: string) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');

let known: Readonly<{ name: string; pattern: RegExp }> = { name: '', pattern: /(?!)/ };

/** `@name`, not as a part of a longer name. Made once for a name: it is asked for with every post and every row. */
export function mentionPattern(name: string): RegExp {
  if (known.name !== name) {
    known = { name, pattern: new RegExp(`@${escaped(name)}(?![\\p{L}\\p{N}_-])`, 'iu') };
  }
  return known.pattern;
}

/** Whether a text calls someone. */
export function mentions(text: string, name: string): boolean {
  return mentionPattern(name).test(text);
}
