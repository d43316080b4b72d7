// Links between servers over loopback: who may hold one, what it carries, and what its loss says.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { afterEach, test } from 'node:test';
import { openPeerLinks, type PeerLinks } from '../../../daemon/net/peer-links.ts';
import { seededRandom } from '../../../lib/random.ts';
import { keepingLogger, type LogLine } from '../../support/log-lines.ts';
import { waitFor } from '../../support/wait-for.ts';

type Message = { text: string };
type Station = {
  id: string;
  links: PeerLinks<Message>;
  /** What happened, in order: `up server2 b2`, `down server2`, `refused server2`, `server2: text`. */
  events: string[];
  lines: LogLine[];
};

const SECRET = Buffer.from('a secret of sixteen bytes or more');
const WAIT_MS = 5_000;
const open: { close(): unknown }[] = [];

afterEach(async () => {
  for (const part of open.splice(0).reverse()) await part.close();
});

function parseMessage(value: unknown): Message | null {
  const text = (value as Partial<Message> | null)?.text;
  return typeof text === 'string' ? { text } : null;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return port;
}

async function start(
  number: number,
  ports: readonly number[],
  overrides: { secret?: Uint8Array | null; boot?: string; id?: string; bindPort?: number } = {},
): Promise<Station> {
  const { secret = SECRET, id = `server${number}` } = overrides;
  const events: string[] = [];
  const { logger, lines } = keepingLogger();
  const boot = overrides.boot ?? `${number}`.repeat(16);
  const peers = ports
    .map((port, index) => ({ id: `server${index + 1}`, host: '127.0.0.1', port }))
    .filter((peer) => peer.id !== `server${number}`);
  const links = await openPeerLinks<Message>({
    self: { id, incarnation: '0123456789abcdef', boot },
    bind: { host: '127.0.0.1', port: overrides.bindPort ?? ports[number - 1] ?? 0 },
    peers,
    secret,
    parse: parseMessage,
    logger,
    onMessage: (peer, message) => events.push(`${peer}: ${message.text}`),
    onUp: (peer, identity) => events.push(`up ${peer} ${identity.boot[0]}`),
    onDown: (peer, { refused }) => events.push(`${refused ? 'refused' : 'down'} ${peer}`),
  });
  open.push(links);
  return { id, links, events, lines };
}

function say(station: Station, peer: string, ...texts: string[]): void {
  for (const text of texts) assert.equal(station.links.send(peer, { text }), true);
  station.links.flush();
}

function has(station: Station, event: string): Promise<void> {
  return waitFor(
    () => `${station.id}: ${event}; so far ${station.events.join(', ')}`,
    () => station.events.includes(event),
    WAIT_MS,
  );
}

function warned(station: Station, text: string): Promise<void> {
  return waitFor(
    () => `${station.id} warns "${text}"; so far ${JSON.stringify(station.lines)}`,
    () => station.lines.some((line) => line.msg.includes(text)),
    WAIT_MS,
  );
}

test('two servers with one secret get a link, which carries messages in order both ways', async () => {
  const ports = [await freePort(), await freePort()];
  const [one, two] = [await start(1, ports), await start(2, ports)];
  await Promise.all([has(one, 'up server2 2'), has(two, 'up server1 1')]);
  say(one, 'server2', 'a', 'b');
  say(one, 'server2', 'c');
  say(two, 'server1', 'x'.repeat(3_000_000));
  await Promise.all([has(two, 'server1: c'), has(one, `server2: ${'x'.repeat(3_000_000)}`)]);
  const heard = two.events.filter((event) => event.startsWith('server1:'));
  assert.deepEqual(heard, ['server1: a', 'server1: b', 'server1: c']);
});

test('a link that is renewed is lost on both sides, once, and carries again', async () => {
  const ports = [await freePort(), await freePort()];
  const [one, two] = [await start(1, ports), await start(2, ports)];
  await Promise.all([has(one, 'up server2 2'), has(two, 'up server1 1')]);
  one.links.renew('server2');
  assert.equal(one.events.includes('down server2'), false, 'not within the call');
  const ups = (station: Station) => station.events.filter((event) => event.startsWith('up')).length;
  await waitFor('both are up again', () => ups(one) === 2 && ups(two) === 2, WAIT_MS);
  for (const { events } of [one, two])
    assert.equal(events.filter((event) => event.startsWith('down')).length, 1);
  say(one, 'server2', 'still here');
  await has(two, 'server1: still here');
  one.links.renew('server9');
});

test('what is sent while a link is down is dropped, and the sender is told', async () => {
  const ports = [await freePort(), await freePort()];
  const one = await start(1, ports);
  assert.equal(one.links.send('server2', { text: 'too early' }), false);
  assert.equal(one.links.send('server9', { text: 'to nobody' }), false);
});

test('a peer that is not there is told of once, as refused', async () => {
  const ports = [await freePort(), await freePort(), await freePort()];
  const [one, three] = [await start(1, ports), await start(3, ports)];
  await has(one, 'up server3 3');
  await has(three, 'up server1 1');
  await has(one, 'refused server2');
  // Several dials later it was still said once.
  const before = performance.now();
  await waitFor('some dials', () => performance.now() - before > 600, WAIT_MS);
  assert.equal(one.events.filter((event) => event === 'refused server2').length, 1);
});

test('a server that ends is down at once, then refused, and up again when it is back', async () => {
  const ports = [await freePort(), await freePort()];
  const [one, two] = [await start(1, ports), await start(2, ports)];
  await Promise.all([has(one, 'up server2 2'), has(two, 'up server1 1')]);
  await two.links.close();
  const ended = ['up server2 2', 'down server2', 'refused server2'].join();
  await waitFor('a loss, then a refusal', () => one.events.slice(-3).join() === ended, WAIT_MS);
  const again = await start(2, ports, { boot: '3'.repeat(16) });
  await Promise.all([has(one, 'up server2 3'), has(again, 'up server1 1')]);
  say(one, 'server2', 'welcome back');
  await has(again, 'server1: welcome back');
});

test('a server of another secret gets no link, and both logs say why once', async () => {
  const ports = [await freePort(), await freePort()];
  const one = await start(1, ports);
  const two = await start(2, ports, { secret: Buffer.from('another secret, as long as that') });
  await Promise.all([warned(one, 'wrong cluster secret?'), warned(two, 'wrong cluster secret?')]);
  const before = performance.now();
  await waitFor('some dials', () => performance.now() - before > 600, WAIT_MS);
  for (const station of [one, two]) {
    assert.ok(!station.events.some((event) => event.startsWith('up')), station.events.join());
    const texts = station.lines.filter((line) => line.level >= 40).map((line) => line.msg);
    assert.equal(new Set(texts).size, texts.length, texts.join('\n'));
  }
});

test('a server without a secret gets no link to one that has one', async () => {
  const ports = [await freePort(), await freePort()];
  const [one, two] = [await start(1, ports), await start(2, ports, { secret: null })];
  await Promise.all([warned(one, 'wrong cluster secret?'), warned(two, 'wrong cluster secret?')]);
  assert.ok(!one.events.some((event) => event.startsWith('up')));
});

test('a server that the cluster file does not name gets no link', async () => {
  const ports = [await freePort(), await freePort()];
  const [one, stranger] = [await start(1, ports), await start(2, ports, { id: 'server7' })];
  await warned(one, 'no link from a stranger: it is not in the cluster file');
  await warned(stranger, 'it is not in the cluster file');
});

test('a server at the wrong address is told from the one that belongs there', async () => {
  const [first = 0, second = 0, third = 0] = await Promise.all([1, 2, 3].map(freePort));
  await start(2, [first, second, third]);
  const three = await start(3, [second, first, third]);
  await warned(three, 'another server listens at this address');
});

/** A plain socket to a server's peer port. */
async function stranger(port: number): Promise<{ socket: Socket; text: () => string }> {
  const socket = connect({ port, host: '127.0.0.1' });
  let text = '';
  socket.on('data', (bytes) => {
    text += bytes;
  });
  socket.on('error', () => {});
  open.push({ close: () => socket.destroy() });
  await once(socket, 'connect');
  return { socket, text: () => text };
}

/** A reset is as good an end as any. */
function closing(socket: Socket): Promise<void> {
  return new Promise((resolve) => socket.once('close', () => resolve()));
}

const RUBBISH: { name: string; bytes: string }[] = [
  { name: 'no JSON', bytes: 'GET / HTTP/1.1\r\n\r\n' },
  { name: 'JSON of another shape', bytes: '{"type":"answer","from":7}\n' },
  { name: 'a line beyond every handshake', bytes: 'x'.repeat(10_000_000) },
  { name: 'deep JSON', bytes: `${'['.repeat(2_000)}\n` },
];

for (const { name, bytes } of RUBBISH) {
  test(`a stranger that sends ${name} is told so and cut off, and no link feels it`, async () => {
    const ports = [await freePort(), await freePort()];
    const [one, two] = [await start(1, ports), await start(2, ports)];
    await Promise.all([has(one, 'up server2 2'), has(two, 'up server1 1')]);
    const { socket, text } = await stranger(ports[0] ?? 0);
    const closed = closing(socket);
    socket.write(bytes);
    await closed;
    assert.equal(text().split('\n')[1], '{"type":"refused","reason":"no-answer"}');
    say(two, 'server1', 'still here');
    await has(one, 'server2: still here');
    assert.ok(!one.events.includes('down server2'), one.events.join());
  });
}

test('a stranger that says nothing is cut off after the time for a handshake', async () => {
  const ports = [await freePort(), await freePort()];
  await start(1, ports);
  const { socket } = await stranger(ports[0] ?? 0);
  await closing(socket);
});

test('a proof cannot be used again: each connection has a nonce of its own', async () => {
  const ports = [await freePort(), await freePort()];
  const recorded = await recordAnswer(ports);
  const one = await start(1, ports);
  const { socket, text } = await stranger(ports[0] ?? 0);
  const closed = closing(socket);
  await waitFor('a challenge', () => text().includes('\n'), WAIT_MS);
  socket.write(recorded);
  await closed;
  assert.match(text(), /"refused","reason":"wrong-secret"/);
  assert.ok(!one.events.some((event) => event.startsWith('up')));
});

/** What server2 answers to a challenge of somebody who poses as server1. */
async function recordAnswer(ports: readonly number[]): Promise<string> {
  const answered = Promise.withResolvers<string>();
  const impostor = createServer((socket) => {
    socket.on('error', () => {});
    socket.on('data', (bytes) => answered.resolve(bytes.toString()));
    socket.write(`${JSON.stringify({ type: 'challenge', nonce: '0'.repeat(32) })}\n`);
  });
  await listenOn(impostor, ports[0] ?? 0);
  const two = await start(2, ports);
  const answer = await answered.promise;
  await two.links.close();
  impostor.close();
  await once(impostor, 'close');
  return answer;
}

async function listenOn(server: Server, port: number): Promise<void> {
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
}

/** Passes bytes on to a port of loopback; `cut` ends every connection through it at once. */
async function proxyTo(port: number): Promise<{ port: number; cut(): void }> {
  const sockets = new Set<Socket>();
  const proxy = createServer((near) => {
    const far = connect({ port, host: '127.0.0.1' });
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(one);
      one.on('error', () => {}); // the close that follows passes it on
      one.on('close', () => {
        sockets.delete(one);
        other.destroy();
      });
      one.pipe(other);
    }
  });
  await listenOn(proxy, 0);
  const cut = () => {
    for (const socket of sockets) socket.destroy();
  };
  open.push({
    close: () => {
      proxy.close();
      cut();
    },
  });
  return { port: (proxy.address() as { port: number }).port, cut };
}

/** Messages `n` heard since the last `up`, each of which must follow the one before. */
function assertGapless(station: Station): void {
  let last: number | null = null;
  for (const event of station.events) {
    const number = Number(/: (\d+)$/.exec(event)?.[1] ?? Number.NaN);
    if (Number.isNaN(number)) last = null;
    else {
      assert.ok(last === null || number === last + 1, `${number} after ${last}`);
      last = number;
    }
  }
}

test('a link that is cut again and again comes back, and within one life it loses nothing', async () => {
  const [real1, real2] = [await freePort(), await freePort()];
  const [proxy1, proxy2] = [await proxyTo(real1), await proxyTo(real2)];
  const ports = [proxy1.port, proxy2.port];
  const one = await start(1, ports, { bindPort: real1 });
  const two = await start(2, ports, { bindPort: real2 });
  const random = seededRandom(7);
  const counts = { server1: 0, server2: 0 };
  const sayNext = (from: Station, to: 'server1' | 'server2') => {
    const taken = from.links.send(to, { text: `${counts[to] + 1}` });
    if (taken) counts[to] += 1;
    return taken;
  };
  for (let cuts = 0; cuts < 60; cuts += 1) {
    const isUp = () => sayNext(one, 'server2');
    await waitFor(() => `up again after ${cuts} cuts: ${one.events.slice(-5)}`, isUp, WAIT_MS);
    for (let burst = Math.floor(random() * 20); burst > 0; burst -= 1) {
      sayNext(one, 'server2');
      sayNext(two, 'server1');
      one.links.flush();
      two.links.flush();
      if (random() < 0.3) await new Promise(setImmediate);
    }
    (random() < 0.5 ? proxy1 : proxy2).cut();
  }
  // What is sent before the last cut is noticed is lost with it: said until it is heard.
  const isHeard = () => {
    one.links.send('server2', { text: 'the end' });
    one.links.flush();
    return two.events.includes('server1: the end');
  };
  await waitFor('the last word', isHeard, WAIT_MS);
  for (const station of [one, two]) assertGapless(station);
});

test('a message of no known shape closes the link, which comes back', async () => {
  const ports = [await freePort(), await freePort()];
  const [one, two] = [await start(1, ports), await start(2, ports)];
  await Promise.all([has(one, 'up server2 2'), has(two, 'up server1 1')]);
  two.links.send('server1', { shape: 'unknown' } as unknown as Message);
  two.links.flush();
  await has(one, 'down server2');
  await warned(one, 'is it of another version?');
  const isUpAgain = () => one.events.filter((event) => event === 'up server2 2').length === 2;
  await waitFor('the link is back', isUpAgain, WAIT_MS);
});

test('a port that is taken is named, with what to do', async () => {
  const port = await freePort();
  const taken = createServer();
  await listenOn(taken, port);
  open.push({ close: () => taken.close() });
  await assert.rejects(start(1, [port, 1]), {
    name: 'ListenError',
    code: 'EADDRINUSE',
    message: `127.0.0.1:${port} (peers): something else listens there already: stop it, or choose another port`,
  });
});
