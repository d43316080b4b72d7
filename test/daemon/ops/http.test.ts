// Health and status for operators and container engines, over a real socket.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { afterEach, beforeEach, test } from 'node:test';
import { type HttpServer, openHttp } from '../../../daemon/ops/http.ts';

let server: HttpServer;
const forget = (id: string) => ({ code: 403 as const, body: { error: `not ${id}` } });
let ready = { ok: true, reason: 'in a view' };

beforeEach(async () => {
  ready = { ok: true, reason: 'in a view' };
  const status = () => ({ id: 'server1', term: 7 });
  server = await openHttp({ host: '127.0.0.1', port: 0, status, ready: () => ready, forget });
});
afterEach(() => server.close());

function get(path: string, method = 'GET'): Promise<Response> {
  return fetch(`http://127.0.0.1:${server.port}${path}`, { method });
}

const ROWS = [
  { path: '/healthz', method: 'GET', code: 200, body: { ok: true } },
  { path: '/readyz', method: 'GET', code: 200, body: { ok: true, reason: 'in a view' } },
  { path: '/status', method: 'GET', code: 200, body: { id: 'server1', term: 7 } },
  { path: '/status?pretty=1', method: 'GET', code: 200, body: { id: 'server1', term: 7 } },
  {
    path: '/',
    method: 'GET',
    code: 404,
    body: { error: 'nothing here; there is /healthz, /readyz, /status, /forget' },
  },
  {
    path: '/constructor',
    method: 'GET',
    code: 404,
    body: { error: 'nothing here; there is /healthz, /readyz, /status, /forget' },
  },
  { path: '/status', method: 'POST', code: 405, body: { error: 'expected GET or HEAD' } },
  { path: '/forget', method: 'GET', code: 405, body: { error: 'expected POST' } },
  { path: '/forget?server=server1', method: 'POST', code: 403, body: { error: 'not server1' } },
  { path: '/forget?server=%E0%A4%A', method: 'POST', code: 403, body: { error: 'not \ufffd%A' } },
];

for (const { path, method, code, body } of ROWS) {
  test(`${method} ${path} is answered ${code}, never to be kept`, async () => {
    const response = await get(path, method);
    assert.equal(response.status, code);
    assert.equal(response.headers.get('cache-control'), 'no-store');
    assert.deepEqual(await response.json(), body);
  });
}

test('a server in no view is not ready, and says what it is doing', async () => {
  ready = { ok: false, reason: 'joining, in no view' };
  const response = await get('/readyz');
  assert.equal(response.status, 503);
  assert.deepEqual(await response.json(), ready);
});

test('HEAD gives the headers alone', async () => {
  const response = await get('/status', 'HEAD');
  assert.equal(response.status, 200);
  assert.equal(response.headers.get('content-length'), '26');
  assert.equal(await response.text(), '');
});

test('a refused method is told which are allowed', async () => {
  const response = await get('/status', 'DELETE');
  assert.equal(response.headers.get('allow'), 'GET, HEAD');
});

test('a header without end is cut off', async () => {
  const socket = connect({ port: server.port, host: '127.0.0.1' });
  socket.on('error', () => {});
  socket.resume();
  const closed = new Promise((resolve) => socket.once('close', resolve));
  socket.write(`GET /status HTTP/1.1\r\nx: ${'x'.repeat(100_000)}`);
  await closed;
  assert.equal((await get('/status')).status, 200);
});

test('a port that is taken is named, with what to do', async () => {
  const { port } = server;
  await assert.rejects(
    openHttp({ host: '127.0.0.1', port, status: () => ({}), ready: () => ready, forget }),
    {
      name: 'ListenError',
      code: 'EADDRINUSE',
      message: `127.0.0.1:${port} (HTTP): something else listens there already: stop it, or choose another port`,
    },
  );
});

test('closing waits for nobody who keeps a connection open', async () => {
  const socket = connect({ port: server.port, host: '127.0.0.1' });
  socket.on('error', () => {});
  await once(socket, 'connect');
  const closed = new Promise((resolve) => socket.once('close', resolve));
  await server.close();
  await closed;
  await assert.rejects(get('/status'));
});
