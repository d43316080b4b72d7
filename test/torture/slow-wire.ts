// A detour between two servers through this process, where everything is held up: bytes of a TCP connection in
// their order, datagrams each for itself, so that they overtake each other. This kernel's own way, netem, is
// not to be had everywhere.
import { createSocket, type Socket as Datagrams } from 'node:dgram';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import type { Slowness } from './cuts.ts';

type Target = Readonly<{ host: string; tcp: number; udp: number }>;

/** Where traffic for the target is to be sent instead. */
export type SlowWire = Readonly<{
  tcp: number;
  udp: number;
  /** Datagrams and pieces of connections that came by. */
  heldUpCount(): number;
  close(): void;
}>;

/** @param host where it listens */
export async function openSlowWire(options: {
  host: string;
  target: Target;
  slowness: Slowness;
}): Promise<SlowWire> {
  const { host, target, slowness } = options;
  let heldUpCount = 0;
  const holdMs = () => {
    heldUpCount += 1;
    return slowness.leastMs + Math.random() * slowness.spreadMs;
  };
  const sockets = new Set<Socket>();
  const server = createServer((near) => {
    const far = connect(target.tcp, target.host);
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(from);
      carry(from, to, holdMs);
    }
  });
  const datagrams = createSocket('udp4');
  datagrams.on('message', (bytes) => {
    setTimeout(() => sendTo(datagrams, bytes, target), holdMs());
  });
  await Promise.all([listen(server, host), bind(datagrams, host)]);
  return {
    tcp: (server.address() as AddressInfo).port,
    udp: datagrams.address().port,
    heldUpCount: () => heldUpCount,
    close: () => {
      server.close();
      datagrams.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}

async function listen(server: Server, host: string): Promise<void> {
  server.listen(0, host);
  await once(server, 'listening');
}

async function bind(socket: Datagrams, host: string): Promise<void> {
  socket.bind(0, host);
  await once(socket, 'listening');
}

function sendTo(socket: Datagrams, bytes: Buffer, { udp, host }: Target): void {
  try {
    socket.send(bytes, udp, host, () => {});
  } catch {
    // Closed while the datagram was held up: lost, as datagrams may be.
  }
}

/** Each piece a while after it came, and never before the one that came before it. */
function carry(from: Socket, to: Socket, holdMs: () => number): void {
  let last: Promise<void> = Promise.resolve();
  const after = (action: () => void) => {
    const held = delay(holdMs());
    last = last.then(() => held).then(action);
  };
  from.setNoDelay(true);
  from.on('data', (bytes) => after(() => to.write(bytes)));
  from.on('end', () => after(() => to.end()));
  from.on('error', () => to.destroy()); // the other end is told by a closed connection
  from.on('close', () => after(() => to.destroy()));
}
