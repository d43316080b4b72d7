// What a post's text is drawn as.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { piecesOf } from '../../tui/markdown.ts';

/** Pieces as one text: `{bold|word}`. */
const drawn = (text: string) =>
  piecesOf(text)
    .map(({ text: shown, style }) => {
      const { link, ...rest } = style;
      const names = [...Object.keys(rest), ...(link === undefined ? [] : [`link ${link}`])];
      return names.length === 0 ? shown : `{${names.join(' ')}|${shown}}`;
    })
    .join('');

const CASES: Readonly<Record<string, readonly [string, string]>> = {
  'plain text is as it was written': ['a & b < c', 'a & b < c'],
  'two stars are bold': ['a **b c** d', 'a {bold|b c} d'],
  'one star or underscore is italic': ['*a* _b_', '{italic|a} {italic|b}'],
  'bold and italic nest': ['**a *b* c**', '{bold|a }{bold italic|b}{bold| c}'],
  'two tildes strike out': ['~~a~~', '{struck|a}'],
  'code keeps its backticks, and what is in it': ['run `a **b**`', 'run {code|`a **b**`}'],
  'a name with underscores is a name': [
    'snake_case_name __init__.py',
    'snake_case_name __init__.py',
  ],
  'stars that are sums stay': ['2 * 3 * 4 = 24', '2 * 3 * 4 = 24'],
  'a backslash takes a mark for what it is': ['\\*no\\*', '*no*'],
  'a mark that nobody closed stays': ['**oops', '**oops'],
  'emphasis ends with its line': ['**a\nb**', '**a\nb**'],
  'an address is a link': [
    'see https://x.io/a now',
    'see {link https://x.io/a|https://x.io/a} now',
  ],
  'a link with words says where it goes': [
    '[bank.com](https://evil.example/x)',
    '{link https://evil.example/x|bank.com}{link https://evil.example/x| (evil.example)}',
  ],
  'an address that is no page or mail is no link': [
    '[x](javascript:alert(1))',
    '[x](javascript:alert(1))',
  ],
  'a file is no link': ['[x](file:///etc/passwd)', '[x](file:///etc/passwd)'],
  'HTML is text': ['<b>a</b> <script>', '<b>a</b> <script>'],
  'an image is text': ['![i](https://x.io/i.png)', '![i](https://x.io/i.png)'],
  'a block of code is one piece': [
    'a\n```\nlet **b**;\n```\nc',
    'a\n{code|```\nlet **b**;\n```}\nc',
  ],
  'a fence that is not closed is text': ['```\na', '```\na'],
  'entities are not decoded': ['&lt;b&gt; &amp;', '&lt;b&gt; &amp;'],
};
for (const [what, [text, expected]] of Object.entries(CASES)) {
  test(what, () => assert.equal(drawn(text), expected));
}

test('nothing of a text is lost or doubled but marks, whatever is written', () => {
  let seed = 7;
  const draw = (below: number) => {
    seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
    return Math.floor((seed / 2_147_483_648) * below);
  };
  // Without a closing bracket there are no links with words, which leave their address out.
  const alphabet = [...'ab *_`~[()<>\\\n!#:/.', 'https://x.io', '👨‍👩‍👧', '日本', '```'];
  const letters = (of: string) => of.match(/[\p{L}\p{Extended_Pictographic}\n]/gu)?.join('');
  for (let run = 0; run < 3_000; run += 1) {
    const text = Array.from({ length: draw(40) }, () => alphabet[draw(alphabet.length)]).join('');
    const shown = piecesOf(text).map((piece) => piece.text);
    assert.equal(letters(shown.join('')), letters(text), JSON.stringify(text));
  }
});
