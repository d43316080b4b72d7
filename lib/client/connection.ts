// The shell of the client's core: the one place in lib that opens sockets and sets timers. It contains no
// rule of the protocol.
import { connect, type Socket } from 'node:net';
import { ServerMessage } from '../protocol/events.ts';
import { frameReader } from '../protocol/frame.ts';
import { SERVER_FRAME_BYTES_MAX } from '../protocol/limits.ts';
import type { ClientMessage } from '../protocol/requests.ts';

/** A connection's outgoing bytes that wait for the network at most: a window of requests of the longest text. */
const PENDING_BYTES_MAX = 16 * 1024 * 1024;

export type Connection = Readonly<{
  send(message: ClientMessage): void;
  /** At once, whatever is pending; nothing is heard of it any more. */
  destroy(): void;
}>;

const REASONS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused',
  ENOTFOUND: 'no such host',
  EAI_AGAIN: 'the name cannot be looked up',
  EHOSTUNREACH: 'no way to that host',
  ENETUNREACH: 'no way to that network',
  ETIMEDOUT: 'no answer',
  ECONNRESET: 'connection reset',
};

/** What went wrong, in words. */
function reasonOf(error: NodeJS.ErrnoException): string {
  // With two addresses for one name (::1 and 127.0.0.1) Node wraps both errors.
  const code =
    error.code ?? (error as { errors?: NodeJS.ErrnoException[] }).errors?.[0]?.code ?? '';
  return REASONS[code] ?? (error.message || code || 'connection failed');
}

/** `[::1]:8000` and `localhost:8000` as host and port. */
export function splitAddress(address: string): { host: string; port: number } {
  const colon = address.lastIndexOf(':');
  const host = address.slice(0, colon).replace(/^\[|\]$/g, '');
  return { host, port: Number(address.slice(colon + 1)) };
}

function parseMessage(line: string): ServerMessage | null {
  try {
    return ServerMessage.safeParse(JSON.parse(line)).data ?? null;
  } catch {
    return null; // no JSON: whatever it is, it is none of the protocol
  }
}

/** Connects, and hands on what is heard. */
export function openConnection(parts: {
  address: string;
  onMessage(message: ServerMessage): void;
  onClosed(reason: string): void;
}): Connection {
  const frames = frameReader(SERVER_FRAME_BYTES_MAX);
  let isOver = false;
  let hasSpoken = false;
  const end = (reason: string) => {
    if (isOver) return;
    isOver = true;
    socket.destroy();
    parts.onClosed(reason);
  };
  /** What is said in one go is one write: a sign-in, and what follows it, arrive together. */
  const gather = () => {
    if (socket.writableCorked > 0) return;
    socket.cork();
    queueMicrotask(() => socket.uncork());
  };
  const { host, port } = splitAddress(parts.address);
  let socket: Socket;
  try {
    // Both addresses of a name are tried side by side: localhost may be ::1 where servers have 127.0.0.1.
    socket = connect({ host, port, noDelay: true, autoSelectFamilyAttemptTimeout: 50 });
  } catch (error) {
    // A port out of range throws at once.
    queueMicrotask(() => {
      if (!isOver) parts.onClosed((error as Error).message);
    });
    return {
      send: () => {},
      destroy: () => {
        isOver = true;
      },
    };
  }
  socket.on('error', (error) => end(reasonOf(error)));
  socket.on('close', () => end('connection closed'));
  socket.on('data', (bytes) => {
    const { lines, overflow } = frames.push(bytes);
    for (const line of lines) {
      if (isOver) return;
      const message = parseMessage(line);
      // The first line must be a greeting: otherwise something else lives at this address.
      if (!hasSpoken && message?.type !== 'welcome') return end('not a SyncNet server');
      hasSpoken = true;
      if (message) parts.onMessage(message);
    }
    if (overflow) end('a line was longer than the protocol allows');
  });
  return {
    send: (message) => {
      if (isOver) return;
      gather();
      socket.write(`${JSON.stringify(message)}\n`);
      if (socket.writableLength > PENDING_BYTES_MAX) end('the network takes nothing');
    },
    destroy: () => {
      isOver = true;
      socket.uncork();
      socket.destroy();
    },
  };
}
