// The listener for clients on real sockets: what gets through, what is refused and how, and that no client
// is felt by another.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { type TestContext, test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import {
  type ClientGateway,
  type ClientGatewayOptions,
  openClientGateway,
} from '../../../daemon/net/client-gateway.ts';
import { costOf } from '../../../daemon/net/line-cost.ts';
import { ListenError } from '../../../daemon/net/listen-error.ts';
import type { ClientMessage } from '../../../lib/protocol/requests.ts';
import { waitFor } from '../../support/wait-for.ts';

type Line = Record<string, unknown> & { type: string };

type Stage = {
  gateway: ClientGateway;
  opened: number[];
  closed: number[];
  messages: { connection: number; message: ClientMessage }[];
};

const silent = { debug: () => {}, warn: () => {} };

async function open(
  context: TestContext,
  more: Partial<ClientGatewayOptions> = {},
): Promise<Stage> {
  const stage: Omit<Stage, 'gateway'> = { opened: [], closed: [], messages: [] };
  const gateway = await openClientGateway({
    host: '127.0.0.1',
    port: 0,
    logger: silent,
    onOpened: (connection) => stage.opened.push(connection),
    onMessage: (connection, message) => stage.messages.push({ connection, message }),
    onClosed: (connection) => stage.closed.push(connection),
    ...more,
  });
  context.after(() => gateway.stop('shutting-down'));
  return { gateway, ...stage };
}

type Peer = { socket: Socket; lines: Line[]; ended: () => boolean };

async function dial(context: TestContext, port: number): Promise<Peer> {
  const socket = connect({ port, host: '127.0.0.1' });
  context.after(() => socket.destroy());
  let text = '';
  let ended = false;
  const lines: Line[] = [];
  socket.setEncoding('utf8');
  socket.on('data', (piece) => {
    text += piece;
    const whole = text.split('\n');
    text = whole.pop() ?? '';
    lines.push(...whole.map((line) => JSON.parse(line) as Line));
  });
  socket.on('error', () => {});
  socket.on('close', () => {
    ended = true;
  });
  await once(socket, 'connect');
  return { socket, lines, ended: () => ended };
}

const ping = (query: number) => `{"type":"ping","query":${query}}\n`;

test('lines arrive as messages in order, however TCP cuts them', async (context) => {
  const stage = await open(context);
  const peer = await dial(context, stage.gateway.port);
  const bytes = Buffer.from(`${ping(1)}\r\n\n${ping(2)}${ping(3)}`);
  for (const byte of bytes) peer.socket.write(Buffer.from([byte]));
  await waitFor('three messages', () => stage.messages.length === 3, 5_000);
  const queries = stage.messages.map(({ message }) => 'query' in message && message.query);
  assert.deepEqual(queries, [1, 2, 3]);
});

test('what is sent between two flushes goes out in one piece and in order', async (context) => {
  const stage = await open(context);
  const one = await dial(context, stage.gateway.port);
  const other = await dial(context, stage.gateway.port);
  await waitFor('both opened', () => stage.opened.length === 2, 5_000);
  const [first = 0, second = 0] = stage.opened;
  stage.gateway.send(first, '{"type":"a"}\n');
  stage.gateway.sendAll([first, second, 999], '{"type":"b"}\n');
  stage.gateway.flush();
  await waitFor('all lines', () => one.lines.length + other.lines.length === 3, 5_000);
  const typesOf = (peer: Peer) => peer.lines.map(({ type }) => type).join();
  assert.deepEqual([typesOf(one), typesOf(other)].sort(), ['a,b', 'b']);
});

test('what may wait is written with what follows, in order, or after a moment by itself', async (context) => {
  const stage = await open(context);
  const one = await dial(context, stage.gateway.port);
  const other = await dial(context, stage.gateway.port);
  await waitFor('both opened', () => stage.opened.length === 2, 5_000);
  // From here on no time passes but what is told.
  context.mock.timers.enable({ apis: ['setTimeout'] });
  const heard = async (lines: number) => {
    while (one.lines.length + other.lines.length < lines) await turn();
    return [one, other].map((peer) => peer.lines.map(({ type }) => type).join()).sort();
  };
  const [first = 0] = stage.opened;
  stage.gateway.sendAllSoon([...stage.opened, 999], '{"type":"came"}\n');
  stage.gateway.sendAllSoon(stage.opened, '{"type":"went"}\n');
  stage.gateway.flush();
  stage.gateway.send(first, '{"type":"post"}\n');
  stage.gateway.flush();
  assert.deepEqual(await heard(3), ['', 'came,went,post'], 'the other is not written to yet');
  stage.gateway.sendAllSoon(stage.opened, '{"type":"again"}\n');
  context.mock.timers.tick(100);
  assert.deepEqual(await heard(7), ['came,went,again', 'came,went,post,again']);
});

test('what takes too long to be written at once comes to everyone all the same, in order, and so does what follows', async (context) => {
  let nowMs = 0;
  const clock = () => {
    nowMs += 20;
    return nowMs;
  };
  const stage = await open(context, { nowMs: clock });
  const peers: Peer[] = [];
  for (let count = 0; count < 100; count += 1) peers.push(await dial(context, stage.gateway.port));
  await waitFor('all opened', () => stage.opened.length === 100, 5_000);
  for (const type of ['a', 'b']) {
    stage.gateway.sendAll([...stage.opened], `{"type":"${type}"}\n`);
    stage.gateway.flush();
  }
  stage.gateway.close(stage.opened.at(-1) ?? 0, 'session-elsewhere');
  const isThere = ({ lines }: Peer) => lines.length >= 2;
  await waitFor('all lines', () => peers.every(isThere), 5_000);
  for (const { lines } of peers) {
    const types = lines.map(({ type }) => type);
    assert.deepEqual(types.slice(0, 2), ['a', 'b']);
  }
});

const post = { type: 'post', number: 7, lowest: 7, room: 'general', text: 'hello' };
const deep = `${'{"a":'.repeat(5_000)}1${'}'.repeat(5_000)}`;
const BAD_LINES: readonly { what: string; line: string; answer: Partial<Line>; names: RegExp }[] = [
  {
    what: 'garbage',
    line: 'GET / HTTP/1.1',
    answer: { code: 'bad-frame' },
    names: /JSON object a line, got GET/,
  },
  {
    what: 'a number',
    line: '17',
    answer: { code: 'bad-frame' },
    names: /expected a JSON object, got 17/,
  },
  {
    what: 'an array',
    line: '[1,2]',
    answer: { code: 'bad-frame' },
    names: /got an array of 2/,
  },
  {
    what: 'deep JSON',
    line: `{"type":${deep}}`,
    answer: { code: 'bad-request' },
    names: /type: expected one of signIn, .*got an object/,
  },
  {
    what: 'deep arrays',
    line: '['.repeat(30_000) + ']'.repeat(2_000),
    answer: { code: 'bad-frame' },
    names: /expected one JSON object a line/,
  },
  {
    what: 'an unknown type',
    line: '{"type":"__proto__","query":4}',
    answer: { code: 'bad-request', query: 4 },
    names: /got "__proto__"/,
  },
  {
    what: 'a wrong type of a field',
    line: JSON.stringify({ ...post, text: 5 }),
    answer: { code: 'bad-request', number: 7 },
    names: /text: .*expected string.*got 5/,
  },
  {
    what: 'a control character',
    line: JSON.stringify({ ...post, text: 'a\u001b[2Jb' }),
    answer: { code: 'bad-request', number: 7 },
    names: /text: control characters .* got .*u001b/,
  },
  {
    what: 'a missing field',
    line: '{"type":"history","query":3,"limit":5}',
    answer: { code: 'bad-request', query: 3 },
    names: /room: .*got nothing/,
  },
  {
    what: 'an unknown field',
    line: JSON.stringify({ ...post, admin: true }),
    answer: { code: 'bad-request', number: 7 },
    names: /admin/,
  },
  {
    what: 'another version of the protocol',
    line: JSON.stringify({
      type: 'signIn',
      protocol: 2,
      key: 'k'.repeat(43),
      name: 'ada',
      session: 's'.repeat(12),
      signature: 'g'.repeat(86),
    }),
    answer: { code: 'unsupported-protocol' },
    names: /protocol: .*expected 1, got 2/,
  },
  {
    what: 'a name with a space',
    line: JSON.stringify({
      type: 'signIn',
      protocol: 1,
      key: 'k'.repeat(43),
      name: 'a b',
      session: 's'.repeat(12),
      signature: 'g'.repeat(86),
    }),
    answer: { code: 'bad-name' },
    names: /name: use letters, digits.*got "a b"/,
  },
];

for (const { what, line, answer, names } of BAD_LINES) {
  test(`${what} is refused with what was expected and got, and the connection goes on`, async (context) => {
    const stage = await open(context);
    const peer = await dial(context, stage.gateway.port);
    peer.socket.write(`${line}\n${ping(1)}`);
    await waitFor('the answer', () => peer.lines.length === 1, 5_000);
    await waitFor('the message after it', () => stage.messages.length === 1, 5_000);
    const { type, reason, ...rest } = peer.lines[0] as Line;
    assert.equal(type, 'refused');
    assert.deepEqual(rest, answer);
    assert.match(String(reason), names);
    assert.ok(String(reason).length < 600, 'a reason stays short');
  });
}

test('a bad numbered request goes to whoever answers in order, when there is one', async (context) => {
  const bad: unknown[] = [];
  const stage = await open(context, {
    onBadRequest: (connection, number, reason) => bad.push({ connection, number, reason }),
  });
  const peer = await dial(context, stage.gateway.port);
  peer.socket.write(`${JSON.stringify({ ...post, room: '' })}\n${ping(1)}`);
  await waitFor('the message after it', () => stage.messages.length === 1, 5_000);
  assert.equal(bad.length, 1);
  assert.deepEqual(peer.lines, []);
});

test('more than twenty bad lines end the connection, with the reason', async (context) => {
  const stage = await open(context);
  const peer = await dial(context, stage.gateway.port);
  peer.socket.write('nonsense\n'.repeat(100));
  await waitFor('the end', peer.ended, 5_000);
  assert.equal(peer.lines.filter(({ type }) => type === 'refused').length, 21);
  assert.deepEqual(
    { ...peer.lines.at(-1), reason: '' },
    { type: 'closing', code: 'bad-frame', reason: '' },
  );
  await waitFor('its end is told', () => stage.closed.length === 1, 5_000);
});

test('a line of ten megabytes is refused as too long, and the connection closed', async (context) => {
  const stage = await open(context);
  const peer = await dial(context, stage.gateway.port);
  const bystander = await dial(context, stage.gateway.port);
  peer.socket.write('x'.repeat(10_000_000));
  await waitFor('the end', peer.ended, 5_000);
  assert.deepEqual(
    peer.lines.map(({ type, code }) => ({ type, code })),
    [
      { type: 'refused', code: 'frame-too-long' },
      { type: 'closing', code: 'frame-too-long' },
    ],
  );
  bystander.socket.write(ping(1));
  await waitFor('the bystander is heard', () => stage.messages.length === 1, 5_000);
});

test('the longest allowed line passes and one byte more does not', async (context) => {
  const stage = await open(context);
  const fits = await dial(context, stage.gateway.port);
  fits.socket.write(`${' '.repeat(32_768 - ping(1).length + 1)}${ping(1)}`);
  await waitFor('the message', () => stage.messages.length === 1, 5_000);
  const tooLong = await dial(context, stage.gateway.port);
  tooLong.socket.write(`${' '.repeat(32_768 - ping(1).length + 2)}${ping(1)}`);
  await waitFor('the end', tooLong.ended, 5_000);
  assert.equal(tooLong.lines[0]?.code, 'frame-too-long');
  assert.equal(stage.messages.length, 1);
});

test('a flood delays its sender only: others are heard in between', async (context) => {
  const stage = await open(context);
  const flooder = await dial(context, stage.gateway.port);
  const other = await dial(context, stage.gateway.port);
  await waitFor('both opened', () => stage.opened.length === 2, 5_000);
  const flood = Array.from({ length: 20_000 }, (_, index) => ping(index)).join('');
  flooder.socket.write(flood);
  await waitFor('the flood begins', () => stage.messages.length > 0, 5_000);
  other.socket.write(ping(77_777));
  const isOther = ({ message }: { message: ClientMessage }) =>
    'query' in message && message.query === 77_777;
  await waitFor('everything', () => stage.messages.length === 20_001, 20_000);
  assert.ok(
    stage.messages.findIndex(isOther) < 20_000,
    'the other came before the end of the flood',
  );
  const queries = stage.messages
    .filter((each) => !isOther(each))
    .map(({ message }) => 'query' in message && message.query);
  assert.deepEqual(
    queries,
    Array.from({ length: 20_000 }, (_, index) => index),
  );
});

/** What each turn of the loop took on, in units of line-cost.ts, until the test ends. */
function meterTurns(context: TestContext) {
  let turn = 0;
  let running = true;
  const spent = new Map<number, number>();
  const count = () => {
    turn += 1;
    if (running) setImmediate(count);
  };
  count();
  context.after(() => {
    running = false;
  });
  return {
    note: (message: ClientMessage) => spent.set(turn, (spent.get(turn) ?? 0) + costOf(message)),
    most: () => Math.max(...spent.values()),
    turn: () => turn,
  };
}

const page = (query: number) =>
  `{"type":"history","query":${query},"room":"general","limit":200}\n`;

test('a turn takes on a bounded amount of work, however much is asked for by however many', async (context) => {
  const meter = meterTurns(context);
  const taken = new Map<number, number>();
  const stage = await open(context, {
    onMessage: (connection, message) => {
      meter.note(message);
      taken.set(connection, (taken.get(connection) ?? 0) + 1);
    },
  });
  const peers = await Promise.all([1, 2, 3, 4, 5].map(() => dial(context, stage.gateway.port)));
  for (const peer of peers) peer.socket.write(page(1).repeat(256));
  const isDone = () => taken.size === 5 && [...taken.values()].every((count) => count === 256);
  await waitFor('every query of every connection', isDone, 20_000);
  // A turn may see the end of one helping and the next one; the last page of each may go over.
  assert.ok(meter.most() <= 2 * (1_024 + 200), `${meter.most()} in one turn`);
});

test('what takes longer than was foreseen ends a turn, so that heartbeats go on between', async (context) => {
  const meter = meterTurns(context);
  let nowMs = 0;
  const perTurn = new Map<number, number>();
  const stage = await open(context, {
    nowMs: () => nowMs,
    onMessage: () => {
      nowMs += 45;
      perTurn.set(meter.turn(), (perTurn.get(meter.turn()) ?? 0) + 1);
    },
  });
  const peers = await Promise.all([1, 2, 3].map(() => dial(context, stage.gateway.port)));
  for (const peer of peers)
    peer.socket.write('{"type":"who","query":1,"room":"general"}\n'.repeat(20));
  const count = () => [...perTurn.values()].reduce((sum, each) => sum + each, 0);
  await waitFor('every answer', () => count() === 60, 20_000);
  // A turn may see the end of one helping and the next one.
  assert.ok(Math.max(...perTurn.values()) <= 2, `${Math.max(...perTurn.values())} in one turn`);
});

test('whoever asks for little is not made to wait behind those who ask for much', async (context) => {
  const meter = meterTurns(context);
  let askedAt = 0;
  let answeredAt = 0;
  const stage = await open(context, {
    onMessage: (_connection, message) => {
      if (message.type === 'ping') answeredAt = meter.turn();
    },
  });
  const greedy = await Promise.all([1, 2, 3].map(() => dial(context, stage.gateway.port)));
  const modest = await dial(context, stage.gateway.port);
  for (const peer of greedy) peer.socket.write(page(1).repeat(5_000));
  await waitFor('the flood to be under way', () => meter.turn() > 50, 5_000);
  askedAt = meter.turn();
  modest.socket.write(ping(1));
  await waitFor('the ping', () => answeredAt > 0, 10_000);
  assert.ok(answeredAt - askedAt < 1_000, `${answeredAt - askedAt} turns`);
});

const signIn = `${JSON.stringify({
  ...{ type: 'signIn', protocol: 1, name: 'ada', session: 's00000000001' },
  ...{ key: 'A'.repeat(43), signature: 'A'.repeat(86) },
})}\n`;

test('whoever is here does not wait behind a crowd that signs in', async (context) => {
  let nowMs = 0;
  let signIns = 0;
  let signInsBeforePing = 0;
  const speak = () => here.socket.write(ping(2));
  const stage = await open(context, {
    nowMs: () => nowMs,
    onMessage: (_connection, { type }) => {
      if (type === 'ping') signInsBeforePing = signIns;
      if (type !== 'signIn') return;
      // As long as some checks of a signature take.
      nowMs += 1;
      signIns += 1;
      if (signIns === 300) speak();
    },
  });
  const here = await dial(context, stage.gateway.port);
  const crowd = await Promise.all(
    Array.from({ length: 100 }, () => dial(context, stage.gateway.port)),
  );
  for (const { socket } of crowd) socket.write(signIn.repeat(30));
  await waitFor('everybody', () => signIns === 3_000, 20_000);
  await waitFor('the ping', () => signInsBeforePing > 0, 20_000);
  assert.ok(signInsBeforePing <= 400, `${signInsBeforePing - 300} of the crowd were served first`);
});

test('no one of those who want in has the whole of their turn', async (context) => {
  let nowMs = 0;
  let taken = 0;
  let takenBefore = 0;
  const come = () => modest.socket.write(signIn);
  const stage = await open(context, {
    nowMs: () => nowMs,
    onMessage: (connection) => {
      nowMs += 0.5;
      taken += 1;
      if (taken === 400) come();
      if (connection === stage.opened[0]) takenBefore = taken;
    },
  });
  const modest = await dial(context, stage.gateway.port);
  await waitFor('it is opened', () => stage.opened.length === 1, 5_000);
  const greedy = await Promise.all(
    Array.from({ length: 20 }, () => dial(context, stage.gateway.port)),
  );
  for (const { socket } of greedy) socket.write(signIn.repeat(60));
  await waitFor('everybody', () => taken === 1_201, 20_000);
  assert.ok(takenBefore - 400 <= 100, `${takenBefore - 400} of others were served first`);
});

test('a reader that does not read is closed as too slow, and others go on', async (context) => {
  const stage = await open(context, { backlogMsMax: 100 });
  const slow = await dial(context, stage.gateway.port);
  await waitFor('it opened', () => stage.opened.length === 1, 5_000);
  slow.socket.pause();
  const quick = await dial(context, stage.gateway.port);
  await waitFor('both opened', () => stage.opened.length === 2, 5_000);
  const frame = `${JSON.stringify({ type: 'post', text: 'x'.repeat(100_000) })}\n`;
  // In portions below the bound, each read before the next: only whoever does not read has a backlog.
  for (let portion = 1; portion <= 10; portion += 1) {
    for (let count = 0; count < 20; count += 1) stage.gateway.sendAll(stage.opened, frame);
    stage.gateway.flush();
    await waitFor('the quick one has all', () => quick.lines.length === 20 * portion, 10_000);
  }
  await waitFor('the slow one is gone', () => stage.closed.length === 1, 10_000);
  assert.deepEqual(stage.closed, [stage.opened[0]]);
});

test('a burst above the bound does not end a connection that reads', async (context) => {
  const stage = await open(context, { backlogMsMax: 5_000 });
  const peer = await dial(context, stage.gateway.port);
  await waitFor('it opened', () => stage.opened.length === 1, 5_000);
  const frame = `${JSON.stringify({ type: 'post', text: 'x'.repeat(100_000) })}\n`;
  for (let count = 0; count < 150; count += 1) stage.gateway.sendAll(stage.opened, frame);
  stage.gateway.flush();
  await waitFor('all lines', () => peer.lines.length === 150, 10_000);
  assert.deepEqual(stage.closed, []);
});

test('closing sends what was collected, then the code, and nothing after it', async (context) => {
  const stage = await open(context);
  const peer = await dial(context, stage.gateway.port);
  await waitFor('it opened', () => stage.opened.length === 1, 5_000);
  const [id = 0] = stage.opened;
  stage.gateway.send(id, '{"type":"last"}\n');
  stage.gateway.close(id, 'session-elsewhere');
  stage.gateway.close(id, 'too-slow');
  stage.gateway.send(id, '{"type":"never"}\n');
  stage.gateway.flush();
  peer.socket.write(ping(1));
  await waitFor('the end', peer.ended, 5_000);
  assert.deepEqual(
    peer.lines.map(({ type, code }) => [type, code]),
    [
      ['last', undefined],
      ['closing', 'session-elsewhere'],
    ],
  );
  await waitFor('its end is told', () => stage.closed.length === 1, 5_000);
  assert.deepEqual(stage.messages, []);
});

test('above the limit of connections one is refused with the reason', async (context) => {
  const stage = await open(context, { connectionsMax: 1 });
  await dial(context, stage.gateway.port);
  await waitFor('it opened', () => stage.opened.length === 1, 5_000);
  const second = await dial(context, stage.gateway.port);
  await waitFor('the end', second.ended, 5_000);
  assert.equal(second.lines[0]?.type, 'closing');
  assert.match(String(second.lines[0]?.reason), /at most 1 connections/);
  assert.equal(stage.opened.length, 1);
});

test('a client that ends its side is still answered, then let go', async (context) => {
  const stage = await open(context, {
    onMessage: (connection) => {
      stage.gateway.send(connection, '{"type":"pong"}\n');
      stage.gateway.flush();
    },
  });
  const peer = await dial(context, stage.gateway.port);
  peer.socket.end(ping(1));
  await waitFor('the end', peer.ended, 5_000);
  assert.deepEqual(peer.lines, [{ type: 'pong' }]);
  await waitFor('its end is told', () => stage.closed.length === 1, 5_000);
});

test('a client that is reset is told as closed once', async (context) => {
  const stage = await open(context);
  const peer = await dial(context, stage.gateway.port);
  await waitFor('it opened', () => stage.opened.length === 1, 5_000);
  peer.socket.resetAndDestroy();
  await waitFor('its end is told', () => stage.closed.length === 1, 5_000);
  assert.deepEqual(stage.closed, stage.opened);
});

test('stopping tells every client why and ends', async (context) => {
  const stage = await open(context);
  const peers = [await dial(context, stage.gateway.port), await dial(context, stage.gateway.port)];
  await waitFor('both opened', () => stage.opened.length === 2, 5_000);
  await stage.gateway.stop('shutting-down');
  await waitFor('both ended', () => peers.every((peer) => peer.ended()), 5_000);
  for (const peer of peers) assert.equal(peer.lines.at(-1)?.code, 'shutting-down');
});

test('a port in use is an error with its code and address', async (context) => {
  const taken = createServer().listen(0, '127.0.0.1');
  await once(taken, 'listening');
  context.after(() => taken.close());
  const { port } = taken.address() as { port: number };
  await assert.rejects(open(context, { port }), (error: ListenError) => {
    assert.ok(error instanceof ListenError);
    assert.equal(error.code, 'EADDRINUSE');
    assert.match(
      error.message,
      new RegExp(`127.0.0.1:${port} \\(clients\\): something else listens there`),
    );
    return true;
  });
});
