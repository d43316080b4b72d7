// Flags, environment and cluster file to one configuration: what beats what, and what each mistake is told.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type DaemonConfig, loadConfig } from '../../daemon/config.ts';
import { builtInCluster } from '../../lib/cluster-file.ts';

const SECRET = '0123456789abcdef0123456789abcdef';

type Given = { argv?: string[]; env?: Record<string, string>; files?: Record<string, string> };

function load({ argv = [], env = {}, files = {} }: Given) {
  const readFile = (path: string) => {
    const text = files[path];
    if (text === undefined) throw new Error(`ENOENT: no such file or directory, open '${path}'`);
    return text;
  };
  return loadConfig({ argv, env: { HOME: '/home/ada', ...env }, readFile });
}

function configOf(given: Given): DaemonConfig {
  const loaded = load(given);
  assert.ok('config' in loaded, JSON.stringify(loaded));
  return loaded.config;
}

function problemsOf(given: Given): readonly string[] {
  const loaded = load(given);
  assert.ok('problems' in loaded, JSON.stringify(loaded));
  return loaded.problems;
}

const servers = builtInCluster().servers;
const clusterFile = (change: (list: Record<string, unknown>[]) => void) => {
  const list = structuredClone(servers) as Record<string, unknown>[];
  change(list);
  return JSON.stringify({ servers: list });
};

test('an id alone is a server of the built-in layout, on loopback, with data in the home folder', () => {
  assert.deepEqual(configOf({ argv: ['--id', 'server2'] }), {
    self: servers[1],
    cluster: { servers },
    bindHost: '127.0.0.1',
    dataDirectory: '/home/ada/.local/share/syncnet/server2',
    secret: null,
    copiesMin: 1,
    retention: { retentionMs: null, forgetAfterMs: 7 * 86_400_000 },
    scrubRate: 500,
    logLevel: 'info',
    logFormat: 'auto',
    exitWithParent: false,
  });
});

type Row = { name: string; given: Given; expected: unknown; of: (config: DaemonConfig) => unknown };

const VALUES: Row[] = [
  {
    name: 'durations are read in days, hours, minutes and seconds',
    given: { argv: ['--id', 'server1', '--retention', '90d', '--forget-after', '36h'] },
    expected: { retentionMs: 90 * 86_400_000, forgetAfterMs: 36 * 3_600_000 },
    of: (config) => config.retention,
  },
  {
    name: 'posts can be kept for ever in so many words',
    given: { argv: ['--id', 'server1'], env: { SYNCNET_RETENTION: 'forever' } },
    expected: null,
    of: (config) => config.retention.retentionMs,
  },
  {
    name: 'a flag beats the environment',
    given: {
      argv: ['--id', 'server1', '--log-level', 'warn'],
      env: { SYNCNET_LOG_LEVEL: 'debug' },
    },
    of: (config) => config.logLevel,
    expected: 'warn',
  },
  {
    name: 'the environment beats the cluster file',
    given: {
      argv: ['--id', 'server1', '--config', 'c.json'],
      env: { SYNCNET_CLIENT_PORT: '9000' },
      files: { 'c.json': clusterFile(() => {}) },
    },
    of: ({ self, cluster }) => [self.clientPort, cluster.servers[0]?.clientPort],
    expected: [9000, 9000],
  },
  {
    name: 'an environment variable that is set to nothing is not set',
    given: { env: { SYNCNET_ID: 'server3', SYNCNET_MIN_COPIES: '', SYNCNET_CONFIG: '' } },
    of: ({ self, copiesMin }) => [self.id, copiesMin],
    expected: ['server3', 1],
  },
  {
    name: 'a cluster file may be given as its JSON itself',
    given: { env: { SYNCNET_ID: 'server3', SYNCNET_CONFIG: `\n  ${clusterFile(() => {})}\n` } },
    of: ({ cluster }) => cluster.servers,
    expected: servers,
  },
  {
    name: 'a port base moves the whole layout',
    given: { argv: ['--id', 'server3', '--port-base', '9100'] },
    of: ({ self }) => [self.clientPort, self.peerPort, self.heartbeatPort, self.httpPort],
    expected: [9102, 9112, 9122, 9132],
  },
  {
    name: 'a secret comes from a file, without the line end',
    given: { argv: ['--id', 'server1', '--secret-file', 's'], files: { s: `${SECRET}\n` } },
    of: ({ secret }) => Buffer.from(secret ?? []).toString(),
    expected: SECRET,
  },
  {
    name: 'a secret comes from the environment',
    given: { argv: ['--id', 'server1'], env: { SYNCNET_SECRET: SECRET } },
    of: ({ secret }) => Buffer.from(secret ?? []).toString(),
    expected: SECRET,
  },
  {
    name: 'with a secret any address may be bound',
    given: { argv: ['--id', 'server1', '--bind', '0.0.0.0'], env: { SYNCNET_SECRET: SECRET } },
    of: ({ bindHost }) => bindHost,
    expected: '0.0.0.0',
  },
  {
    name: 'data goes below XDG_DATA_HOME',
    given: { argv: ['--id', 'server1'], env: { XDG_DATA_HOME: '/data/ada' } },
    of: ({ dataDirectory }) => dataDirectory,
    expected: '/data/ada/syncnet/server1',
  },
  {
    name: 'a relative XDG_DATA_HOME does not count',
    given: { argv: ['--id', 'server1'], env: { XDG_DATA_HOME: 'data' } },
    of: ({ dataDirectory }) => dataDirectory,
    expected: '/home/ada/.local/share/syncnet/server1',
  },
  {
    name: 'what clients are told may be set apart from what is bound',
    given: { argv: ['--id', 'server1', '--advertise', '[::1]:99', '--ring-position', '9'] },
    of: ({ self }) => [self.advertise, self.ringPosition, self.host],
    expected: ['[::1]:99', 9, '127.0.0.1'],
  },
  {
    name: 'the end of the parent ends it when it is told so',
    given: { argv: ['--id', 'server1', '--exit-with-parent'] },
    of: ({ exitWithParent }) => exitWithParent,
    expected: true,
  },
  {
    name: 'a flag can be taken back from the environment',
    given: {
      argv: ['--id', 'server1', '--no-exit-with-parent'],
      env: { SYNCNET_EXIT_WITH_PARENT: 'true' },
    },
    of: ({ exitWithParent }) => exitWithParent,
    expected: false,
  },
];

for (const { name, given, of, expected } of VALUES) {
  test(name, () => assert.deepEqual(of(configOf(given)), expected));
}

type Bad = { name: string; given: Given; problems: (string | RegExp)[] };

const BAD: Bad[] = [
  { name: 'no id', given: {}, problems: [/^--id \(or SYNCNET_ID\): expected .*, got nothing$/] },
  {
    name: 'an id that no server has',
    given: { argv: ['--id', 'server9'] },
    problems: [
      `--id: expected one of the cluster's servers, server1, server2, server3, got "server9"`,
    ],
  },
  {
    name: 'an unknown flag',
    given: { argv: ['--id', 'server1', '--min-copy', '2', '-x'] },
    problems: [
      '--min-copy: there is no such option; see --help',
      '-x: there is no such option; see --help',
    ],
  },
  {
    name: 'a word that belongs to no flag',
    given: { argv: ['--id', 'server1', 'start'] },
    problems: ['start: expected options only; see --help'],
  },
  {
    name: 'a flag without its value',
    given: { argv: ['--id', 'server1', '--data'] },
    problems: [/^--data: expected .*, got ""$/],
  },
  {
    name: 'a flag given twice',
    given: { argv: ['--id', 'server1', '--id', 'server2'] },
    problems: [/--id can only be set once/, /^--id .*got nothing$/],
  },
  {
    name: 'a port that is no number',
    given: { argv: ['--id', 'server1'], env: { SYNCNET_CLIENT_PORT: 'http' } },
    problems: ['SYNCNET_CLIENT_PORT: expected a whole number from 1 to 65535, got "http"'],
  },
  {
    name: 'a port beyond all ports',
    given: { argv: ['--id', 'server1', '--peer-port', '70000'] },
    problems: ['--peer-port: expected a whole number from 1 to 65535, got "70000"'],
  },
  {
    name: 'a log level that is none',
    given: { argv: ['--id', 'server1', '--log-level', 'loud'] },
    problems: [/^--log-level: expected one of .*"debug".*, got "loud"$/],
  },
  {
    name: 'more copies than servers',
    given: { argv: ['--id', 'server1', '--min-copies', '4'] },
    problems: ['--min-copies: expected at most 3, the number of servers, got 4'],
  },
  {
    name: 'an advertised address without a port',
    given: { argv: ['--id', 'server1', '--advertise', 'chat.example'] },
    problems: [/^--advertise: expected host:port, got "chat.example"$/],
  },
  {
    name: 'a port base next to a cluster file',
    given: {
      argv: ['--id', 'server1', '--config', 'c.json', '--port-base', '9000'],
      files: { 'c.json': clusterFile(() => {}) },
    },
    problems: ['--port-base: expected nothing, since --config has the ports'],
  },
  {
    name: 'a cluster file that is not there',
    given: { argv: ['--id', 'server1', '--config', 'c.json'] },
    problems: [
      "c.json: expected a cluster file in JSON, got: ENOENT: no such file or directory, open 'c.json'",
    ],
  },
  {
    name: 'a cluster file that is no JSON',
    given: { argv: ['--id', 'server1', '--config', 'c.json'], files: { 'c.json': 'servers:' } },
    problems: [/^c\.json: expected a cluster file in JSON, got: .*servers:/],
  },
  {
    name: 'a cluster file without servers',
    given: { argv: ['--id', 'server1', '--config', 'c.json'], files: { 'c.json': '{"a":1}' } },
    problems: [
      'c.json: servers: expected array, got nothing',
      'c.json: a: there is no such setting',
    ],
  },
  {
    name: 'several mistakes in a cluster file',
    given: {
      argv: ['--id', 'server1', '--config', 'c.json'],
      files: {
        'c.json': clusterFile((list) => {
          Object.assign(list[0] ?? {}, { clientPort: '8000', colour: 'red' });
          Object.assign(list[1] ?? {}, { httpPort: 70_000, id: 'no spaces' });
        }),
      },
    },
    problems: [
      'c.json: servers[0].clientPort: expected number, got "8000"',
      'c.json: servers[0].colour: there is no such setting',
      'c.json: servers[1].id: expected letters, digits, _ - . (at most 32), got "no spaces"',
      'c.json: servers[1].httpPort: expected number to be <=65535, got 70000',
    ],
  },
  {
    name: 'two servers of one ring position and one port',
    given: {
      argv: ['--id', 'server1', '--config', 'c.json'],
      files: {
        'c.json': clusterFile((list) => {
          Object.assign(list[2] ?? {}, { ringPosition: 2, peerPort: 8000 });
        }),
      },
    },
    problems: [
      'c.json: servers[2].ringPosition: expected a value of its own, got 2, which an earlier server has',
      'c.json: servers[2].peerPort: expected a TCP port of its own, got 8000, which is taken on 127.0.0.1',
    ],
  },
  {
    name: 'an option that clashes with another server',
    given: { argv: ['--id', 'server1', '--ring-position', '3'] },
    problems: [
      'with the options applied: servers[2].ringPosition: expected a value of its own, got 3, which an earlier server has',
    ],
  },
  {
    name: 'an open address without a secret',
    given: { argv: ['--id', 'server1', '--bind', '0.0.0.0'] },
    problems: [
      /^0\.0\.0\.0: expected loopback addresses only, since there is no cluster secret; .*openssl rand -hex 32.*--secret-file/,
    ],
  },
  {
    name: 'peers elsewhere without a secret',
    given: {
      argv: ['--id', 'server1', '--config', 'c.json'],
      files: {
        'c.json': clusterFile((list) => {
          Object.assign(list[1] ?? {}, { host: '10.0.0.2' });
          Object.assign(list[2] ?? {}, { host: 'server3' });
        }),
      },
    },
    problems: [/^10\.0\.0\.2, server3: expected loopback addresses only/],
  },
  {
    name: 'a short secret, without showing it',
    given: { argv: ['--id', 'server1'], env: { SYNCNET_SECRET: 'letmein' } },
    problems: [
      'SYNCNET_SECRET: expected a secret of at least 16 bytes, got 7; make one with: openssl rand -hex 32',
    ],
  },
  {
    name: 'an empty secret file',
    given: { argv: ['--id', 'server1', '--secret-file', 's'], files: { s: '\n' } },
    problems: [/^s: expected a secret of at least 16 bytes, got 0/],
  },
  {
    name: 'a secret file that is not there',
    given: { argv: ['--id', 'server1', '--secret-file', 's'] },
    problems: [/^s: expected the file of the cluster secret, got: ENOENT/],
  },
  {
    name: 'mistakes in flags, environment, cluster file and secret',
    given: {
      argv: ['--id', 'server1', '--config', 'c.json', '--min-copies', 'two', '--colour'],
      env: { SYNCNET_LOG_FORMAT: 'xml', SYNCNET_SECRET: 'short' },
      files: { 'c.json': '{"servers":[]}' },
    },
    problems: [
      '--colour: there is no such option; see --help',
      '--min-copies: expected a whole number from 1 to 32, got "two"',
      /^SYNCNET_LOG_FORMAT: expected one of .*, got "xml"$/,
      /^c\.json: servers: expected .*>=1 items, got \[\]$/,
      /^SYNCNET_SECRET: expected a secret of at least 16 bytes/,
    ],
  },
];

for (const { name, given, problems: expected } of BAD) {
  test(`all is told of ${name}`, () => {
    const problems = problemsOf(given);
    assert.equal(problems.length, expected.length, problems.join('\n'));
    for (const [index, pattern] of expected.entries()) {
      if (typeof pattern === 'string') assert.equal(problems[index], pattern);
      else assert.match(problems[index] ?? '', pattern);
    }
  });
}

test('help names every option', () => {
  const loaded = load({ argv: ['--help', '--id', 'server1'] });
  assert.ok('text' in loaded);
  for (const flag of ['--id', '--config', '--data', '--bind', '--secret-file', '--min-copies']) {
    assert.ok(loaded.text.includes(flag), flag);
  }
});

test('the version is that of the package', () => {
  const loaded = load({ argv: ['--version'] });
  assert.ok('text' in loaded);
  assert.match(loaded.text, /^\d+\.\d+\.\d+\n$/);
});
