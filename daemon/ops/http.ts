// Health and status over HTTP, for operators and container engines: for anyone to read, and nothing secret. The
// one thing that changes anything, `forget`, demands the cluster secret.
import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { ListenError } from '../net/listen-error.ts';

// An import statement would make Node look at every name that the module has, and that loads its WebSocket client:
// a quarter of the processor time of a server's start.
const { createServer } = process.getBuiltinModule('node:http');

/** Time for a request to arrive in full: nobody who means well is slower. */
const REQUEST_MS_MAX = 5_000;
/** A probe asks every few seconds, on a connection of its own or on this one. */
const KEEP_ALIVE_MS = 5_000;
const HEADER_BYTES_MAX = 8 * 1024;
/** Probes and a person or two; the chat needs the rest of the descriptors. */
const CONNECTIONS_MAX = 64;

export type HttpServer = Readonly<{
  /** The port listened on: the one asked for, or a free one when that was 0. */
  port: number;
  close(): Promise<void>;
}>;

export type HttpOptions = Readonly<{
  host: string;
  port: number;
  /** Body of GET /status. */
  status: () => object;
  /** Whether clients are served from here, or redirected to whoever serves them. */
  ready: () => Readonly<{ ok: boolean; reason: string }>;
  /** POST /forget?server=ID, with the header that proves the secret. */
  forget: (server: string, seal: string | undefined) => CommandAnswer;
}>;

/** What a command of an operator came to. */
export type CommandAnswer = Readonly<{ code: 200 | 403 | 409 | 503; body: object }>;

const READING = ['GET', 'HEAD'];

type Answer = Readonly<{ code: number; body: object; allow?: string }>;
type Route = Readonly<{ methods: readonly string[]; answer: (request: IncomingMessage) => Answer }>;
type Routes = Readonly<Record<string, Route>>;

/** Listens until it is closed. @throws ListenError */
export async function openHttp(options: HttpOptions): Promise<HttpServer> {
  const routes: Routes = {
    // Whoever answers has a loop that turns.
    '/healthz': { methods: READING, answer: () => ({ code: 200, body: { ok: true } }) },
    '/readyz': {
      methods: READING,
      answer: () => {
        const ready = options.ready();
        return { code: ready.ok ? 200 : 503, body: ready };
      },
    },
    '/status': { methods: READING, answer: () => ({ code: 200, body: options.status() }) },
    '/forget': {
      methods: ['POST'],
      answer: ({ url, headers }) => {
        const server = new URL(url ?? '/', 'http://any').searchParams.get('server') ?? '';
        return options.forget(server, headers.authorization);
      },
    },
  };
  const limits = {
    maxHeaderSize: HEADER_BYTES_MAX,
    requestTimeout: REQUEST_MS_MAX,
    headersTimeout: REQUEST_MS_MAX,
    keepAliveTimeout: KEEP_ALIVE_MS,
    // How often the two times above are looked at.
    connectionsCheckingInterval: 1_000,
  };
  const server = createServer(limits, (request, response) => {
    send(answerTo(routes, request), request, response);
  });
  server.maxConnections = CONNECTIONS_MAX;
  try {
    server.listen(options.port, options.host);
    await once(server, 'listening');
  } catch (error) {
    throw new ListenError('HTTP', `${options.host}:${options.port}`, error);
  }
  const address = server.address();
  return {
    port: typeof address === 'object' && address !== null ? address.port : options.port,
    close: async () => {
      if (!server.listening) return;
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

function answerTo(routes: Routes, request: IncomingMessage): Answer {
  const path = (request.url ?? '/').split('?')[0] ?? '/';
  const route = Object.hasOwn(routes, path) ? routes[path] : undefined;
  if (!route) {
    return {
      code: 404,
      body: { error: `nothing here; there is ${Object.keys(routes).join(', ')}` },
    };
  }
  if (!route.methods.includes(request.method ?? '')) {
    const error = `expected ${route.methods.join(' or ')}`;
    return { code: 405, body: { error }, allow: route.methods.join(', ') };
  }
  return route.answer(request);
}

function send(answer: Answer, request: IncomingMessage, response: ServerResponse): void {
  const text = `${JSON.stringify(answer.body)}\n`;
  response.writeHead(answer.code, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(text),
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    ...(answer.allow ? { allow: answer.allow } : {}),
  });
  response.end(request.method === 'HEAD' ? undefined : text);
}
