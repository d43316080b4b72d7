// The package as npm makes it, installed into an empty folder as a new user does: nothing of the checkout
// helps it there.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, readlink, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { after, before, test } from 'node:test';
import { execa } from 'execa';
import { freePortBase } from '../support/daemons.ts';
import { Terminal } from '../support/terminal.ts';
import { waitFor } from '../support/wait-for.ts';

const CHECKOUT = new URL('../..', import.meta.url).pathname;
const START_MS_MAX = 20_000;
const READY_MS_MAX = 40_000;
const STOP_MS_MAX = 10_000;

type Packed = { filename: string; files: { path: string; mode: number }[] };

let root = '';
let folder = '';
let packed: Packed;

before(async () => {
  root = await mkdtemp(join(tmpdir(), 'syncnet-tarball-'));
  folder = join(root, 'empty');
  await mkdir(folder);
  // The build is there already: made again it would vanish under whoever else runs it now.
  const words = ['--ignore-scripts', '--json', '--pack-destination', root];
  const { stdout } = await execa('npm', ['pack', ...words], { cwd: CHECKOUT });
  packed = (JSON.parse(stdout) as Packed[])[0] as Packed;
  useEnvironmentOfNewUser();
  const tarball = join(root, packed.filename);
  // The prefix keeps npm from a package.json further up.
  const install = ['install', '--prefer-offline', '--no-audit', '--no-fund', '--prefix', folder];
  await execa('npm', [...install, tarball], { cwd: folder });
});
after(() => rm(root, { recursive: true, force: true }));

/** This Node first on the path, nothing of the checkout on it, and folders of its own. */
function useEnvironmentOfNewUser(): void {
  for (const name of Object.keys(process.env)) {
    const ofMachine = /^npm_config_(cache|registry|userconfig)$/.test(name);
    if (/^(npm_|INIT_CWD$|SYNCNET_)/.test(name) && !ofMachine) delete process.env[name];
  }
  const paths = (process.env.PATH ?? '').split(delimiter);
  const outside = paths.filter((path) => !path.startsWith(CHECKOUT));
  process.env.PATH = [dirname(process.execPath), ...outside].join(delimiter);
  process.env.XDG_CONFIG_HOME = join(root, 'config');
  process.env.XDG_DATA_HOME = join(root, 'data');
}

function npx(words: readonly string[]) {
  return execa('npx', ['--no-install', ...words], { cwd: folder, reject: false });
}

async function answerOf(url: string): Promise<{ code: number; body: unknown } | null> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(1_000) });
    return { code: response.status, body: await response.json() };
  } catch {
    return null; // not up yet, or not any more
  }
}

/** Ids of the processes that run in the folder: all that was started there, and whatever that started. */
async function processesInFolder(): Promise<string[]> {
  const ids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const places = await Promise.all(
    ids.map((id) => readlink(`/proc/${id}/cwd`).catch(() => '')), // ended meanwhile, or another user's
  );
  return ids.filter((_, index) => places[index] === folder);
}

async function untilNothingIsLeft(): Promise<void> {
  let left: string[] = [];
  const isEmpty = async () => {
    left = await processesInFolder();
    return left.length === 0;
  };
  await waitFor(() => `no process in ${folder}; left: ${left}`, isEmpty, STOP_MS_MAX);
}

/** What several parts of the screen have in common, named by its contents. */
const CHUNK = /^dist\/tui\/[\w-]+-[A-Z0-9]{8}\.js$/;

test('the package holds what the sources were built to, four documents at most, the manual pages, and no source', async () => {
  const sources = await Promise.all(
    ['daemon', 'lib', 'tui'].map(async (name) => {
      const files = await readdir(join(CHECKOUT, name), { recursive: true });
      return files.filter((file) => /\.tsx?$/.test(file)).map((file) => `dist/${name}/${file}`);
    }),
  );
  const built = sources.flat().map((source) => source.replace(/\.tsx?$/, '.js'));
  const pages = ['man/syncnet-daemon.1', 'man/syncnet-tui.1'];
  const documents = ['CHANGELOG.md', 'LICENSE', 'README.md', 'package.json', ...pages];
  // The screen's own files and its libraries are gathered: scripts/build.ts.
  const paths = packed.files.map(({ path }) => path).filter((path) => !CHUNK.test(path));
  assert.deepEqual(paths.sort(), [...built, ...documents].sort());
  const executables = packed.files.filter(({ mode }) => (mode & 0o111) !== 0);
  assert.deepEqual(executables.map(({ path }) => path).sort(), [
    'dist/daemon/main.js',
    'dist/tui/main.js',
  ]);
});

test('both executables tell their help and their version', async () => {
  for (const [name, word] of [
    ['syncnet-tui', '--local'],
    ['syncnet-daemon', '--secret-file'],
  ] as const) {
    const help = await npx([name, '--help']);
    assert.equal(help.exitCode, 0, help.stderr);
    assert.ok(help.stdout.includes(word), help.stdout);
    const version = await npx([name, '--version']);
    assert.ok(packed.filename.endsWith(`-${version.stdout.trim()}.tgz`), version.stdout);
  }
});

test('a daemon serves from it, a command reaches it, and a signal ends it', async () => {
  const base = await freePortBase();
  const words = ['syncnet-daemon', '--id', 'server1', '--port-base', String(base)];
  // A group of its own gets the signal as a whole, as from a terminal: npx does not pass every signal on.
  const options = { cwd: folder, detached: true, stdio: 'ignore' } as const;
  const daemon = spawn('npx', ['--no-install', ...words], options);
  const ended = once(daemon, 'exit');
  try {
    const http = `http://127.0.0.1:${base + 30}`;
    const isReady = async () => (await answerOf(`${http}/readyz`))?.code === 200;
    await waitFor('the daemon to be ready', isReady, START_MS_MAX);
    const address = `localhost:${base}`;
    const status = await npx(['syncnet-tui', 'status', '--json', '--servers', address]);
    assert.equal(status.exitCode, 0, status.stderr);
    const { leader } = JSON.parse(status.stdout) as { leader: unknown };
    assert.deepEqual(leader, { id: 'server1', address });
    const send = ['send', '--room', 'general', '--name', 'bot', '--servers', address, 'hello'];
    const sent = await npx(['syncnet-tui', ...send]);
    assert.equal(sent.exitCode, 0, sent.stderr);
    const kept = await readdir(join(root, 'data', 'syncnet', 'server1'));
    assert.ok(kept.includes('history.db'), 'its data is in the folder of the user');
  } finally {
    if (daemon.exitCode === null) process.kill(-(daemon.pid as number), 'SIGTERM');
    await ended;
  }
  await untilNothingIsLeft();
});

test('the screen starts servers of its own from it, talks, and leaves no process behind', async (t) => {
  const base = await freePortBase();
  const local = ['--local', '--port-base', String(base), '--name', 'alice'];
  const terminal = new Terminal({ file: 'npx', args: ['syncnet-tui', ...local], folder });
  t.after(() => terminal.close());
  await terminal.waitForText(/#general ❯/, READY_MS_MAX);
  await terminal.waitForText(/alice . server3★/);
  terminal.keys('hello from a package\r');
  await terminal.waitForText(/alice +hello from a package .*✓/);
  assert.notDeepEqual(await processesInFolder(), [], 'its processes are found where they run');
  terminal.keys('/quit\r');
  assert.equal(await terminal.exited(), 0);
  await untilNothingIsLeft();
  for (const port of [base + 30, base + 31, base + 32]) {
    assert.equal(await answerOf(`http://127.0.0.1:${port}/healthz`), null, `port ${port}`);
  }
});
