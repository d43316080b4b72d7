// The client over real sockets, against a server that follows a script.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { ChatClient, ClientEvent } from '../../../lib/client/api.ts';
import { createChatClient } from '../../../lib/client/client.ts';
import { temporaryIdentity } from '../../../lib/client/identity.ts';
import { ScriptedServer } from '../../support/scripted-server.ts';
import { waitFor } from '../../support/wait-for.ts';

const identity = temporaryIdentity();

async function start(
  t: TestContext,
  servers: readonly string[],
  folder: string | null = null,
): Promise<{ client: ChatClient; events: ClientEvent[] }> {
  const client = await createChatClient({ servers, identity, name: 'alice', folder });
  const events: ClientEvent[] = [];
  client.subscribe((event) => events.push(event));
  t.after(() => client.close());
  return { client, events };
}

async function server(t: TestContext, id: string): Promise<ScriptedServer> {
  const scripted = await ScriptedServer.open(id);
  t.after(() => scripted.close());
  return scripted;
}

const post = (text: string) => ({ type: 'post', room: 'general', text }) as const;
const connected = (client: ChatClient) =>
  waitFor('connected', () => client.connection.type === 'connected', 5_000);

test('a follower named alone leads to the leader', async (t) => {
  const leader = await server(t, 'server3');
  const follower = await server(t, 'server1');
  leader.leads();
  follower.follows(leader);
  const { client } = await start(t, [follower.address]);
  await connected(client);
  assert.equal(leader.signIns, 1);
});

test('what was asked while nobody answered is sent in order when someone does', async (t) => {
  const leader = await server(t, 'server3');
  const { client } = await start(t, [leader.address]);
  for (const text of ['one', 'two', 'three']) client.request(post(text));
  leader.leads();
  await waitFor('all answered', () => client.outbox.length === 0, 5_000);
  assert.deepEqual(leader.texts, ['one', 'two', 'three']);
});

test('a leader that dies before it answers costs nothing', async (t) => {
  const first = await server(t, 'server3');
  const second = await server(t, 'server2');
  first.leads();
  second.follows(first);
  const { client, events } = await start(t, [first.address, second.address]);
  await connected(client);
  first.answersPosts = false;
  client.request(post('in flight'));
  await waitFor('the post is on its way', () => first.texts.length === 1, 5_000);
  first.dies();
  second.leads();
  await waitFor('answered', () => client.outbox.length === 0, 5_000);
  assert.deepEqual(second.texts, ['in flight']);
  assert.ok(events.some((event) => event.type === 'recovered' && event.resent === 1));
});

test('a leader that freezes is left for the next', async (t) => {
  const first = await server(t, 'server3');
  const second = await server(t, 'server2');
  first.leads();
  second.follows(first);
  const { client } = await start(t, [first.address, second.address]);
  await connected(client);
  first.freezes();
  second.leads();
  await waitFor('signed in to the second', () => second.signIns === 1, 5_000);
});

test('the outbox survives the end of the process that filled it', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'syncnet-client-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  const leader = await server(t, 'server3');
  const before = await createChatClient({
    servers: [leader.address],
    identity,
    name: 'alice',
    folder,
  });
  before.request(post('typed before the end'));
  await before.close();
  leader.leads();
  const { client } = await start(t, [leader.address], folder);
  await waitFor('answered', () => leader.texts.length === 1 && client.outbox.length === 0, 5_000);
  assert.deepEqual(leader.texts, ['typed before the end']);
});

test('an address where something else lives is told as such', async (t) => {
  const other = createServer((socket) => {
    socket.on('error', () => {}); // the client may reset it
    socket.end('HTTP/1.1 400 Bad Request\r\n\r\n');
  });
  t.after(() => other.close());
  other.listen(0, '127.0.0.1');
  await once(other, 'listening');
  const { port } = other.address() as { port: number };
  const { client } = await start(t, [`127.0.0.1:${port}`]);
  await waitFor('tried', () => client.connection.type === 'noServer', 5_000);
  const state = client.connection;
  assert.equal(state.type === 'noServer' && state.tried[0]?.result, 'not a SyncNet server');
});

test('a query without a connection fails at once', async (t) => {
  const { client } = await start(t, ['127.0.0.1:1']);
  await assert.rejects(client.rooms(), { code: 'connection-lost' });
});
