// The Compose file on a real engine: up, healthy, chat through the published
// ports, the leader stopped and started again, everything taken down and up again. Needs Docker and the
// built product; uses a project and ports of its own.
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, before, test } from 'node:test';
import { execa, type Options } from 'execa';
import type { StatusReport } from '../../daemon/status.ts';
import { freePortBase, TUI_MAIN } from '../support/daemons.ts';
import { waitFor } from '../support/wait-for.ts';

const ROOT = new URL('../..', import.meta.url).pathname;
const SERVERS = ['server1', 'server2', 'server3'] as const;

/** An image built from nothing, on a machine with two cores. */
const UP_MS_MAX = 10 * 60_000;
/** A container started, caught up, and stable for a second before it leads. */
const SETTLED_MS_MAX = 60_000;

let base = 0;
let home = '';
let environment: Record<string, string> = {};

before(async () => {
  home = await mkdtemp(join(tmpdir(), 'syncnet-docker-'));
  base = await freePortBase();
  environment = { COMPOSE_PROJECT_NAME: `syncnet-test-${process.pid}`, HOME: home };
  for (const index of SERVERS.keys()) {
    environment[`SYNCNET_PORT_${index + 1}`] = String(base + index);
    environment[`SYNCNET_HTTP_PORT_${index + 1}`] = String(base + 30 + index);
  }
});
after(async () => {
  await compose(['down', '--volumes', '--remove-orphans'], { reject: false });
  await rm(home, { recursive: true, force: true });
});

async function compose(args: readonly string[], options: Options = {}): Promise<string> {
  // The plugin is looked for in the real home folder.
  const env = { ...environment, HOME: process.env.HOME ?? home };
  const result = await execa('docker', ['compose', ...args], { cwd: ROOT, env, ...options });
  return String(result.stdout);
}

function address(number: number): string {
  return `localhost:${base + number - 1}`;
}

type Stored = { type: string; id: string; copies: number };
type Post = { type: string; id: string; room: string; name: string; text: string };

/** One headless command through one server's published port. */
async function syncnet<T>(number: number, args: readonly string[]): Promise<T[]> {
  const all = [TUI_MAIN, ...args, '--servers', address(number), '--json'];
  const { stdout } = await execa('node', all, { env: environment });
  return stdout
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as T);
}

async function send(number: number, text: string): Promise<Stored> {
  const args = ['send', '--room', 'general', '--name', 'bot', text];
  const [answer] = await syncnet<Stored>(number, args);
  assert.equal(answer?.type, 'stored', JSON.stringify(answer));
  return answer as Stored;
}

async function texts(number: number): Promise<string[]> {
  const args = ['tail', '--room', 'general', '--name', 'reader', '--last', 'all', '--no-follow'];
  return (await syncnet<Post>(number, args)).map((post) => post.text);
}

async function status(number: number): Promise<StatusReport | null> {
  try {
    const response = await fetch(`http://127.0.0.1:${base + 29 + number}/status`);
    return (await response.json()) as StatusReport;
  } catch {
    return null; // down, or not up yet
  }
}

/** Waits until these lead and follow with one history. */
async function settled(leader: string, inSync: readonly number[]): Promise<void> {
  let seen = '';
  const reached = async () => {
    const reports = await Promise.all(inSync.map(status));
    seen = JSON.stringify(
      reports.map((report) => report && [report.id, report.phase, report.term]),
    );
    const ids = inSync.map((number) => `server${number}`).join();
    const agreed = reports.every((report) => {
      const together = report?.servers.filter((server) => server.inSync);
      return report?.leader?.id === leader && together?.map(({ id }) => id).join() === ids;
    });
    return agreed && new Set(reports.map((report) => report?.historyHash)).size === 1;
  };
  await waitFor(() => `${leader} leads ${inSync}; now ${seen}`, reached, SETTLED_MS_MAX);
}

test('one command brings up three healthy servers, without a secret having been made', async () => {
  await compose(['up', '--build', '--detach', '--wait', '--wait-timeout', '120'], {
    timeout: UP_MS_MAX,
    stderr: 'inherit',
  });
  const rows = (await compose(['ps', '--format', '{{.Service}} {{.State}} {{.Health}}'])).split(
    '\n',
  );
  assert.deepEqual(
    rows.sort(),
    SERVERS.map((id) => `${id} running healthy`),
  );
  await settled('server3', [1, 2, 3]);
});

test('a server runs as nobody special, and the image holds no secret', async () => {
  assert.equal(await compose(['exec', '--no-TTY', 'server1', 'id', '--user', '--name']), 'node');
  const run = ['run', '--rm', '--entrypoint', 'ls', 'syncnet', '/secret', '/data'];
  const { stdout } = await execa('docker', run);
  assert.equal(stdout, '/data:\n\n/secret:');
});

test('a post through a follower goes to the leader that it names, and is on all three disks', async () => {
  const { copies } = await send(1, 'one');
  assert.equal(copies, 3);
  const [report] = await syncnet<StatusReport>(2, ['status']);
  assert.deepEqual(report?.leader, { id: 'server3', address: address(3) });
  assert.deepEqual(await texts(2), ['one']);
});

test('the leader is stopped and the chat goes on, each post once, for who was reading along', async () => {
  const args = ['tail', '--room', 'general', '--name', 'reader', '--last', 'all', '--json'];
  const servers = [1, 2, 3].map(address).join();
  const tail = execa('node', [TUI_MAIN, ...args, '--servers', servers], {
    env: environment,
    reject: false,
    buffer: false,
  });
  const heard: string[] = [];
  createInterface({ input: tail.stdout }).on('line', (line) => heard.push(JSON.parse(line).text));
  await waitFor('the first post', () => heard.includes('one'), SETTLED_MS_MAX);
  await compose(['stop', 'server3']);
  const exit = await compose(['ps', '--all', '--format', '{{.ExitCode}}', 'server3']);
  assert.equal(exit, '0', 'it hands over and leaves');
  const { copies } = await send(1, 'two');
  assert.equal(copies, 2);
  await settled('server2', [1, 2]);
  await compose(['start', 'server3']);
  await settled('server3', [1, 2, 3]);
  await send(1, 'three');
  await waitFor(
    () => `all posts; so far ${heard}`,
    () => heard.length >= 3,
    SETTLED_MS_MAX,
  );
  tail.kill('SIGINT');
  await tail;
  assert.deepEqual(heard, ['one', 'two', 'three']);
  assert.deepEqual(await texts(3), ['one', 'two', 'three']);
});

test('what was said outlives the containers', async () => {
  await compose(['down']);
  await compose(['up', '--detach', '--wait', '--wait-timeout', '120']);
  await settled('server3', [1, 2, 3]);
  assert.deepEqual(await texts(1), ['one', 'two', 'three']);
});
