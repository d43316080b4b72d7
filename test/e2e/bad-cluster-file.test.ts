// Cluster files that no server can use, read by real processes, with other mistakes beside them.
import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { runDaemon } from '../support/run-daemon.ts';

let folder = '';
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'syncnet-cluster-file-'));
});
after(() => rm(folder, { recursive: true, force: true }));

const first = {
  id: 'server1',
  ringPosition: 1,
  clientPort: 1,
  peerPort: 2,
  heartbeatPort: 3,
  httpPort: 4,
};
const write = (value: unknown) => (path: string) => writeFile(path, JSON.stringify(value));

const FILES: readonly {
  what: string;
  make: (path: string) => Promise<unknown>;
  problems: readonly RegExp[];
}[] = [
  {
    what: 'that is not there',
    make: async () => {},
    problems: [/: expected a cluster file in JSON, got: ENOENT/],
  },
  {
    what: 'that is a directory',
    make: (path) => mkdir(path),
    problems: [/: expected a cluster file in JSON, got: EISDIR/],
  },
  {
    what: 'that is cut off',
    make: (path) => writeFile(path, '{"servers": [{"id": "server1"'),
    problems: [/: expected a cluster file in JSON, got: .*position/],
  },
  {
    what: 'that is binary',
    make: (path) => writeFile(path, Buffer.from([0, 255, 254, 7])),
    problems: [/: expected a cluster file in JSON, got: /],
  },
  {
    what: 'with wrong types, a missing field and one that is none',
    make: write({
      servers: [{ ...first, ringPosition: 0, clientPort: '8000', httpPort: undefined }],
      leader: 'server1',
    }),
    problems: [
      /: servers\[0\]\.ringPosition: expected .*>=1, got 0$/,
      /: servers\[0\]\.clientPort: expected number, got "8000"$/,
      /: servers\[0\]\.httpPort: expected number, got nothing$/,
      /: leader: there is no such setting$/,
    ],
  },
  {
    what: 'with two servers in one place',
    make: write({ servers: [first, { ...first, id: 'server2', peerPort: 5, httpPort: 6 }] }),
    problems: [
      /: servers\[1\]\.ringPosition: expected a value of its own, got 1/,
      /: servers\[1\]\.clientPort: expected a TCP port of its own, got 1/,
      /: servers\[1\]\.heartbeatPort: expected a UDP port of its own, got 3/,
    ],
  },
];

/** Wrong arguments beside the file: named in the same run. */
const WRONG_FLAGS = ['--min-copies', 'two', '--colour'];
const FLAG_PROBLEMS = [
  /^--min-copies: expected a whole number/,
  /^--colour: there is no such option/,
];

for (const { what, make, problems } of FILES) {
  test(`a cluster file ${what} ends a server with 2, and every problem is named`, async () => {
    const path = join(folder, what.replaceAll(' ', '-'));
    await make(path);
    const words = ['--id', 'server1', '--config', path, '--data', join(folder, 'data')];
    const { code, errors } = await runDaemon([...words, ...WRONG_FLAGS]);
    assert.equal(code, 2);
    const named = errors.map((error) => error.replace('syncnet-daemon: ', ''));
    const ofFile = named.filter((problem) => problem.startsWith(`${path}: `));
    assertEach(ofFile, problems);
    assertEach(
      named.filter((problem) => !ofFile.includes(problem)),
      FLAG_PROBLEMS,
    );
  });
}

/** As many texts as patterns, and each pattern in one of them. */
function assertEach(texts: readonly string[], patterns: readonly RegExp[]): void {
  assert.equal(texts.length, patterns.length, texts.join('\n'));
  for (const pattern of patterns) {
    assert.equal(texts.filter((text) => pattern.test(text)).length, 1, `${pattern}: ${texts}`);
  }
}
