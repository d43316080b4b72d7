// Health and status over HTTP, for operators and container engines.
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { ListenError } from '../net/listen-error.ts';

/** Nobody has a reason to be slower. */
const REQUEST_MS_MAX = 5_000;

export type HttpServer = Readonly<{ close(): Promise<void> }>;

export type HttpOptions = Readonly<{
  host: string;
  port: number;
  /** Body of GET /status. */
  status: () => object;
  /** Whether clients are served from here, or redirected to whoever serves them. */
  ready: () => Readonly<{ ok: boolean; reason: string }>;
}>;

type Answer = Readonly<{ code: number; body: object }>;

/** @throws ListenError */
export async function openHttp(options: HttpOptions): Promise<HttpServer> {
  const routes: Readonly<Record<string, () => Answer>> = {
    '/healthz': () => ({ code: 200, body: { ok: true } }),
    '/readyz': () => {
      const ready = options.ready();
      return { code: ready.ok ? 200 : 503, body: ready };
    },
    '/status': () => ({ code: 200, body: options.status() }),
  };
  const server = createServer((request, response) => respond(routes, request, response));
  server.requestTimeout = REQUEST_MS_MAX;
  server.headersTimeout = REQUEST_MS_MAX;
  try {
    server.listen(options.port, options.host);
    await once(server, 'listening');
  } catch (error) {
    throw new ListenError('HTTP', `${options.host}:${options.port}`, error);
  }
  return {
    close: async () => {
      server.closeAllConnections();
      server.close();
      if (server.listening) await once(server, 'close');
    },
  };
}

function respond(
  routes: Readonly<Record<string, () => Answer>>,
  request: IncomingMessage,
  response: ServerResponse,
): void {
  const path = (request.url ?? '/').split('?')[0] ?? '/';
  const route = Object.hasOwn(routes, path) ? routes[path] : undefined;
  const readable = request.method === 'GET' || request.method === 'HEAD';
  const notFound = {
    code: 404,
    body: { error: `no ${path}; there is ${Object.keys(routes).join(', ')}` },
  };
  const { code, body } = !route
    ? notFound
    : readable
      ? route()
      : { code: 405, body: { error: 'only GET and HEAD' } };
  const text = `${JSON.stringify(body)}\n`;
  response.writeHead(code, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(text),
    'cache-control': 'no-store',
    ...(code === 405 ? { allow: 'GET, HEAD' } : {}),
  });
  response.end(request.method === 'HEAD' ? undefined : text);
}
