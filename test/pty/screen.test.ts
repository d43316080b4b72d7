// The built product in a real pseudo-terminal with a local cluster of its own, its
// servers killed while a person talks.
import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, type TestContext, test } from 'node:test';
import { execa } from 'execa';
import { freePortBase, TUI_MAIN } from '../support/daemons.ts';
import { SIZES } from '../support/flow.ts';
import { KEYS, Terminal, type TerminalOptions } from '../support/terminal.ts';
import { waitFor } from '../support/wait-for.ts';

const RESTORED = ['\u001b[?7h', '\u001b[?1049l', '\u001b[?25h'];

let folder: string;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'syncnet-pty-'));
});
after(() => rm(folder, { recursive: true, force: true }));

const data = (name: string) => join(folder, name);

type Fields = Partial<Pick<TerminalOptions, 'columns' | 'rows' | 'environment'>>;

function open(args: readonly string[], fields: Fields = {}): Terminal {
  const identity = ['--identity', join(folder, 'identity.json')];
  const file = process.execPath;
  return new Terminal({ file, args: [TUI_MAIN, ...args, ...identity], ...fields });
}

/** A screen with three servers of its own on free ports, signed in. */
async function openLocal(name: string): Promise<{ terminal: Terminal; base: number }> {
  const base = await freePortBase();
  const local = ['--local', '--port-base', String(base), '--data', data(name)];
  const terminal = open([...local, '--name', 'alice']);
  await terminal.waitForText(/#general ❯/, 40_000);
  await terminal.waitForText(/server3★/);
  await waitFor('all servers to be in sync', () => !terminal.text().includes('STARTING'), 10_000);
  return { terminal, base };
}

type Size = Readonly<{ columns: number; rows: number }>;

/** A test of it at every size. */
function atEverySize(what: string, body: (t: TestContext, size: Size) => Promise<void>): void {
  for (const [name, [columns, rows]] of Object.entries(SIZES))
    test(`${what}, ${name}`, (t) => body(t, { columns, rows }));
}

const say = (terminal: Terminal, text: string) => terminal.keys(`${text}\r`);

async function quit(terminal: Terminal): Promise<number> {
  terminal.keys(KEYS.ctrlC);
  await terminal.waitForText(/Ctrl\+C again quits/);
  terminal.keys(KEYS.ctrlC);
  return terminal.exited();
}

function isListening(port: number): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const socket = connect({ host: '127.0.0.1', port });
  socket.on('connect', () => resolve(true)).on('error', () => resolve(false));
  return promise.finally(() => socket.destroy());
}

async function noServerLeft(base: number): Promise<void> {
  const ports = [base, base + 1, base + 2];
  const gone = async () => !(await Promise.all(ports.map(isListening))).some(Boolean);
  await waitFor(`no server on ${ports.join(', ')}`, gone, 10_000);
}

test('a person creates a room, talks, and goes on talking while every leader is killed', async (t) => {
  const { terminal, base } = await openLocal('talk');
  t.after(() => terminal.close());

  say(terminal, '/create ops Incident room');
  await terminal.waitForText(/#ops ❯/);
  assert.match(terminal.screen()[0] ?? '', /#ops · Incident room .*alice ● server3★ <?\d+ms/);
  terminal.keys(KEYS.ctrlP);
  await terminal.waitForText(/#general ❯/);
  terminal.keys(KEYS.ctrlN);
  await terminal.waitForText(/#ops ❯/);

  say(terminal, 'hello 日本語 👨‍👩‍👧‍👦');
  await terminal.waitForText(/alice +hello 日本語 .*✓/);

  say(terminal, '/kill server3');
  await terminal.waitForText(/✓ RECOVERED in \d+ ms · leader server2/);
  say(terminal, 'after the first');
  await terminal.waitForText(/after the first .*✓/);

  say(terminal, '/kill server2');
  await terminal.waitForText(/leader server1/);
  say(terminal, '/kill server1');
  await terminal.waitForText(/LEADER LOST|RECONNECTING|NO SERVER ANSWERS/);
  for (const word of ['one', 'two', 'three']) say(terminal, `queued ${word}`);
  await terminal.waitForText(/queued three .*3 queued/);

  say(terminal, '/start server1');
  await terminal.waitForText(/✓ RECOVERED in \d+ ms · leader server1 · 3 resent/, 20_000);
  await terminal.waitForText(/queued one .*✓[\s\S]*queued two .*✓[\s\S]*queued three .*✓/);
  const words = terminal.text().match(/queued (one|two|three)/g);
  assert.deepEqual(words, ['queued one', 'queued two', 'queued three'], 'each once, in order');
  await terminal.waitForText(/◍ 1 of 3 servers · messages have 1 copy/, 10_000);

  assert.equal(await quit(terminal), 0);
  for (const code of RESTORED) assert.ok(terminal.output().includes(code), JSON.stringify(code));
  await noServerLeft(base);
});

test('a second terminal finds the servers of the first, and both read the same', async (t) => {
  const first = await openLocal('two');
  t.after(() => first.terminal.close());
  const second = open(['--data', data('two'), '--name', 'bob']);
  t.after(() => second.close());
  await second.waitForText(/#general ❯/, 20_000);
  say(second, 'hi @alice');
  await first.terminal.waitForText(/bob +hi @alice/);
  say(first.terminal, 'hi bob');
  await second.waitForText(/alice +hi bob/);
  assert.equal(await quit(second), 0);
  assert.ok(await isListening(first.base), 'the servers stay with the first');
  assert.equal(await quit(first.terminal), 0);
});

test('two people edit, answer, react and search, over a failover too', async (t) => {
  const { terminal } = await openLocal('about');
  t.after(() => terminal.close());
  const other = open(['--data', data('about'), '--name', 'bob']);
  t.after(() => other.close());
  await other.waitForText(/#general ❯/, 20_000);
  say(terminal, 'the lag graph looks od');
  await other.waitForText(/alice +the lag graph/);
  terminal.keys(KEYS.up);
  await terminal.waitForText(/edit ❯ the lag graph looks od/);
  say(terminal, 'd');
  await other.waitForText(/looks odd \(edited\)/);
  // Alt+S, then r.
  other.keys('\u001bs');
  await other.waitForText(/r answer/);
  other.keys('r');
  await other.waitForText(/↳ alice ❯/);
  say(terminal, '/kill server3');
  say(other, 'since when?');
  await terminal.waitForText(/↳ alice: the lag graph looks odd[\s\S]*since when\?/, 20_000);
  say(terminal, '/react :eyes:');
  await other.waitForText(/👀.1/);
  other.keys('\u0012'); // Ctrl+R
  await other.waitForText(/search ❯/);
  other.keys('odd gra');
  await other.waitForText(/#general alice the lag graph looks odd/);
  other.keys(KEYS.enter);
  await other.waitForText(/Alt\+S chooses it/);
  other.keys('\u001bs');
  await other.waitForText(/r answer/);
  other.keys('y');
  await other.waitForText(/copied/);
  const copied = Buffer.from('the lag graph looks odd').toString('base64');
  assert.ok(other.output().includes(`\u001b]52;c;${copied}\u0007`));
  assert.equal(await quit(other), 0);
  assert.equal(await quit(terminal), 0);
});

test('the wheel scrolls, and somebody who looks elsewhere is called', async (t) => {
  const { terminal } = await openLocal('away');
  t.after(() => terminal.close());
  const other = open(['--data', data('away'), '--name', 'bob']);
  t.after(() => other.close());
  await other.waitForText(/#general ❯/, 20_000);
  for (let line = 1; line <= 30; line += 1) say(terminal, `line ${line}`);
  await other.waitForText(/line 30/);
  other.keys('\u001b[<64;40;5M');
  await other.waitForText(/newer|to follow/);
  other.keys('\u001b[<65;40;5M');
  await other.waitForText(/line 30/);
  other.keys('\u001b[O');
  say(terminal, '@bob are you there?');
  await other.waitForText(/@bob are you there/);
  assert.ok(other.output().includes('\u0007'), 'the bell');
  other.keys('\u001b[I');
  assert.equal(await quit(other), 0);
  assert.match(other.output(), /\?1000l[\s\S]*\?1004l[\s\S]*\?7h/, 'every mode is put back');
  assert.equal(await quit(terminal), 0);
});

test('the room as plain text has addresses in one piece, and a key brings the screen back', async (t) => {
  const { terminal } = await openLocal('plain');
  t.after(() => terminal.close());
  const address = `https://example.org/${'long-path/'.repeat(12)}end`;
  say(terminal, `see ${address}`);
  // Its own mark, and not that of a RECOVERED above the line.
  await terminal.waitForText(/end +✓/);
  const before = terminal.output().length;
  terminal.keys('\u0019'); // Ctrl+Y
  await terminal.waitForText(/any key goes back/);
  assert.ok(terminal.output().slice(before).includes(`alice: see ${address}`));
  assert.doesNotMatch(terminal.screen().join('\n'), /ROOMS/);
  terminal.keys('x');
  await terminal.waitForText(/ROOMS[\s\S]*#general ❯ *(?:\n|$)/);
  say(terminal, 'back again');
  await terminal.waitForText(/alice.*\n?.*back again +✓|back again +✓/);
  assert.equal(await quit(terminal), 0);
});

test('a frozen leader is noticed and left, and thawed it comes back', async (t) => {
  const { terminal } = await openLocal('freeze');
  t.after(() => terminal.close());
  say(terminal, '/pause server3');
  await terminal.waitForText(/leader server2/, 15_000);
  say(terminal, 'while it sleeps');
  await terminal.waitForText(/while it sleeps .*✓/);
  say(terminal, '/start server3');
  await terminal.waitForText(/alice . server3★/, 30_000);
  assert.equal(await quit(terminal), 0);
});

test('the drafts, the name and the room of the last run come back', async (t) => {
  const { terminal, base } = await openLocal('again');
  t.after(() => terminal.close());
  say(terminal, '/create lab');
  await terminal.waitForText(/#lab ❯/);
  terminal.keys('half a thought');
  await terminal.waitForText(/#lab ❯ half a thought/);
  terminal.kill('SIGTERM');
  assert.equal(await terminal.exited(), 0);
  await noServerLeft(base);

  const args = ['--local', '--port-base', String(base), '--data', data('again')];
  const next = open(args, { columns: 40, rows: 12 });
  t.after(() => next.close());
  await next.waitForText(/#lab ❯ half a thought/, 40_000);
  assert.match(next.screen()[0] ?? '', /alice/);
  next.resize(120, 40);
  await next.waitForText(/PEOPLE/);
  next.resize(80, 24);
  await next.waitForText(/ROOMS/);
  next.keys(KEYS.ctrlC);
  assert.equal(await quit(next), 0);
});

test('a port that something else holds is named, and the next free block is taken', async (t) => {
  const base = await freePortBase();
  const squatter = createServer().listen(base + 10, '127.0.0.1');
  t.after(() => squatter.close());
  const local = ['--local', '--port-base', String(base), '--data', data('taken')];
  const terminal = open([...local, '--name', 'alice'], { columns: 100 });
  t.after(() => terminal.close());
  await terminal.waitForText(/#general ❯/, 40_000);
  await terminal.waitForText(`127.0.0.1:${base + 10} is taken by something else`);
  await terminal.waitForText(`on ports ${base + 100} to ${base + 102}`);
  assert.equal(await quit(terminal), 0);
});

atEverySize(
  'what is typed while the servers start is for the screen, and so is an end',
  async (t, size) => {
    const base = await freePortBase();
    const own = data(`early-${size.columns}`);
    const local = ['--local', '--port-base', String(base), '--data', own];
    const terminal = open([...local, '--name', 'alice'], size);
    t.after(() => terminal.close());
    await terminal.waitForText(/◌ STARTING server1, server2, server3/, 20_000);
    say(terminal, 'one');
    terminal.keys('two');
    await terminal.waitForText(/#general ❯ one\s+two/, 40_000);
    terminal.keys(KEYS.ctrlC);
    assert.equal(await quit(terminal), 0);
    await noServerLeft(base);

    const again = open([...local, '--name', 'alice'], size);
    t.after(() => again.close());
    await again.waitForText(/◌ STARTING/, 20_000);
    assert.equal(await quit(again), 0);
    await noServerLeft(base);
  },
);

test('a server that does not start ends the screen, and its log says why', async (t) => {
  const base = await freePortBase();
  const broken = join(data('broken'), 'local', 'server2', 'history.db');
  await mkdir(broken, { recursive: true });
  const local = ['--local', '--port-base', String(base), '--data', data('broken')];
  const terminal = open([...local, '--name', 'alice'], { columns: 120 });
  t.after(() => terminal.close());
  assert.equal(await terminal.exited(), 1);
  for (const code of RESTORED) assert.ok(terminal.output().includes(code), JSON.stringify(code));
  assert.match(terminal.output(), /syncnet-tui: server2 did not start; .*server2\.log ends with:/);
  await noServerLeft(base);
});

test('a screen that is killed leaves no server behind', async (t) => {
  const { terminal, base } = await openLocal('killed');
  t.after(() => terminal.close());
  terminal.kill('SIGKILL');
  await terminal.exited();
  await noServerLeft(base);
});

atEverySize(
  'a start without a server says what it tried, and a key starts servers here',
  async (t, size) => {
    const base = await freePortBase();
    const nowhere = await freePortBase();
    const servers = ['--servers', `localhost:${nowhere}`, '--port-base', String(base)];
    const own = data(`alone-${size.columns}`);
    const terminal = open([...servers, '--data', own, '--name', 'alice'], size);
    t.after(() => terminal.close());
    await terminal.waitForText(/No server answers/, 15_000);
    assert.match(terminal.text(), new RegExp(`localhost:${nowhere} +connection refused`));
    terminal.keys('l');
    await terminal.waitForText(/#general ❯/, 40_000);
    assert.equal(await quit(terminal), 0);
    await noServerLeft(base);
  },
);

test('without a terminal it names the commands for scripts, and ends with 2', async () => {
  const result = await execa(process.execPath, [TUI_MAIN], { reject: false, stdin: 'ignore' });
  assert.equal(result.exitCode, 2);
  assert.match(result.stderr, /needs a terminal.*tail.*send/s);
});
