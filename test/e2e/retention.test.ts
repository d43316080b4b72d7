// Old posts are pruned on every server alike, but not while a server that counts is away; an operator can say
// that one is gone for good. Real daemons, the built product.
import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { execa } from 'execa';
import { DAEMON_MAIN, Daemons, TUI_MAIN } from '../support/daemons.ts';
import { waitFor } from '../support/wait-for.ts';

const RETENTION = ['--retention', '2s'];
const PATIENCE_MS = 30_000;
const POSTS = 500;

async function started(t: TestContext): Promise<Daemons> {
  const daemons = await Daemons.start(RETENTION);
  t.after(() => daemons.close());
  return daemons;
}

async function say(daemons: Daemons, lines: readonly string[]): Promise<void> {
  const identity = join(daemons.directory, 'bot.json');
  const words = ['send', '--room', 'ops', '--name', 'bot', '--create', '--identity', identity];
  await execa('node', [TUI_MAIN, ...words, '--servers', daemons.addresses().join()], {
    input: lines.join('\n'),
  });
}

async function history(daemons: Daemons, id: string): Promise<string[]> {
  const identity = join(daemons.directory, 'bot.json');
  const words = ['tail', '--room', 'ops', '--name', 'bot', '--last', 'all', '--no-follow'];
  const { stdout } = await execa('node', [
    TUI_MAIN,
    ...words,
    '--json',
    '--identity',
    identity,
    '--servers',
    daemons.address(id),
  ]);
  const lines = stdout.split('\n').filter((line) => line !== '');
  return lines.map((line) => (JSON.parse(line) as { text: string }).text);
}

function forget(daemons: Daemons, id: string, env: Readonly<Record<string, string>> = {}) {
  const words = [DAEMON_MAIN, 'forget', id, '--port-base', String(daemons.base)];
  return execa('node', words, { reject: false, env });
}

async function pruned(daemons: Daemons, ids: readonly string[] = daemons.ids()): Promise<void> {
  const none = async () => {
    const statuses = await Promise.all(ids.map((id) => daemons.status(id)));
    return statuses.every((status) => status?.posts === 0);
  };
  await waitFor('all posts to be pruned', none, PATIENCE_MS);
}

test('posts older than the retention go everywhere, for a server with an empty disk too', async (t) => {
  const daemons = await started(t);
  const lines = Array.from({ length: POSTS }, (_, index) => `secret ${index}`);
  await say(daemons, lines);
  await pruned(daemons);
  assert.deepEqual(await history(daemons, 'server1'), []);
  await daemons.kill('server1');
  await daemons.wipe('server1');
  await daemons.run('server1');
  const [empty, , leader] = await daemons.settled();
  assert.equal(empty?.historyHash, leader?.historyHash);
  assert.ok((empty?.entries ?? 0) > POSTS, 'keys and requests are kept');
  assert.equal(empty?.posts, 0);
  assert.ok(empty?.prunedBelow !== null);
  for (const id of daemons.ids()) {
    assert.equal((await daemons.kill(id, 'SIGTERM')).exitCode, 0);
    const names = await readdir(daemons.dataDirectory(id));
    const files = await Promise.all(
      names.map((name) => readFile(join(daemons.dataDirectory(id), name))),
    );
    assert.ok(files.some((bytes) => bytes.includes('pruned')));
    assert.ok(!files.some((bytes) => bytes.includes('secret ')), `the text is gone from ${id}`);
  }
});

test('nothing is pruned while a server is away, until it is forgotten', async (t) => {
  const daemons = await started(t);
  await daemons.kill('server1');
  await daemons.settled(['server2', 'server3']);
  await say(daemons, ['one', 'two']);
  await new Promise((resolve) => setTimeout(resolve, 4_000));
  assert.deepEqual(await history(daemons, 'server3'), ['one', 'two']);

  const other = await forget(daemons, 'server1', { SYNCNET_SECRET: 'x'.repeat(32) });
  assert.equal(other.exitCode, 1, other.stderr);
  assert.match(other.stderr, /the cluster secret is another one/);
  const unknown = await forget(daemons, 'server9');
  assert.equal(unknown.exitCode, 2);
  assert.match(unknown.stderr, /expected one of the cluster's servers, server1, server2, server3/);

  const { exitCode, stdout, stderr } = await forget(daemons, 'server1');
  assert.equal(exitCode, 0, stderr);
  assert.match(stdout, /server1 is forgotten until it is in sync again/);
  await pruned(daemons, ['server2', 'server3']);
  await daemons.run('server1');
  await daemons.settled();
  await pruned(daemons);
  await daemons.kill('server2');
  await daemons.kill('server3');
  await daemons.kill('server1');
  const nobody = await forget(daemons, 'server1');
  assert.equal(nobody.exitCode, 3);
  assert.match(nobody.stderr, /no server answered; asked 127.0.0.1:\d+, /);
});
