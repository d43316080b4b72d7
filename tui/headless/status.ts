// `syncnet-tui status`: asks every known server at once, signed in nowhere, and prefers what the leader says.
import { connect } from 'node:net';
import type * as z from 'zod';
import { ServerMessage, type StatusReply } from '../../lib/protocol/events.ts';
import { frameReader } from '../../lib/protocol/frame.ts';
import { SERVER_FRAME_BYTES_MAX } from '../../lib/protocol/limits.ts';
import { cleanLine, fit, printableJson } from '../text.ts';
import type { StatusOptions } from './command-line.ts';
import { EXIT, HeadlessError, type Io } from './reach.ts';

type Status = z.infer<typeof StatusReply>;

/** Once one has answered, the others get this long: enough for a busy machine, too short to annoy. */
const OTHERS_MS_MAX = 500;

function statusIn(line: string): Status | null {
  try {
    const parsed = ServerMessage.safeParse(JSON.parse(line));
    return parsed.success && parsed.data.type === 'status' ? parsed.data : null;
  } catch {
    return null; // no JSON: something else listens there
  }
}

/** Asks one server. @returns null when it does not answer before the signal */
function ask(address: string, signal: AbortSignal): Promise<Status | null> {
  const { promise, resolve } = Promise.withResolvers<Status | null>();
  const [, host = '', port = ''] = /^\[?(.*?)\]?:(\d+)$/.exec(address) ?? [];
  const socket = connect({ host, port: Number(port), signal });
  const reader = frameReader(SERVER_FRAME_BYTES_MAX);
  socket.on('connect', () => socket.write('{"type":"status","query":1}\n'));
  socket.on('data', (bytes) => {
    const { lines, overflow } = reader.push(bytes);
    const status = lines.map(statusIn).find((found) => found !== null);
    if (status || overflow) resolve(status ?? null);
  });
  socket.on('error', () => resolve(null)).on('close', () => resolve(null));
  return promise.finally(() => socket.destroy());
}

/** The leader's own answer, else that of the highest term. */
function best(replies: readonly Status[]): Status | null {
  const own = replies.find((reply) => reply.leader?.id === reply.id);
  return own ?? [...replies].sort((one, other) => other.term - one.term)[0] ?? null;
}

type Asked = StatusOptions & Readonly<{ servers: readonly string[] }>;

async function askAll(options: Asked): Promise<Status | null> {
  const stop = new AbortController();
  const replies: Status[] = [];
  const first = Promise.withResolvers<void>();
  const asked = options.servers.map(async (address) => {
    const reply = await ask(address, stop.signal);
    if (!reply) return;
    replies.push(reply);
    first.resolve();
  });
  const all = Promise.all(asked);
  const wait = (ms: number) => AbortSignal.any([stop.signal, AbortSignal.timeout(ms)]);
  const until = (signal: AbortSignal) => {
    const { promise, resolve } = Promise.withResolvers<void>();
    signal.addEventListener('abort', () => resolve(), { once: true });
    return promise;
  };
  await Promise.race([all, first.promise, until(wait(options.timeoutMs))]);
  await Promise.race([all, until(wait(OTHERS_MS_MAX))]);
  stop.abort();
  return best(replies);
}

function table(status: Status): string {
  const wide = Math.max(...status.servers.map(({ id }) => id.length), 6) + 2;
  const far = Math.max(...status.servers.map(({ address }) => address.length), 7) + 2;
  const rows = status.servers.map(({ id, address, state, inSync }) => {
    const copy = inSync ? 'in sync' : 'not in sync';
    return `${fit(cleanLine(id), wide)}${fit(cleanLine(address), far)}${fit(state, 11)}${copy}`;
  });
  const leader = status.leader
    ? `${cleanLine(status.leader.id)} leads, at ${cleanLine(status.leader.address)}`
    : 'no server leads';
  return [`${leader} · term ${status.term}`, ...rows].join('\n');
}

/**
 * Prints where the cluster stands.
 * @returns the exit code
 * @throws HeadlessError when nobody answers within the timeout
 */
export async function runStatus(options: Asked, io: Io): Promise<number> {
  const status = await askAll(options);
  if (!status) {
    throw new HeadlessError(EXIT.noServer, `no server answers: ${options.servers.join(', ')}`);
  }
  const { leader, term, servers } = status;
  const text = options.json ? printableJson({ leader, term, servers }) : table(status);
  io.stdout.write(`${text}\n`);
  return EXIT.done;
}
