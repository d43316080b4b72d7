// The detour holds up what goes through it, and keeps the bytes of a connection in their order.
import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';
import { test } from 'node:test';
import { waitFor } from '../support/wait-for.ts';
import { openSlowWire } from './slow-wire.ts';

const HOST = '127.0.0.1';
const SLOWNESS = { leastMs: 40, spreadMs: 120 };
const PIECES = 50;
/** Less than LEAST by the coarseness of timers. */
const HELD_MS_MIN = 38;

test('a slow wire holds bytes up in their order, and lets datagrams overtake each other', async (t) => {
  const server = createServer((socket) => socket.pipe(socket)).listen(0, HOST);
  const datagrams = createSocket('udp4');
  datagrams.bind(0, HOST);
  await Promise.all([once(server, 'listening'), once(datagrams, 'listening')]);
  const tcp = (server.address() as AddressInfo).port;
  const target = { host: HOST, tcp, udp: datagrams.address().port };
  const wire = await openSlowWire({ host: HOST, target, slowness: SLOWNESS });
  const socket = connect(wire.tcp, HOST);
  t.after(() => {
    socket.destroy();
    wire.close();
    server.close();
    datagrams.close();
  });

  const arrived: number[] = [];
  datagrams.on('message', (bytes) => arrived.push(Number(bytes)));
  let echoed = '';
  let firstMs = 0;
  socket.on('data', (bytes) => {
    firstMs ||= performance.now();
    echoed += bytes;
  });
  await once(socket, 'connect');
  const sender = createSocket('udp4');
  t.after(() => sender.close());
  const sentMs = performance.now();
  let said = '';
  for (let piece = 0; piece < PIECES; piece += 1) {
    socket.write(`${piece} `);
    said += `${piece} `;
    sender.send(String(piece), wire.udp, HOST);
    await new Promise(setImmediate);
  }
  await waitFor(
    'everything',
    () => echoed.length === said.length && arrived.length === PIECES,
    5_000,
  );

  assert.equal(echoed, said);
  assert.ok(firstMs - sentMs >= 2 * HELD_MS_MIN, 'held up there and back');
  const inOrder = [...arrived].sort((one, other) => one - other);
  assert.deepEqual(
    inOrder,
    Array.from({ length: PIECES }, (_, piece) => piece),
  );
  assert.notDeepEqual(arrived, inOrder);
});
