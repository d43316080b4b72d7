// The built product with --plain: through pipes and in a terminal that is dumb, with real servers that are killed.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { execa } from 'execa';
import { Daemons, freePortBase, TUI_MAIN } from '../support/daemons.ts';
import { Terminal } from '../support/terminal.ts';
import { waitFor } from '../support/wait-for.ts';

let daemons: Daemons;
before(async () => {
  daemons = await Daemons.start();
  const isRead = async () => {
    const { stdout } = await run('/search hello\n', { name: 'zoe' });
    return stdout.includes('nothing found') && !stdout.includes('still reads its history');
  };
  await waitFor('the index to be filled', isRead, 20_000);
});
after(() => daemons.close());

type Fields = Readonly<{ name?: string; servers?: readonly string[]; words?: readonly string[] }>;

/** The arguments of a person with a key and a folder of their own. */
function argumentsOf({ name = 'alice', servers = daemons.addresses(), words = [] }: Fields) {
  const own = (what: string) => join(daemons.directory, `${name}-${what}`);
  return [
    ...[TUI_MAIN, '--plain', '--name', name, '--servers', servers.join(',')],
    ...['--identity', own('identity.json'), '--data', own('data'), ...words],
  ];
}

function start(fields: Fields = {}) {
  const options = { reject: false, env: { XDG_CONFIG_HOME: daemons.directory } } as const;
  return execa(process.execPath, argumentsOf(fields), options);
}

async function run(input: string, fields: Fields = {}) {
  const running = start(fields);
  running.stdin?.end(input);
  return await running;
}

const linesOf = (text: string) => text.split('\n');

test('lines of a pipe are posts and commands, each after what the ones before it did', async () => {
  const input = '/create ops Incident room\nhello 日本語\nteh\n/edit the\n/who\n/search hello\n';
  const { stdout, stderr, exitCode } = await run(input);
  assert.equal(exitCode, 0, stderr);
  const lines = linesOf(stdout).map((line) => line.replace(/\d\d:\d\d/, '10:00'));
  const shown = lines.slice(lines.indexOf('- now in #ops: Incident room'));
  assert.deepEqual(shown.slice(0, 5), [
    '- now in #ops: Incident room',
    '#ops 10:00 alice: hello 日本語',
    '#ops 10:00 alice: teh',
    '#ops 10:00 alice: the (edited)',
    '- 1 here: alice',
  ]);
  assert.match(shown[5] ?? '', /^- found: #ops .* alice: hello 日本語$/);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there
  assert.doesNotMatch(stdout, /[\u0000-\u0009\u000b-\u001f\u007f]/, 'nothing but text');
});

test('a pipe ends with 1 where something was refused, and posts no mistyped command', async () => {
  const { stdout, exitCode } = await run('/jion ops\n/join nowhere\n');
  assert.equal(exitCode, 1);
  assert.match(stdout, /^- no command \/jion: did you mean \/join/m);
  assert.match(stdout, /^- refused: there is no room #nowhere/m);
  assert.doesNotMatch(stdout, /alice: \/jion/);
});

test('wrong arguments end with 2', async () => {
  const wrong = await run('', { words: ['--timeout', 'soon'] });
  assert.equal(wrong.exitCode, 2);
  assert.match(wrong.stderr, /--timeout: expected seconds above 0, got soon/);
});

test('where no server answers a pipe ends with 3, and what was tried is told', async () => {
  const port = await freePortBase();
  const gone = { name: 'erin', servers: [`localhost:${port}`], words: ['--timeout', '1'] };
  const { stdout, stderr, exitCode } = await run('hello\n', gone);
  assert.equal(exitCode, 3);
  assert.match(stderr, new RegExp(`no server reached: localhost:${port} connection refused`));
  assert.match(stderr, /no line of the input was taken/);
  assert.match(stdout, /^! NO SERVER ANSWERS/m);
});

test('what is typed goes on over the death of a leader, and is read by another', async () => {
  const reader = start({ name: 'bob' });
  let heard = '';
  reader.stdout?.on('data', (bytes) => {
    heard += bytes;
  });
  await waitFor('bob to be there', () => heard.includes('now in #general'), 10_000);
  const writer = start();
  let told = '';
  writer.stdout?.on('data', (bytes) => {
    told += bytes;
  });
  writer.stdin?.write('/join general\nbefore\n');
  await waitFor(
    () => `the first post:\n${heard}`,
    () => heard.includes('alice: before'),
    10_000,
  );
  await daemons.kill('server3');
  writer.stdin?.end('after, at once\nand more\n');
  const { exitCode } = await writer;
  assert.equal(exitCode, 0);
  assert.match(told, /^! RECOVERED in \d+ ms, leader server2/m);
  await waitFor(
    () => `all posts:\n${heard}`,
    () => heard.includes('and more'),
    10_000,
  );
  reader.stdin?.end();
  assert.equal((await reader).exitCode, 0);
  const posts = linesOf(heard).filter((line) => line.includes(' alice: '));
  assert.deepEqual(
    posts.map((line) => line.replace(/^.* alice: /, '').replace(/ \(\d cop.*/, '')),
    ['before', 'after, at once', 'and more'],
  );
  await daemons.run('server3');
  await daemons.settled();
});

test('what could not be sent is kept, and sent with the next start', async () => {
  const running = start({ name: 'carol', words: ['--timeout', '1'] });
  let told = '';
  running.stdout?.on('data', (bytes) => {
    told += bytes;
  });
  await waitFor('carol to be there', () => told.includes('now in #general'), 10_000);
  await Promise.all(daemons.ids().map((id) => daemons.kill(id)));
  running.stdin?.end('kept on the disk\n');
  const { exitCode, stderr } = await running;
  assert.equal(exitCode, 3);
  assert.match(stderr, /1 not sent yet: kept, and sent with the next start/);
  await Promise.all(daemons.ids().map((id) => daemons.run(id)));
  await daemons.settled();
  const again = await run('', { name: 'carol' });
  assert.equal(again.exitCode, 0, again.stderr);
  assert.match(again.stdout, /carol: kept on the disk/);
});

test('a terminal that is dumb gets lines without being asked, and no escape code', async (t) => {
  const words = argumentsOf({ name: 'dave' }).filter((word) => word !== '--plain');
  const args = ['TERM=dumb', process.execPath, ...words];
  const environment = { XDG_CONFIG_HOME: daemons.directory };
  const terminal = new Terminal({ file: '/usr/bin/env', args, environment });
  t.after(() => terminal.close());
  await terminal.waitForText(/now in #general/);
  terminal.keys('/who\r');
  await terminal.waitForText(/here: .*dave/);
  terminal.keys('\u0004');
  assert.equal(await terminal.exited(), 0);
  assert.ok(!terminal.output().includes('\u001b'));
});

test('without a terminal the screen says what there is instead', async () => {
  const words = argumentsOf({}).filter((word) => word !== '--plain');
  const { exitCode, stderr } = await execa(process.execPath, words, { reject: false, input: '' });
  assert.equal(exitCode, 2);
  assert.match(stderr, /the screen needs a terminal: --plain has the same as lines/);
});
