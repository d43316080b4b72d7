// The small Markdown of a post: bold, italic, struck, code, blocks of code, links. Everything else is shown as it
// was written, HTML and images too. What is emphasised keeps no marks; code keeps its backticks, so that it is told
// apart without colours and copied as it was written.
import { Lexer, type Token } from 'marked';
import { type CodeToken, highlighted } from './highlight.ts';

export type Style = Readonly<{
  bold?: true;
  italic?: true;
  struck?: true;
  code?: true;
  /** What a part of a block of code is. */
  token?: CodeToken;
  /** Told of the post, and not said in it. */
  faint?: true;
  /** The address behind it. */
  link?: string;
}>;

export type Piece = Readonly<{ text: string; style: Style }>;

const PLAIN: Style = {};

/** What none of it can begin with needs no reading. */
const HAS_MARKS = /[*_`~[\\<]|https?:|www\.|\S@\S/;

/** ```` ```ts ````, lines, ```` ``` ````. */
const FENCED = /^```[^\n`]*\n[\s\S]*?\n```$/gm;

/** Only these are links: what else a terminal might do with an address is nobody's to choose. */
const SAFE_ADDRESS = /^(?:https?:\/\/|mailto:)[\u0021-\u007e]+$/i;

function hostOf(address: string): string {
  try {
    return new URL(address).host;
  } catch {
    return '';
  }
}

/** A link says where it goes: behind words of its own stands the host. */
function linkPieces(token: Extract<Token, { type: 'link' }>, style: Style): Piece[] {
  const { href, text, raw, tokens = [] } = token;
  if (!SAFE_ADDRESS.test(href)) return [{ text: raw, style }];
  const linked = { ...style, link: href };
  const isBare = raw === text || raw === `<${text}>`;
  if (isBare) return [{ text, style: linked }];
  const host = hostOf(href);
  const behind = host === '' ? [] : [{ text: ` (${host})`, style: linked }];
  return [...tokens.flatMap((inner) => inlinePieces(inner, linked)), ...behind];
}

function inlinePieces(token: Token, style: Style): Piece[] {
  const inner = (more: Style) =>
    (('tokens' in token && token.tokens) || []).flatMap((each) =>
      inlinePieces(each, { ...style, ...more }),
    );
  switch (token.type) {
    case 'strong':
      // Two underscores are part of a name more often than not: __init__.py
      return token.raw.startsWith('__') ? [{ text: token.raw, style }] : inner({ bold: true });
    case 'em':
      return inner({ italic: true });
    case 'del':
      return inner({ struck: true });
    case 'codespan':
      return [{ text: token.raw, style: { ...style, code: true } }];
    case 'escape':
      return [{ text: (token as { text: string }).text, style }];
    case 'link':
      return linkPieces(token as Extract<Token, { type: 'link' }>, style);
    default:
      return [{ text: token.raw, style }];
  }
}

/** Line by line: what a post emphasises over a line's end is a mark that somebody forgot. */
function paragraphPieces(text: string): Piece[] {
  return text.split(/(?<=\n)/).flatMap((line) => {
    const body = line.replace(/\n$/, '');
    const end = line === body ? [] : [{ text: '\n', style: PLAIN }];
    if (!HAS_MARKS.test(body)) return [{ text: body, style: PLAIN }, ...end];
    const tokens = Lexer.lexInline(body, { gfm: true });
    return [...tokens.flatMap((token) => inlinePieces(token, PLAIN)), ...end];
  });
}

/** A block keeps its fences; where its language is named and known, it is told apart what is what. */
function blockPieces(block: string): Piece[] {
  const [, start = '', language = '', code = '', end = ''] =
    /^(```[ \t]*([\w+#-]*)[^\n]*\n)([\s\S]*?)(\n```)$/.exec(block) ?? [];
  const pieces = language === '' ? null : highlighted(code, language);
  if (!pieces) return [{ text: block, style: { code: true } }];
  const inside = pieces.map(({ text, token }): Piece => {
    return { text, style: { code: true, ...(token ? { token } : {}) } };
  });
  return [{ text: start, style: { code: true } }, ...inside, { text: end, style: { code: true } }];
}

/** A post's text in pieces of one style each; joined they are what is shown. */
export function piecesOf(text: string): Piece[] {
  if (!HAS_MARKS.test(text)) return [{ text, style: PLAIN }];
  const pieces: Piece[] = [];
  let done = 0;
  for (const match of text.matchAll(FENCED)) {
    pieces.push(...paragraphPieces(text.slice(done, match.index)));
    pieces.push(...blockPieces(match[0]));
    done = match.index + match[0].length;
  }
  pieces.push(...paragraphPieces(text.slice(done)));
  return pieces.filter((piece) => piece.text !== '');
}
