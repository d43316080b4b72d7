// The daemon's process: what it exits with, what it says, and what makes it stop.
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { after, afterEach, before, beforeEach, test } from 'node:test';
import { freePortBase } from '../support/daemons.ts';
import { waitFor } from '../support/wait-for.ts';

const MAIN = new URL('../../daemon/main.ts', import.meta.url).pathname;
const READY_MS = 15_000;

type Ended = { exitCode: number | null; stdout: string; stderr: string };
type Started = { child: ChildProcess; ended: Promise<Ended> };

let directory = '';
let base = 0;
let started: Started[] = [];

before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'syncnet-main-'));
});
beforeEach(async () => {
  base = await freePortBase();
});
afterEach(async () => {
  for (const { child } of started) child.kill('SIGKILL');
  await Promise.all(started.map(({ ended }) => ended));
  started = [];
});
after(() => rm(directory, { recursive: true, force: true }));

function start(
  args: readonly string[],
  options: { nodeArgs?: readonly string[]; channel?: boolean } = {},
): Started {
  const { nodeArgs = [], channel = false } = options;
  const child = spawn('node', [...nodeArgs, MAIN, ...args], {
    stdio: channel ? ['ignore', 'pipe', 'pipe', 'ipc'] : 'pipe',
  });
  const output = { stdout: '', stderr: '' };
  // Not `close`, which does not come when this side gave up the channel.
  const ends: Promise<unknown>[] = [once(child, 'exit')];
  for (const name of ['stdout', 'stderr'] as const) {
    const stream = child[name] as Readable;
    stream.on('data', (bytes: Buffer) => {
      output[name] += bytes;
    });
    ends.push(once(stream, 'end'));
  }
  const ended = Promise.all(ends).then(() => ({ exitCode: child.exitCode, ...output }));
  started.push({ child, ended });
  return { child, ended };
}

function run(args: readonly string[], nodeArgs: readonly string[] = []): Promise<Ended> {
  return start(args, { nodeArgs }).ended;
}

/** server1 of a layout of its own. */
function server1(...more: string[]): string[] {
  const data = join(directory, String(base));
  return ['--id', 'server1', '--port-base', String(base), '--data', data, ...more];
}

async function untilServing(): Promise<void> {
  const isHealthy = () =>
    fetch(`http://127.0.0.1:${base + 30}/healthz`).then(
      (response) => response.ok,
      () => false, // not listening yet
    );
  await waitFor('a healthy daemon', isHealthy, READY_MS);
}

test('a wrong configuration ends it with 2 and every problem, one a line', async () => {
  const { exitCode, stderr, stdout } = await run(['--min-copies', 'two', '--colour']);
  assert.equal(exitCode, 2);
  assert.equal(stdout, '');
  const lines = stderr.trimEnd().split('\n');
  assert.equal(lines.length, 3, stderr);
  for (const line of lines) assert.match(line, /^syncnet-daemon: --/);
});

test('help goes to standard output and ends it with 0, behind whatever word', async () => {
  for (const words of [['--help'], ['forget', '--help'], ['completion', '-h']]) {
    const { exitCode, stderr, stdout } = await run(words);
    assert.deepEqual([exitCode, stderr], [0, '']);
    assert.match(stdout, /--secret-file/);
  }
});

test('a Node that is too old is named, with what is needed', async () => {
  const older = 'Object.defineProperty(process.versions, "node", { value: "20.1.0" })';
  const nodeArgs = ['--import', `data:text/javascript,${encodeURIComponent(older)}`];
  const { exitCode, stderr } = await run(server1(), nodeArgs);
  assert.equal(exitCode, 2);
  assert.match(stderr, /^syncnet-daemon: expected Node 24 or newer, got v/);
});

const PORTS = [
  { purpose: 'clients', offset: 0 },
  { purpose: 'peers', offset: 10 },
  { purpose: 'HTTP', offset: 30 },
];

for (const { purpose, offset } of PORTS) {
  test(`a taken port for ${purpose} ends it with 1, naming the address`, async () => {
    const taken = createServer().listen(base + offset, '127.0.0.1');
    await once(taken, 'listening');
    const { exitCode, stderr, stdout } = await run(server1());
    taken.close();
    assert.equal(exitCode, 1);
    assert.match(stderr, new RegExp(`127\\.0\\.0\\.1:${base + offset}`));
    assert.match(stderr, /something else listens there already/);
    assert.equal(stderr.trimEnd().split('\n').length, 1, stderr);
    assert.match(stdout, /EADDRINUSE/);
  });
}

test('a data directory that another daemon uses ends it with 1, naming the directory', async () => {
  start(server1());
  await untilServing();
  const data = join(directory, String(base));
  const other = String(await freePortBase());
  const { exitCode, stderr } = await run(['--id', 'server1', '--port-base', other, '--data', data]);
  assert.equal(exitCode, 1, stderr);
  assert.ok(stderr.includes(data), stderr);
  assert.match(stderr, /another syncnet-daemon uses this directory/);
});

for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  test(`${signal} ends it with 0`, async () => {
    const { child, ended } = start(server1());
    await untilServing();
    child.kill(signal);
    const { exitCode, stderr } = await ended;
    assert.deepEqual([exitCode, stderr], [0, '']);
  });
}

test('it outlives the process that started it, unless told otherwise', async () => {
  const { child } = start(server1());
  await untilServing();
  child.stdin?.end();
  await untilServing();
  assert.equal(child.exitCode, null);
});

test('told so, it stops when its standard input ends', async () => {
  const { child, ended } = start(server1('--exit-with-parent'));
  await untilServing();
  child.stdin?.end();
  const { exitCode, stdout } = await ended;
  assert.equal(exitCode, 0);
  assert.match(stdout, /the process that started it ended/);
});

test('a parent with a channel is told when it serves, and its end is noticed', async () => {
  const { child, ended } = start(server1('--exit-with-parent'), { channel: true });
  const [message] = await once(child, 'message');
  assert.deepEqual(message, { type: 'ready' });
  await untilServing();
  child.disconnect();
  assert.equal((await ended).exitCode, 0);
});
