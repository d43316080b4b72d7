// Heartbeats over loopback UDP: whose count, how often, and what becomes of everything else.
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { afterEach, test } from 'node:test';
import { type HeartbeatSocket, openHeartbeatSocket } from '../../../daemon/net/heartbeat-socket.ts';
import { keepingLogger, type LogLine } from '../../support/log-lines.ts';
import { waitFor } from '../../support/wait-for.ts';

const SECRET = Buffer.from('a secret of sixteen bytes or more');
const OTHER_SECRET = Buffer.from('another secret, as long as that');
const INCARNATION = '0123456789abcdef';
const BOOT = 'b'.repeat(16);
const WAIT_MS = 5_000;
const open: { close(): unknown }[] = [];

afterEach(async () => {
  for (const part of open.splice(0)) await part.close();
});

type Receiver = {
  heartbeats: HeartbeatSocket;
  heard: Readonly<Record<string, unknown>>[];
  lines: LogLine[];
};

/** server1, which expects server2 at BOOT. */
async function startReceiver(): Promise<Receiver> {
  const heard: Readonly<Record<string, unknown>>[] = [];
  const { logger, lines } = keepingLogger();
  const heartbeats = await openHeartbeatSocket({
    self: { id: 'server1', incarnation: INCARNATION, boot: 'a'.repeat(16) },
    bind: { host: '127.0.0.1', port: 0 },
    peers: [{ id: 'server2', host: '127.0.0.1', port: 1 }],
    secret: SECRET,
    logger,
    onHeartbeat: (peer, payload) => heard.push({ peer, ...payload }),
  });
  open.push(heartbeats);
  heartbeats.expect('server2', { incarnation: INCARNATION, boot: BOOT });
  return { heartbeats, heard, lines };
}

async function plainSocket(): Promise<Socket> {
  const socket = createSocket('udp4').bind(0, '127.0.0.1');
  await once(socket, 'listening');
  open.push({ close: () => socket.close() });
  return socket;
}

type Claims = { id?: string; boot?: string; incarnation?: string; secret?: Uint8Array };

/** A datagram as server2 makes it, but for what is overridden. */
function datagram(counter: number, claims: Claims = {}): Buffer {
  const { id = 'server2', boot = BOOT, incarnation = INCARNATION, secret = SECRET } = claims;
  const text = JSON.stringify({ from: { id, incarnation, boot }, counter, payload: { counter } });
  const mac = createHmac('sha256', secret).update('syncnet heartbeat\n').update(text).digest();
  return Buffer.concat([mac, Buffer.from(text)]);
}

/** Sends what is given, then a good heartbeat, and gives what was heard before that one. */
async function deliver(receiver: Receiver, datagrams: readonly Buffer[]): Promise<number[]> {
  const last = 1_000_000;
  const sender = await plainSocket();
  for (const bytes of [...datagrams, datagram(last)]) {
    await new Promise((resolve) =>
      sender.send(bytes, receiver.heartbeats.port, '127.0.0.1', resolve),
    );
  }
  await waitFor('the last', () => receiver.heard.at(-1)?.counter === last, WAIT_MS);
  return receiver.heard.slice(0, -1).map((payload) => Number(payload.counter));
}

function warnings(receiver: Receiver): unknown[] {
  return receiver.lines.filter((line) => line.level >= 40).map((line) => line.reason);
}

test('a heartbeat reaches every peer that expects this process', async () => {
  const receiver = await startReceiver();
  const sender = await openHeartbeatSocket({
    self: { id: 'server2', incarnation: INCARNATION, boot: BOOT },
    bind: { host: '127.0.0.1', port: 0 },
    // A name and an address: the name is looked up without holding anything up.
    peers: [{ id: 'server1', host: 'localhost', port: receiver.heartbeats.port }],
    secret: SECRET,
    logger: keepingLogger().logger,
    onHeartbeat: () => {},
  });
  open.push(sender);
  await waitFor(
    'a heartbeat',
    () => {
      sender.send({ term: 7 });
      return receiver.heard.length > 0;
    },
    WAIT_MS,
  );
  assert.deepEqual(receiver.heard[0], { peer: 'server2', term: 7 });
});

const REJECTED: { name: string; bytes: Buffer; reason: string }[] = [
  {
    name: 'one made without the secret',
    bytes: datagram(1, { secret: OTHER_SECRET }),
    reason: 'forged, or of another cluster secret',
  },
  {
    name: 'one that was changed on its way',
    bytes: Buffer.from(datagram(1).map((byte, index) => (index === 40 ? byte ^ 1 : byte))),
    reason: 'forged, or of another cluster secret',
  },
  {
    name: 'rubbish',
    bytes: Buffer.alloc(100, 'x'),
    reason: 'forged, or of another cluster secret',
  },
  { name: 'one that is too short', bytes: Buffer.alloc(32), reason: 'of no size of ours' },
  { name: 'one that is empty', bytes: Buffer.alloc(0), reason: 'of no size of ours' },
  { name: 'one that is too long', bytes: Buffer.alloc(20_000), reason: 'of no size of ours' },
  {
    name: 'one of an unknown server',
    bytes: datagram(1, { id: 'server9' }),
    reason: 'from a server that is not in the cluster file',
  },
];

for (const { name, bytes, reason } of REJECTED) {
  test(`${name} is rejected, and logged once however often it comes`, async () => {
    const receiver = await startReceiver();
    assert.deepEqual(await deliver(receiver, Array(20).fill(bytes)), []);
    assert.deepEqual(warnings(receiver), [reason]);
  });
}

const OTHER_PROCESSES: { name: string; claims: Claims }[] = [
  { name: 'an earlier run of the process', claims: { boot: 'c'.repeat(16) } },
  { name: 'an earlier data directory', claims: { incarnation: 'f'.repeat(16) } },
];

for (const { name, claims } of OTHER_PROCESSES) {
  test(`a heartbeat of ${name} does not count`, async () => {
    const receiver = await startReceiver();
    assert.deepEqual(await deliver(receiver, [datagram(1, claims)]), []);
  });
}

test('nobody is heard before a link has announced the process', async () => {
  const receiver = await startReceiver();
  receiver.heartbeats.expect('server2', { incarnation: INCARNATION, boot: 'd'.repeat(16) });
  const sender = await plainSocket();
  for (const bytes of [datagram(1), datagram(2), datagram(3, { boot: 'd'.repeat(16) })]) {
    sender.send(bytes, receiver.heartbeats.port, '127.0.0.1');
  }
  await waitFor('the announced one', () => receiver.heard.length > 0, WAIT_MS);
  assert.deepEqual(receiver.heard, [{ peer: 'server2', counter: 3 }]);
});

const ORDERS: { name: string; sent: number[]; heard: number[] }[] = [
  { name: 'a replayed heartbeat counts once', sent: [1, 2, 1, 2, 2], heard: [1, 2] },
  { name: 'reordered heartbeats all count', sent: [3, 1, 2, 5, 4], heard: [3, 1, 2, 5, 4] },
  { name: 'losses do no harm', sent: [1, 50, 49, 100], heard: [1, 50, 49, 100] },
  { name: 'one at the end of the window counts', sent: [100, 37, 37], heard: [100, 37] },
  { name: 'one behind the window does not count', sent: [100, 36, 1], heard: [100] },
  {
    name: 'a jump past the window forgets none',
    sent: [1, 500, 1, 500, 499],
    heard: [1, 500, 499],
  },
];

for (const { name, sent, heard } of ORDERS) {
  test(name, async () => {
    const receiver = await startReceiver();
    assert.deepEqual(
      await deliver(
        receiver,
        sent.map((counter) => datagram(counter)),
      ),
      heard,
    );
  });
}

test('a peer that was started anew counts from 1 again', async () => {
  const receiver = await startReceiver();
  assert.deepEqual(await deliver(receiver, [datagram(1), datagram(2)]), [1, 2]);
  const boot = 'e'.repeat(16);
  receiver.heartbeats.expect('server2', { incarnation: INCARNATION, boot });
  const sender = await plainSocket();
  sender.send(datagram(1, { boot }), receiver.heartbeats.port, '127.0.0.1');
  await waitFor('its first', () => receiver.heard.length === 4, WAIT_MS);
  assert.equal(receiver.heard[3]?.counter, 1);
});

test('a port that is taken is named, with what to do', async () => {
  const taken = await plainSocket();
  const { port } = taken.address();
  const opening = openHeartbeatSocket({
    self: { id: 'server1', incarnation: INCARNATION, boot: BOOT },
    bind: { host: '127.0.0.1', port },
    peers: [],
    secret: null,
    logger: keepingLogger().logger,
    onHeartbeat: () => {},
  });
  await assert.rejects(opening, {
    name: 'ListenError',
    code: 'EADDRINUSE',
    message: `127.0.0.1:${port}/udp (heartbeats): something else listens there already: stop it, or choose another port`,
  });
});
