// Code in colours. The grammars are highlight.js's; none is loaded before a block of that language is to be drawn, so
// that whoever reads no code pays nothing for it.
import { createRequire } from 'node:module';
import type { HLJSApi, LanguageFn } from 'highlight.js';

/** What is told apart, by meaning. */
export type CodeToken = 'keyword' | 'string' | 'comment' | 'number' | 'name' | 'removed';
export type CodePiece = Readonly<{ text: string; token: CodeToken | null }>;

/** By what stands behind the fence, the grammar. No language is guessed: a wrong guess is worse than none. */
const GRAMMARS: Readonly<Record<string, string>> = {
  ...{ bash: 'bash', sh: 'bash', shell: 'bash', zsh: 'bash', console: 'shell' },
  ...{ c: 'c', h: 'c', cpp: 'cpp', 'c++': 'cpp', cs: 'csharp', csharp: 'csharp' },
  ...{ css: 'css', diff: 'diff', patch: 'diff', dockerfile: 'dockerfile', go: 'go' },
  ...{ html: 'xml', xml: 'xml', svg: 'xml', ini: 'ini', toml: 'ini', java: 'java' },
  ...{ js: 'javascript', javascript: 'javascript', jsx: 'javascript', json: 'json' },
  ...{ kotlin: 'kotlin', kt: 'kotlin', lua: 'lua', make: 'makefile', makefile: 'makefile' },
  ...{ nginx: 'nginx', perl: 'perl', php: 'php', py: 'python', python: 'python' },
  ...{ rb: 'ruby', ruby: 'ruby', rs: 'rust', rust: 'rust', sql: 'sql', swift: 'swift' },
  ...{ ts: 'typescript', tsx: 'typescript', typescript: 'typescript', yaml: 'yaml', yml: 'yaml' },
};

/** highlight.js's scopes, as far as they are told apart. */
const TOKENS: Readonly<Record<string, CodeToken>> = {
  ...{ keyword: 'keyword', built_in: 'keyword', literal: 'keyword', type: 'keyword' },
  ...{ 'selector-tag': 'keyword', operator: 'keyword' },
  ...{ string: 'string', regexp: 'string', char: 'string', link: 'string', addition: 'string' },
  ...{ comment: 'comment', quote: 'comment', meta: 'comment', doctag: 'comment' },
  ...{ number: 'number', symbol: 'number', bullet: 'number', variable: 'number' },
  ...{ title: 'name', section: 'name', name: 'name', attr: 'name', attribute: 'name' },
  ...{ property: 'name', deletion: 'removed' },
};

const require = createRequire(import.meta.url);
let core: HLJSApi | null = null;

/** @returns the grammar's name, once it can be used; null for a language that is not known */
function grammarOf(language: string): string | null {
  const name = language.toLowerCase();
  const grammar = Object.hasOwn(GRAMMARS, name) ? GRAMMARS[name] : undefined;
  if (grammar === undefined) return null;
  core ??= require('highlight.js/lib/core') as HLJSApi;
  if (!core.getLanguage(grammar)) {
    core.registerLanguage(grammar, require(`highlight.js/lib/languages/${grammar}`) as LanguageFn);
  }
  return grammar;
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&amp;': '&',
  '&lt;': '<',
  '&gt;': '>',
  '&quot;': '"',
  '&#x27;': "'",
};
const unescaped = (text: string) =>
  text.replace(/&[a-z#0-9]+;/g, (entity) => ENTITIES[entity] ?? entity);

/** highlight.js's output is text in nested spans, and nothing else. */
function piecesIn(html: string): CodePiece[] {
  const pieces: CodePiece[] = [];
  const within: (CodeToken | null)[] = [null];
  for (const [part, scope] of html.matchAll(
    /<span class="(?:hljs-)?([^" ]*)[^"]*">|<\/span>|[^<]+/g,
  )) {
    const token = within.at(-1) ?? null;
    if (scope !== undefined) within.push(TOKENS[scope] ?? token);
    else if (part === '</span>') within.pop();
    else pieces.push({ text: unescaped(part), token });
  }
  return pieces;
}

/** Blocks that are kept: more than are ever on a screen. */
const KNOWN_MAX = 64;
const known = new Map<string, readonly CodePiece[] | null>();

function read(code: string, language: string): readonly CodePiece[] | null {
  try {
    const grammar = grammarOf(language);
    if (grammar === null || !core) return null;
    const { value } = core.highlight(code, { language: grammar, ignoreIllegals: true });
    const pieces = piecesIn(value);
    // Nobody's words are changed for the sake of a colour.
    return pieces.map(({ text }) => text).join('') === code ? pieces : null;
  } catch {
    return null; // a grammar that fails: the code is shown without
  }
}

/**
 * Code in pieces of one meaning each; joined they are the code.
 * @param language as it stands behind the fence
 * @returns null where it is to be shown as it is
 */
export function highlighted(code: string, language: string): readonly CodePiece[] | null {
  const key = `${language}\n${code}`;
  const before = known.get(key);
  if (before !== undefined) return before;
  const pieces = read(code, language);
  known.set(key, pieces);
  const [oldest] = known.keys();
  if (known.size > KNOWN_MAX && oldest !== undefined) known.delete(oldest);
  return pieces;
}
