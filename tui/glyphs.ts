// What the screen is drawn with where the terminal, or its font, has ASCII only. Each takes as many cells as what it
// stands for, so that nothing moves.

const ASCII: Readonly<Record<string, string>> = {
  ...{ '─': '-', '│': '|', '❯': '>', '…': '~', '·': '-', '▪': '=' },
  ...{ '●': '*', '○': 'o', '◌': 'o', '★': '*', '✎': '+', '‖': '"' },
  ...{ '✓': 'v', '✗': 'x', '◷': '.', '◍': '%', '↻': '@', '⇡': '^' },
  ...{ '↑': '^', '↓': 'v', '⚡': '!!', '↳': '>' },
};
const PATTERN = new RegExp(`[${Object.keys(ASCII).join('')}]`, 'gu');

export const GLYPH_SETS = ['unicode', 'ascii'] as const;
export type GlyphSet = (typeof GLYPH_SETS)[number];

/** Chrome in a set of glyphs; what people wrote is not for this. */
export function inGlyphs(text: string, glyphs: GlyphSet): string {
  return glyphs === 'unicode' ? text : text.replace(PATTERN, (glyph) => ASCII[glyph] ?? glyph);
}
