// Ways out of the screen that are no keys, in a real terminal: whatever ends it, the terminal is as it was.
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, type TestContext, test } from 'node:test';
import { freePortBase, TUI_MAIN } from '../support/daemons.ts';
import { SIZES, type SizeName } from '../support/flow.ts';
import { Terminal } from '../support/terminal.ts';
import { waitFor } from '../support/wait-for.ts';

const RESTORED = ['\u001b[23;2t', '\u001b[?7h', '\u001b[?1049l', '\u001b[?25h', '\u001b[?1004l'];

let folder: string;
let port: number;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'syncnet-leaving-'));
  port = await freePortBase();
});
after(() => rm(folder, { recursive: true, force: true }));

/** What starts a screen that finds no server. */
function screenWords(name: string, size: SizeName): string[] {
  const own = (what: string) => join(folder, `${name}-${size}-${what}`);
  const words = ['--servers', `localhost:${port}`, '--name', 'alice', '--data', own('data')];
  return [TUI_MAIN, ...words, '--identity', own('identity.json')];
}

function terminalWith(file: string, args: readonly string[], size: SizeName): Terminal {
  const [columns, rows] = SIZES[size];
  return new Terminal({ file, args, columns, rows, environment: { XDG_CONFIG_HOME: folder } });
}

/** A screen that finds no server; `broken` is put before the program. */
const open = (name: string, size: SizeName, broken: readonly string[] = []) =>
  terminalWith(process.execPath, [...broken, ...screenWords(name, size)], size);

function assertRestored(terminal: Terminal): void {
  const output = terminal.output();
  for (const code of RESTORED) {
    const at = output.lastIndexOf(code);
    assert.notEqual(at, -1, JSON.stringify(code));
    assert.ok(at > output.lastIndexOf('No server answers'), JSON.stringify(code));
  }
}

/** A test of it at every size. */
function leaving(what: string, body: (t: TestContext, size: SizeName) => Promise<void>): void {
  for (const size of Object.keys(SIZES) as SizeName[])
    test(`${what}, ${size}`, (t) => body(t, size));
}

for (const signal of ['SIGTERM', 'SIGHUP'] as const) {
  leaving(
    `ended by ${signal} a screen leaves the terminal as it was, title included`,
    async (t, size) => {
      const terminal = open(signal, size);
      t.after(() => terminal.close());
      await terminal.waitForText(/No server answers/, 20_000);
      assert.ok(terminal.output().includes('\u001b[22;2t\u001b'), 'the title is kept');
      assert.ok(terminal.output().includes('\u001b]2;syncnet\u0007'), 'and its own is set');
      terminal.kill(signal);
      assert.equal(await terminal.exited(), 0);
      assertRestored(terminal);
    },
  );
}

/** Put before the program: a mistake of ours, in the file of the screen. */
async function withMistake(name: string, mistake: string): Promise<string[]> {
  const file = join(folder, `${name}.mjs`);
  const hook = `
import { registerHooks } from 'node:module';
registerHooks({
  load(url, context, next) {
    const loaded = next(url, context);
    if (!url.endsWith('/tui/screen.js')) return loaded;
    return { ...loaded, source: String(loaded.source) + ${JSON.stringify(mistake)} };
  },
});`;
  await writeFile(file, hook);
  return ['--import', file];
}

leaving(
  'an error nobody expected ends the screen with its reason, and the terminal as it was',
  async (t, size) => {
    const mistake = "\nsetTimeout(() => { throw new Error('nobody expected this'); }, 3_000);";
    const terminal = open('error', size, await withMistake('error', mistake));
    t.after(() => terminal.close());
    assert.equal(await terminal.exited(20_000), 1);
    assertRestored(terminal);
    assert.match(terminal.text(), /nobody expected this/);
  },
);

for (const [which, frame] of [
  ['the first frame', 1],
  ['a later frame', 5],
] as const) {
  leaving(
    `${which} that cannot be drawn ends the screen with its reason, and the terminal as it was`,
    async (t, size) => {
      const mistake = `
const drawn = frameOf; let frames = 0;
frameOf = (model) => { frames += 1; if (frames >= ${frame}) throw new Error('no such frame'); return drawn(model); };`;
      const terminal = open(`frame${frame}`, size, await withMistake(`frame${frame}`, mistake));
      t.after(() => terminal.close());
      assert.equal(await terminal.exited(20_000), 1);
      assertRestored(terminal);
      assert.ok(terminal.isOnMainScreen() && terminal.modes().wraparoundMode);
      assert.match(terminal.text(), /no such frame/);
    },
  );
}

/** The processes that one has started. */
async function childrenOf(pid: number): Promise<number[]> {
  const children = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8');
  return children
    .split(' ')
    .filter((word) => word !== '')
    .map(Number);
}

/** One letter: `T` of a stopped process, `Z` of one that has ended, or is gone. */
async function stateOf(pid: number): Promise<string> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => ') Z');
  return stat.split(') ').at(-1)?.[0] ?? 'Z';
}

const ended = async (pids: readonly number[]) => {
  const states = await Promise.all(pids.map(stateOf));
  return states.every((state) => state === 'Z');
};

/** A shell with a screen that something else has started, as `npx` does: that ends at a signal, and hands none on. */
async function startedBy(t: TestContext, name: string, size: SizeName, words: readonly string[]) {
  const pidFile = join(folder, `starter-${name}-${size}`);
  const terminal = terminalWith('bash', ['--norc', '--noprofile', '-i'], size);
  t.after(() => terminal.close());
  const command = [process.execPath, ...words].join(' ');
  terminal.keys(`sh -c 'echo $$ > ${pidFile}; "$@"; true' sh ${command}\r`);
  const screen = async () => {
    const starter = Number(await readFile(pidFile, 'utf8'));
    const [pid = 0] = await childrenOf(starter);
    return { starter, pid };
  };
  return { terminal, screen };
}

/** The shell has its terminal again, as it was, and nothing was said that no person can use. */
async function assertShell(terminal: Terminal): Promise<void> {
  assertRestored(terminal);
  assert.doesNotMatch(terminal.output(), /EIO|at .*\.js/);
  terminal.keys('exit 7\r');
  assert.equal(await terminal.exited(), 7);
}

leaving(
  'a screen ends when what started it has, and the shell has its terminal',
  async (t, size) => {
    const { terminal, screen } = await startedBy(t, 'orphan', size, screenWords('orphan', size));
    await terminal.waitForText(/No server answers/, 20_000);
    const { starter, pid } = await screen();
    process.kill(starter, 'SIGTERM');
    await waitFor('the screen to end', () => ended([pid]), 20_000);
    await assertShell(terminal);
  },
);

test('servers that a screen has started go on while it is suspended, and end with it when it has lost its terminal', async (t) => {
  const base = await freePortBase();
  const data = join(folder, 'servers');
  const own = ['--name', 'alice', '--data', data, '--identity', join(folder, 'servers.json')];
  const words = [TUI_MAIN, '--local', '--port-base', String(base), ...own];
  const { terminal, screen } = await startedBy(t, 'servers', '80x24', words);
  await terminal.waitForText(/#general ❯/, 30_000);
  await terminal.waitWithout(/STARTING/, 60_000);
  const { starter, pid } = await screen();
  const servers = await childrenOf(pid);
  assert.equal(servers.length, 3);
  terminal.keys('\u001a');
  await waitFor('the screen to stop', async () => (await stateOf(pid)) === 'T', 20_000);
  assert.deepEqual((await Promise.all(servers.map(stateOf))).includes('T'), false);
  terminal.keys('fg\r');
  await waitFor('the screen to go on', async () => (await stateOf(pid)) !== 'T', 20_000);
  process.kill(starter, 'SIGTERM');
  terminal.keys('echo typed\r');
  await waitFor('all of it to end', () => ended([pid, ...servers]), 30_000);
  assert.equal(existsSync(join(data, 'local', 'cluster.json')), false);
  await assertShell(terminal);
});
