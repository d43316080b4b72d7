// Code in colours: what is told apart, and that nobody's words change for it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { highlighted } from '../../tui/highlight.ts';
import { piecesOf } from '../../tui/markdown.ts';

const told = (code: string, language: string) =>
  (highlighted(code, language) ?? [])
    .filter(({ token }) => token !== null)
    .map(({ text, token }) => `${token}:${text}`);

for (const [language, code, expected] of [
  ['ts', 'const a = "x"; // y', ['keyword:const', 'string:"x"', 'comment:// y']],
  ['python', 'def f():\n  return 1', ['keyword:def', 'name:f', 'keyword:return', 'number:1']],
  ['diff', '-old\n+new', ['removed:-old', 'string:+new']],
  ['YAML', 'a: 1', ['name:a:', 'number:1']],
] as const) {
  test(`${language} is told apart by what it means`, () => {
    assert.deepEqual(told(code, language), expected);
  });
}

test('a language that is not known, or not named, is shown as it is', () => {
  assert.equal(highlighted('x = 1', 'klingon'), null);
  assert.equal(highlighted('x = 1', 'constructor'), null);
  const plain = '```\nconst a = 1;\n```';
  assert.deepEqual(piecesOf(plain), [{ text: plain, style: { code: true } }]);
});

test('what is shown of a block is what was written, in every language, whatever it is', () => {
  const hostile =
    'a < b && c > "d\' </span> &amp; &lt;\n\t日本 👨‍👩‍👧‍👦 `$x` <span class="hljs-string">';
  for (const language of ['ts', 'html', 'bash', 'c', 'sql', 'rust', 'json', 'diff', 'css', 'php']) {
    const block = `\`\`\`${language}\n${hostile}\n\`\`\``;
    const shown = piecesOf(block).map(({ text }) => text);
    assert.equal(shown.join(''), block, language);
  }
});

test('no grammar is loaded before a block of its language is drawn', () => {
  piecesOf('plain `code` and words');
  const loaded = Object.keys(
    process.getBuiltinModule('node:module').createRequire(import.meta.url).cache,
  );
  assert.ok(
    !loaded.some((path) => path.includes('languages/swift')),
    'swift is asked for by nobody',
  );
});
