// The headless commands of the built product against real servers: options, JSON fields, exit codes.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { execa } from 'execa';
import { Daemons, freePortBase, TUI_MAIN } from '../support/daemons.ts';
import { waitFor } from '../support/wait-for.ts';

let daemons: Daemons;
before(async () => {
  daemons = await Daemons.start();
});
after(() => daemons.close());

/** Runs a command as the bot of that name, through the servers of these ids. */
function run(
  words: readonly string[],
  fields: { input?: string; through?: readonly string[] } = {},
) {
  const servers = (fields.through ?? daemons.ids()).map((id) => daemons.address(id)).join(',');
  const identity = join(daemons.directory, 'identity.json');
  const args = [TUI_MAIN, ...words, '--servers', servers, '--identity', identity];
  return execa(process.execPath, args, { reject: false, input: fields.input ?? '' });
}
const linesOf = (text: string) =>
  text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line));

test('status says who leads and who is in sync', async () => {
  const { stdout, exitCode } = await run(['status', '--json']);
  assert.equal(exitCode, 0);
  const status = JSON.parse(stdout);
  assert.deepEqual(status.leader, { id: 'server3', address: daemons.address('server3') });
  assert.deepEqual(
    status.servers.map(({ id, ringPosition, state, inSync }: Record<string, unknown>) => [
      id,
      ringPosition,
      state,
      inSync,
    ]),
    [
      ['server1', 1, 'active', true],
      ['server2', 2, 'active', true],
      ['server3', 3, 'leading', true],
    ],
  );
  const plain = await run(['status']);
  assert.match(plain.stdout, /server3 leads/);
});

test('send creates a room, posts through a follower and tells of each line; tail reads them in order', async () => {
  const words = ['send', '--room', 'ops', '--name', 'bot', '--create', '--json'];
  const sent = await run(words, { input: 'one\ntwo 日本語\nthree\n', through: ['server1'] });
  assert.equal(sent.exitCode, 0, sent.stderr);
  const answers = linesOf(sent.stdout);
  assert.deepEqual(
    answers.map(({ type, n, copies }) => [type, n, copies]),
    [
      ['stored', 1, 3],
      ['stored', 2, 3],
      ['stored', 3, 3],
    ],
  );
  assert.ok(answers.every(({ id, ms }) => typeof id === 'string' && ms >= 0));

  const tail = await run(
    ['tail', '--room', 'ops', '--name', 'bot', '--last', '2', '--no-follow', '--json'],
    { through: ['server2'] },
  );
  assert.equal(tail.exitCode, 0, tail.stderr);
  const posts = linesOf(tail.stdout);
  assert.deepEqual(
    posts.map(({ type, room, name, text }) => [type, room, name, text]),
    [
      ['post', 'ops', 'bot', 'two 日本語'],
      ['post', 'ops', 'bot', 'three'],
    ],
  );
  assert.deepEqual(
    posts.map(({ id }) => id),
    answers.slice(1).map(({ id }) => id),
  );
  assert.ok(posts.every(({ time }) => new Date(time).toISOString() === time));
});

test('what is sent to one person is read by that person alone', async () => {
  const nobody = await run(['send', '--to', 'carol', '--name', 'bot', 'hello']);
  assert.equal(nobody.exitCode, 1);
  assert.match(nobody.stderr, /@carol: no-such-user/);
  await run(['send', '--room', 'general', '--name', 'carol', 'here I am']);
  const sent = await run(['send', '--to', 'Carol', '--name', 'bot', '--json', 'for your eyes']);
  assert.equal(sent.exitCode, 0, sent.stderr);
  assert.deepEqual(
    linesOf(sent.stdout).map(({ type, copies }) => [type, copies]),
    [['stored', 3]],
  );
  const readBy = async (name: string) => {
    const words = ['tail', '--to', 'bot', '--name', name, '--no-follow', '--json'];
    const { stdout } = await run(words, { through: ['server1'] });
    return linesOf(stdout).map(({ room, text }) => [room, text]);
  };
  assert.deepEqual(await readBy('carol'), [['@bot', 'for your eyes']]);
  assert.deepEqual(await readBy('eve'), []);
});

test('what cannot be posted is refused in its place, the rest goes through, and the exit code is 1', async () => {
  const words = ['send', '--room', 'general', '--name', 'bot', '--json'];
  const sent = await run(words, { input: `fine\n${'x'.repeat(5_000)}\nfine too\n` });
  assert.equal(sent.exitCode, 1);
  assert.deepEqual(
    linesOf(sent.stdout).map(({ type, n, code }) => [type, n, code]),
    [
      ['stored', 1, undefined],
      ['refused', 2, 'bad-request'],
      ['stored', 3, undefined],
    ],
  );
});

test('what programs write for a terminal is posted as text, and blank lines only part the others', async () => {
  const input = '\u001b[31mred\u001b[0m\n\n \ntab\there, a bell\u0007  \n';
  const words = ['send', '--room', 'plain', '--name', 'bot', '--create', '--json'];
  const sent = await run(words, { input });
  assert.equal(sent.exitCode, 0, sent.stderr);
  assert.deepEqual(
    linesOf(sent.stdout).map(({ type, n }) => [type, n]),
    [
      ['stored', 1],
      ['stored', 4],
    ],
  );
  const read = await run(['tail', '--room', 'plain', '--name', 'bot', '--no-follow', '--json']);
  assert.deepEqual(
    linesOf(read.stdout).map(({ text }) => text),
    ['red', 'tab  here, a bell'],
  );
});

test('a text given as an argument is one post, whatever its lines', async () => {
  const sent = await run(['send', '--room', 'general', '--name', 'bot', 'two\nlines \n\n']);
  assert.equal(sent.exitCode, 0, sent.stderr);
  const tail = await run([
    'tail',
    '--room',
    'general',
    '--name',
    'bot',
    '--last',
    '1',
    '--no-follow',
  ]);
  assert.match(tail.stdout, /^\d\d:\d\d bot: two\n {6}lines$/);
});

test('tail follows through the death of the leader and prints each post once', async (t) => {
  const servers = daemons.addresses().join(',');
  const identity = join(daemons.directory, 'identity.json');
  const args = ['tail', '--room', 'general', '--name', 'reader', '--last', '0', '--json'];
  const tail = execa(
    process.execPath,
    [TUI_MAIN, ...args, '--servers', servers, '--identity', identity],
    { reject: false, buffer: false },
  );
  t.after(() => tail.kill('SIGTERM'));
  let text = '';
  tail.stdout.on('data', (bytes: Buffer) => {
    text += bytes;
  });
  const seen = () => linesOf(text.slice(0, text.lastIndexOf('\n') + 1)).map((post) => post.text);
  const say = (words: string) => run(['send', '--room', 'general', '--name', 'bot', words]);
  // The tail may be signed in a moment later than this: repeated until it is seen.
  await waitFor(
    'the tail to follow',
    async () => (await say('ready')).exitCode === 0 && seen().includes('ready'),
    30_000,
  );
  await daemons.kill('server3');
  assert.equal((await say('after the death')).exitCode, 0);
  await daemons.run('server3');
  await daemons.settled();
  assert.equal((await say('after the return')).exitCode, 0);
  await waitFor('the last post', () => seen().includes('after the return'), 15_000);
  const told = seen().filter((each) => each !== 'ready');
  assert.deepEqual(told, ['after the death', 'after the return']);
});

test('a room that does not exist is a failure, with its reason', async () => {
  const { exitCode, stderr } = await run([
    'tail',
    '--room',
    'nowhere',
    '--name',
    'bot',
    '--no-follow',
  ]);
  assert.equal(exitCode, 1);
  assert.match(stderr, /there is no room #nowhere; send --create makes it/);
});

test('a name of another key is refused', async () => {
  const servers = daemons.addresses().join(',');
  const other = ['--identity', join(daemons.directory, 'other.json'), '--servers', servers];
  const { exitCode, stderr } = await execa(
    process.execPath,
    [TUI_MAIN, 'send', '--room', 'general', '--name', 'bot', 'hi', ...other],
    { reject: false },
  );
  assert.equal(exitCode, 1);
  assert.match(stderr, /name-taken/);
});

test('without a server every command ends with 3 and names what was tried', async () => {
  const nowhere = `localhost:${await freePortBase()}`;
  const identity = join(daemons.directory, 'identity.json');
  const reach = ['--servers', nowhere, '--timeout', '1', '--identity', identity];
  for (const words of [
    ['status'],
    ['send', '--room', 'a', '--name', 'bot', 'hi'],
    ['tail', '--room', 'a', '--name', 'bot'],
  ]) {
    const result = await execa(process.execPath, [TUI_MAIN, ...words, ...reach], { reject: false });
    assert.equal(result.exitCode, 3, words[0]);
    assert.ok(result.stderr.includes(nowhere), result.stderr);
  }
});

test('a send whose cluster is gone ends with 3 and says how many were not answered', async (t) => {
  const cluster = await Daemons.prepare();
  t.after(() => cluster.close());
  await cluster.run('server1');
  await cluster.settled(['server1']);
  const identity = join(cluster.directory, 'identity.json');
  const words = ['send', '--room', 'general', '--name', 'bot', '--json', '--timeout', '1'];
  const send = execa(
    process.execPath,
    [TUI_MAIN, ...words, '--servers', cluster.address('server1'), '--identity', identity],
    { reject: false, buffer: false },
  );
  let answers = '';
  let errors = '';
  send.stdout.on('data', (bytes: Buffer) => {
    answers += bytes;
  });
  send.stderr.on('data', (bytes: Buffer) => {
    errors += bytes;
  });
  send.stdin.write('before\n');
  await waitFor('the first answer', () => answers.includes('"stored"'), 15_000);
  await cluster.kill('server1');
  send.stdin.write('one\ntwo\n');
  const { exitCode } = await send;
  assert.equal(exitCode, 3);
  assert.match(errors, /every server is gone; 2 not answered/);
});

test('wrong arguments end with 2', async () => {
  for (const words of [['send'], ['tail', '--rom', 'x'], ['status', 'now'], ['--frob'], ['frob']]) {
    const result = await execa(process.execPath, [TUI_MAIN, ...words], { reject: false });
    assert.equal(result.exitCode, 2, words.join(' '));
    assert.notEqual(result.stderr, '', words.join(' '));
  }
});

test('help is given whatever stands beside it, and a text of that name is a text', async () => {
  const asked = [
    ['--name', 'bot', '--help'],
    ['completion', '--help'],
    ['send', '--room', 'ops', '--help'],
    ['tail', '-h', '--json'],
  ];
  for (const words of asked) {
    const { stdout, exitCode } = await execa(process.execPath, [TUI_MAIN, ...words], {
      reject: false,
    });
    assert.deepEqual([exitCode, /Usage/.test(stdout)], [0, true], words.join(' '));
  }
  const reach = ['--servers', daemons.address('server3'), '--name', 'bot', '--room', 'general'];
  const identity = ['--identity', join(daemons.directory, 'identity.json')];
  const words = ['send', ...reach, ...identity, '--json', '--', '--help'];
  const sent = await execa(process.execPath, [TUI_MAIN, ...words], { reject: false });
  assert.equal(sent.exitCode, 0, sent.stderr);
  assert.equal(linesOf(sent.stdout)[0]?.type, 'stored');
});
