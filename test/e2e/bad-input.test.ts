// Everything that a cluster is told wrongly, while people talk on it: whoever does it hears what was wrong,
// nobody else feels it, and nothing is lost. Real processes, with a cluster secret.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { execa } from 'execa';
import { createChatClient } from '../../lib/client/client.ts';
import { temporaryIdentity } from '../../lib/client/identity.ts';
import { BAD_LINES, BAD_PEERS, RELENTLESS } from '../support/bad-lines.ts';
import { Daemons, freePortBase, TUI_MAIN } from '../support/daemons.ts';
import { line, RawClient } from '../support/raw-client.ts';
import { runDaemon } from '../support/run-daemon.ts';
import { Talk } from '../support/talk.ts';
import { waitFor } from '../support/wait-for.ts';

/** Bound for noisy machines; posts come every 20 ms. */
const SILENCE_MS_MAX = 1_000;
const PATIENCE_MS = 15_000;

let folder = '';
let daemons: Daemons;
let talk: Talk;
/** Heartbeats as server3 sent them, oldest first. */
let recorded: readonly Buffer[] = [];

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'syncnet-bad-input-'));
  await writeFile(join(folder, 'secret'), randomBytes(32).toString('hex'));
  daemons = await Daemons.prepare(['--secret-file', join(folder, 'secret')]);
  await Promise.all(['server2', 'server3'].map((id) => daemons.run(id)));
  recorded = await recordHeartbeats('server3');
  await daemons.run('server1');
  await daemons.settled();
  talk = await Talk.join(daemons);
  talk.begin();
});
after(async () => {
  await talk?.close();
  await daemons?.close();
  await rm(folder, { recursive: true, force: true });
});

/** A test at whose end the people on the cluster have felt nothing of it. */
function testAmidTalk(title: string, body: () => Promise<void>): void {
  test(title, async () => {
    const sinceMs = performance.now();
    await body();
    const untilMs = performance.now();
    await waitFor('the talk to go on', () => Number.isFinite(talk.gapAfter(untilMs)), PATIENCE_MS);
    const silenceMs = talk.longestSilence(sinceMs, performance.now());
    assert.ok(silenceMs < SILENCE_MS_MAX, `a silence of ${silenceMs} ms`);
    assert.equal(talk.longestAbsence(), 0, 'nobody was disconnected');
  });
}

/** Listens in the place of server1, which is not there yet, until some heartbeats of a server came. */
async function recordHeartbeats(from: string): Promise<Buffer[]> {
  const socket = createSocket('udp4').bind(daemons.server('server1').heartbeatPort, '127.0.0.1');
  const heard: Buffer[] = [];
  socket.on('message', (datagram) => {
    if (heartbeatIn(datagram).from.id === from) heard.push(datagram);
  });
  await waitFor('heartbeats', () => heard.length >= 3, PATIENCE_MS);
  socket.close();
  await once(socket, 'close');
  return heard;
}

/** Bytes of the code that goes before a heartbeat's JSON. */
const CODE_BYTES = 32;

function heartbeatIn(datagram: Buffer): { from: { id: string }; counter: number; payload: object } {
  return JSON.parse(datagram.subarray(CODE_BYTES).toString());
}

async function openClient(id: string): Promise<RawClient> {
  const client = await RawClient.open(daemons.server(id).clientPort);
  await client.expect('welcome');
  return client;
}

// --- lines ---

for (const { what, said, code, reason } of BAD_LINES) {
  testAmidTalk(`${what} is refused as ${code}, and the connection goes on`, async () => {
    const client = await openClient('server3');
    await client.say(`${said}\n`);
    const refused = await client.expect('refused');
    assert.equal(refused.code, code);
    assert.match(String(refused.reason), reason);
    await client.say(line({ type: 'ping', query: 5 }));
    assert.equal((await client.expect('pong')).query, 5);
    client.close();
  });
}

for (const { what, said, code } of RELENTLESS) {
  testAmidTalk(`${what} ends the connection with ${code}, on every server`, async () => {
    for (const id of daemons.ids()) {
      const client = await openClient(id);
      void client.say(said()); // it may be cut off before all of it is gone
      await client.end();
      const last = client.heard().at(-1);
      assert.deepEqual([last?.type, last?.code], ['closing', code]);
      const refusals = client.ofType('refused');
      assert.ok(refusals.length > 0);
      for (const refusal of refusals) assert.equal(refusal.code, code);
    }
  });
}

testAmidTalk('frames glued, or cut at every byte, count once each and in order', async () => {
  const client = await openClient('server3');
  await client.sendSignIn(temporaryIdentity(), 'cutter');
  await client.expect('signedIn');
  await client.say(line({ type: 'createRoom', number: 1, lowest: 1, name: 'cuts' }));
  const { id: room } = (await client.expect('stored')).room as { id: string };
  const texts: string[] = [];
  const next = (): Buffer => {
    const number = 1 + texts.push(`cut ${texts.length + 1}`);
    return Buffer.from(line({ type: 'post', number, lowest: 1, room, text: texts.at(-1) }));
  };
  await client.say(Buffer.concat(Array.from({ length: 20 }, next)));
  for (const byte of next()) {
    await client.say(Buffer.of(byte));
    await turn();
  }
  let bytesCount = Number.POSITIVE_INFINITY;
  for (let cut = 1; cut < bytesCount; cut += 1) {
    const two = Buffer.concat([next(), next()]);
    bytesCount = two.length;
    await client.say(two.subarray(0, cut));
    await turn();
    await client.say(two.subarray(cut));
    await client.expect('stored', 1 + texts.length);
  }
  assert.deepEqual(client.ofType('refused'), []);
  const numbers = client.ofType('stored').map(({ number }) => Number(number));
  assert.deepEqual(
    numbers,
    numbers.map((_, index) => index + 1),
  );
  client.close();
  assert.deepEqual(await historyOf('cuts'), texts);
});

/** What was said in a room, as the headless command tells it. */
async function historyOf(room: string): Promise<string[]> {
  const words = ['tail', '--json', '--room', room, '--name', 'clerk', '--last', 'all'];
  const reach = ['--servers', daemons.addresses().join(), '--identity', join(folder, 'clerk.json')];
  const { stdout } = await execa('node', [TUI_MAIN, ...words, '--no-follow', ...reach]);
  return stdout.split('\n').map((each) => (JSON.parse(each) as { text: string }).text);
}

// --- who one is ---

for (const name of ['writer', 'WRITER']) {
  testAmidTalk(`the name ${name} is refused to another key, in words`, async () => {
    const servers = daemons.addresses();
    const identity = temporaryIdentity();
    const client = await createChatClient({ servers, identity, name, folder: null });
    const isRefused = () => client.connection.type === 'refused';
    await waitFor('a refusal', isRefused, PATIENCE_MS);
    const { code, reason } = client.connection as { code?: string; reason?: string };
    assert.equal(code, 'name-taken');
    assert.match(reason ?? '', /the name \w+ belongs to another key/);
    await client.close();
  });
}

testAmidTalk('a signature made for another connection is refused', async () => {
  const other = await openClient('server3');
  const { nonce } = await other.expect('welcome');
  const client = await openClient('server3');
  await client.sendSignIn(temporaryIdentity(), 'mallory', String(nonce));
  assert.equal((await client.expect('refused')).code, 'bad-signature');
  client.close();
  other.close();
});

// --- servers ---

for (const { what, said: words, reason } of BAD_PEERS) {
  testAmidTalk(`${what} on a peer port is refused as ${reason}`, async () => {
    const stranger = await RawClient.open(daemons.server('server1').peerPort);
    await stranger.expect('challenge');
    void stranger.say(words);
    assert.equal((await stranger.expect('refused')).reason, reason);
    await stranger.end();
  });
}

testAmidTalk('garbage on the HTTP port is a bad request', async () => {
  const stranger = await RawClient.open(daemons.server('server3').httpPort);
  await stranger.say(randomBytes(10_000));
  await stranger.end();
  assert.match(stranger.text, /^HTTP\/1\.1 400 /);
});

/** A heartbeat of server3 that has another content and the code of what it was. */
function altered(datagram: Buffer): Buffer {
  const { from, counter, payload } = heartbeatIn(datagram);
  const claim = { from, counter: counter + 1_000_000, payload: { ...payload, phase: 'draining' } };
  return Buffer.concat([datagram.subarray(0, CODE_BYTES), Buffer.from(JSON.stringify(claim))]);
}

testAmidTalk(
  'heartbeats that are forged, altered, replayed or none move nothing, and are logged',
  async () => {
    const [first = Buffer.alloc(0)] = recorded;
    const forged = Buffer.concat([randomBytes(CODE_BYTES), first.subarray(CODE_BYTES)]);
    const datagrams = [forged, altered(first), ...recorded, randomBytes(10), randomBytes(500)];
    const termsBefore = (await daemons.statuses()).map((status) => status?.term);
    const socket = createSocket('udp4');
    for (let round = 0; round < 200; round += 1) {
      for (const id of ['server1', 'server2']) {
        const { heartbeatPort } = daemons.server(id);
        for (const datagram of datagrams) socket.send(datagram, heartbeatPort, '127.0.0.1');
      }
      await turn();
    }
    for (const reason of [
      'forged, or of another cluster secret',
      'replayed',
      'of no size of ours',
    ]) {
      const isLogged = () =>
        ['server1', 'server2'].every((id) => daemons.output(id).includes(`"reason":"${reason}"`));
      await waitFor(`"${reason}" in both logs`, isLogged, PATIENCE_MS);
    }
    socket.close();
    const statuses = await daemons.settled();
    assert.deepEqual(
      statuses.map(({ term }) => term),
      termsBefore,
      'no view has changed',
    );
  },
);

// --- starting ---

/** In the order in which a server takes them: a second one gets as far as the ports before are elsewhere. */
const TAKEN: readonly { purpose: string; offset: number; elsewhere: readonly string[] }[] = [
  { purpose: 'heartbeats', offset: 20, elsewhere: [] },
  { purpose: 'clients', offset: 0, elsewhere: ['heartbeat'] },
  { purpose: 'HTTP', offset: 30, elsewhere: ['heartbeat', 'client'] },
  { purpose: 'peers', offset: 10, elsewhere: ['heartbeat', 'client', 'http'] },
];

for (const { purpose, offset, elsewhere } of TAKEN) {
  testAmidTalk(`a taken port for ${purpose} ends a second server with 1, naming it`, async () => {
    const free = await freePortBase();
    const flags = elsewhere.flatMap((name, index) => [`--${name}-port`, String(free + index)]);
    const layout = ['--id', 'server1', '--port-base', String(daemons.base)];
    const more = ['--data', join(folder, 'second'), '--secret-file', join(folder, 'secret')];
    const { code, errors } = await runDaemon([...layout, ...more, ...flags]);
    const address = `127.0.0.1:${daemons.base + offset}${purpose === 'heartbeats' ? '/udp' : ''}`;
    const advice = 'something else listens there already: stop it, or choose another port';
    assert.deepEqual([code, errors], [1, [`syncnet-daemon: ${address} (${purpose}): ${advice}`]]);
  });
}

testAmidTalk('a data directory in use ends a second server with 1, naming it', async () => {
  const data = daemons.dataDirectory('server1');
  const layout = ['--id', 'server1', '--port-base', String(await freePortBase())];
  const { code, errors } = await runDaemon([...layout, '--data', data]);
  assert.deepEqual([code, errors.length], [1, 1]);
  assert.ok(errors[0]?.includes(`${data}/history.db: another syncnet-daemon uses this directory`));
});

test('after all of that nothing is lost, and everyone holds the same', async (t) => {
  await talk.assertNothingLost();
  t.diagnostic(`longest silence: ${talk.longestSilence(0, performance.now()).toFixed(0)} ms`);
  t.diagnostic(`longest wait for an answer: ${talk.longestAnswer().toFixed(0)} ms`);
});
