import assert from 'node:assert/strict';
import { test } from 'node:test';
import { UsageError } from '../../../tui/arguments.ts';
import { parseHeadless } from '../../../tui/headless/command-line.ts';

const words = (line: string) => line.split(' ').filter((word) => word !== '');

test('send reads where to, as whom and what', () => {
  const argv = [...words('send --room #ops --name bot --json --timeout 2.5'), 'two words'];
  const options = {
    servers: null,
    identity: null,
    timeoutMs: 2_500,
    place: { type: 'room', name: 'ops' },
    name: 'bot',
    create: false,
    json: true,
    text: 'two words',
  };
  assert.deepEqual(parseHeadless(argv), { command: 'send', options });
});

test('tail prints ten posts and follows, unless told otherwise', () => {
  const usual = parseHeadless(words('tail --room ops --name bot'));
  assert.ok(usual.command === 'tail');
  assert.deepEqual([usual.options.last, usual.options.follow], [10, true]);
  const told = parseHeadless(words('tail --room ops --name bot --last all --no-follow'));
  assert.ok(told.command === 'tail');
  assert.deepEqual([told.options.last, told.options.follow], [Number.POSITIVE_INFINITY, false]);
});

const SERVERS: readonly (readonly [string, readonly string[] | null])[] = [
  ['', null],
  ['--servers a:1,b:2', ['a:1', 'b:2']],
  ['--host chat', ['chat:8000']],
  ['--port 8001', ['localhost:8001']],
  ['--port-base 9000', ['localhost:9000', 'localhost:9001', 'localhost:9002']],
  ['--servers [::1]:8000', ['[::1]:8000']],
];
for (const [flags, servers] of SERVERS) {
  test(`status ${flags} asks ${servers?.join(', ') ?? 'those it finds'}`, () => {
    assert.deepEqual(parseHeadless(['status', ...words(flags)]).options.servers, servers);
  });
}

test('a flag beats the environment, also where it names servers by their first port', () => {
  const before = process.env.SYNCNET_SERVERS;
  process.env.SYNCNET_SERVERS = 'a:1';
  try {
    const { servers } = parseHeadless(words('status --port-base 9000')).options;
    assert.deepEqual(servers?.[0], 'localhost:9000');
    assert.deepEqual(parseHeadless(['status']).options.servers, ['a:1']);
  } finally {
    if (before === undefined) delete process.env.SYNCNET_SERVERS;
    else process.env.SYNCNET_SERVERS = before;
  }
});

test('send and tail take a person in place of a room', () => {
  for (const command of ['send', 'tail']) {
    const parsed = parseHeadless([command, ...words('--to @bob~a-b_ --name bot')]);
    assert.ok(parsed.command !== 'status');
    assert.deepEqual(parsed.options.place, { type: 'person', name: 'bob~a-b_' });
  }
});

const WRONG: readonly (readonly [string, RegExp])[] = [
  ['send --name bot hi', /--room: it is required/],
  ['send --room ops --to bob --name bot hi', /--to: it stands in place of --room/],
  ['send --to bob --create --name bot hi', /not beside --create/],
  ['tail --to a/b --name bot', /--to: expected the name of a person, got a\/b/],
  ['send --room a/b --name bot hi', /--room: use letters/],
  ['send --room ops --name /bot hi', /--name: use letters.*got \/bot/],
  ['send --room ops --name bot hi there', /TEXT: expected one, in quotes; got 2/],
  ['tail --room ops --name bot --last some', /--last: expected a number or all, got some/],
  ['tail --room ops --name bot hi', /hi: expected options only/],
  ['status --port 99999', /--port: expected a port from 1 to 65535, got 99999/],
  ['tail --room ops --name bot --port-base 0', /--port-base: expected a port from 1 to 65535/],
  ['status --host a --port-base 9000', /--port-base: it says where three servers are/],
  ['status --servers nowhere', /--servers: expected host:port, got nowhere/],
  [
    'status --servers localhost:99999',
    /--servers: localhost:99999: expected a port from 1 to 65535/,
  ],
  ['status --jsno', /there is no option --jsno: did you mean --json\?/],
  ['tail --room ops --unknown-thing', /there is no option --unknown-thing: see --help/],
  ['status --timeout soon', /--timeout: expected seconds above 0, got soon/],
];
for (const [line, problem] of WRONG) {
  test(`${line}: is refused with what was expected`, () => {
    assert.throws(
      () => parseHeadless(words(line)),
      (error: Error) => error instanceof UsageError && problem.test(error.message),
    );
  });
}
