// What goes to and from the terminal beside frames and keys: alerts, the clipboard, its reports.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { alertSequence } from '../../../tui/terminal/alerts.ts';
import { copySequence } from '../../../tui/terminal/clipboard.ts';
import { reportsIn } from '../../../tui/terminal/reports.ts';

const words = { title: 'bob in #ops', text: 'look' };

test('an alert is a bell everywhere, and a notification where the terminal makes one', () => {
  const by = (env: NodeJS.ProcessEnv) => alertSequence(words, { kind: 'auto', env });
  assert.equal(by({ TERM: 'xterm-256color' }), '\u0007');
  assert.equal(by({ TERM: 'foot' }), '\u0007\u001b]777;notify;bob in #ops;look\u0007');
  assert.equal(by({ WT_SESSION: '1' }), '\u0007\u001b]9;bob in #ops: look\u0007');
  assert.match(by({ TERM: 'xterm-kitty' }), /\]99;i=1:d=0;bob in #ops.*\]99;i=1:p=body;look/);
});

test('in tmux it is known by what the terminal set, and goes through', () => {
  const tmux = { TMUX: '/tmp/tmux', TERM: 'tmux-256color', TERM_PROGRAM: 'tmux' };
  const by = (env: NodeJS.ProcessEnv) =>
    alertSequence(words, { kind: 'auto', env: { ...tmux, ...env } });
  assert.equal(by({}), '\u0007', 'which tmux marks the window with');
  const through = (sequence: string) => `\u0007\u001bPtmux;\u001b${sequence}\u001b\\`;
  const notify = through('\u001b]777;notify;bob in #ops;look\u0007');
  assert.equal(by({ WEZTERM_PANE: '0' }), notify);
  assert.equal(by({ GHOSTTY_RESOURCES_DIR: '/usr/share/ghostty' }), notify);
  assert.equal(by({ ITERM_SESSION_ID: 'w0' }), through('\u001b]9;bob in #ops: look\u0007'));
  const kitty = by({ KITTY_WINDOW_ID: '1' });
  assert.ok(
    kitty.startsWith('\u0007\u001bPtmux;\u001b\u001b]99;i=1:d=0;bob in #ops\u001b\u001b\\'),
  );
  assert.ok(kitty.endsWith('\u001b\u001b\\\u001b\\'), 'each ESC of it is doubled');
});

test('what was asked for counts, and none is silent', () => {
  const as = (kind: 'osc9' | 'bell' | 'none') => alertSequence(words, { kind, env: {} });
  assert.equal(as('osc9'), '\u0007\u001b]9;bob in #ops: look\u0007');
  assert.equal(as('bell'), '\u0007');
  assert.equal(as('none'), '');
});

test('nothing that was said ends an alert early or begins another sequence', () => {
  const said = { title: 'x;y', text: 'a\u0007b\u001b]52;c;eA==\u0007\u009c;d' };
  const written = alertSequence(said, { kind: 'osc777', env: {} });
  assert.equal(written, '\u0007\u001b]777;notify;x,y;a b ]52,c,eA== ,d\u0007');
});

test('the clipboard gets the whole text, through tmux too', () => {
  const base64 = Buffer.from('grüße 👋').toString('base64');
  assert.equal(copySequence('grüße 👋', {}), `\u001b]52;c;${base64}\u0007`);
  const inner = `\u001b\u001b]52;c;${base64}\u0007`;
  assert.ok(
    copySequence('grüße 👋', { TMUX: '/tmp/tmux' }).endsWith(`\u001bPtmux;${inner}\u001b\\`),
  );
});

test('reports of mouse and focus are found among keys, in pieces too', () => {
  const wheel = { type: 'mouse', does: 'wheelUp', x: 9, y: 4 };
  const { reports } = reportsIn('a\u001b[<64;10;5Mb\u001b[O\u001b[<0;1;1M\u001b[<0;1;1m\u001b[A');
  const press = { type: 'mouse', does: 'press', x: 0, y: 0 };
  assert.deepEqual(reports, [wheel, { type: 'focused', focused: false }, press]);
  const { rest } = reportsIn('x\u001b[<64;1');
  assert.deepEqual(reportsIn(`${rest}0;5M`).reports, [wheel]);
  assert.equal(reportsIn('\u001b[<2;1;1M\u001b[<35;1;1M').reports.length, 0);
});
