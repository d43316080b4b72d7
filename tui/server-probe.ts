// Asks an address whether a SyncNet server answers there: connects and reads the first line.

import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import type * as z from 'zod';
import { Welcome } from '../lib/protocol/events.ts';
import { frameReader } from '../lib/protocol/frame.ts';
import { CLIENT_FRAME_BYTES_MAX } from '../lib/protocol/limits.ts';

/** A server on this machine answers within a few milliseconds, a frozen one never. */
const PROBE_MS_MAX = 1_000;

/** What a server says of itself; null when none answers, or something that is no SyncNet server. */
export function probeServer(host: string, port: number): Promise<z.infer<typeof Welcome> | null> {
  const { promise, resolve } = Promise.withResolvers<z.infer<typeof Welcome> | null>();
  const socket = connect({ host, port });
  const frames = frameReader(CLIENT_FRAME_BYTES_MAX);
  const finish = (welcome: z.infer<typeof Welcome> | null) => {
    socket.destroy();
    resolve(welcome);
  };
  socket.setTimeout(PROBE_MS_MAX, () => finish(null));
  socket.on('error', () => finish(null)).on('close', () => resolve(null));
  socket.on('data', (bytes) => {
    const { lines, overflow } = frames.push(bytes);
    if (lines[0] === undefined) return overflow ? finish(null) : undefined;
    finish(parseWelcome(lines[0]));
  });
  return promise;
}

function parseWelcome(line: string): z.infer<typeof Welcome> | null {
  try {
    return Welcome.safeParse(JSON.parse(line)).data ?? null;
  } catch {
    return null; // no JSON: some other service
  }
}

/** Whether nobody listens on a TCP port of this machine. */
export async function isTcpFree(host: string, port: number): Promise<boolean> {
  const server = createServer();
  try {
    server.listen({ host, port, exclusive: true });
    await once(server, 'listening');
    return true;
  } catch {
    return false;
  } finally {
    server.close();
  }
}

/** Whether nobody has bound a UDP port of this machine. */
export async function isUdpFree(host: string, port: number): Promise<boolean> {
  const socket = createSocket('udp4');
  try {
    socket.bind({ address: host, port, exclusive: true });
    await once(socket, 'listening');
    return true;
  } catch {
    return false;
  } finally {
    socket.close();
  }
}
