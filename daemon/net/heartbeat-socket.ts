// Heartbeats on UDP: authenticated, each counted once, and only from the process that the peer's
// authenticated link announced. Whatever else arrives is counted, logged now and then, and changes nothing.
import { createHmac, timingSafeEqual } from 'node:crypto';
import { createSocket, type Socket } from 'node:dgram';
import { V4MAPPED } from 'node:dns';
import { once } from 'node:events';
import { isIP } from 'node:net';
import type { Logger } from 'pino';
import * as z from 'zod';
import { type Complain, createComplaints } from './complaints.ts';
import { ServerIdentity } from './handshake.ts';
import { ListenError } from './listen-error.ts';
import { sharedLookup } from './name-lookup.ts';

const MAC_BYTES = 32;
/** An announcement of 32 servers takes under 4 kB; a datagram beyond this is none of ours. */
const DATAGRAM_BYTES_MAX = 16_384;
/** Counters so far behind the newest are rejected: reordering on a network is far below it. */
const WINDOW = 64n;
/** A name is looked up again after this: a container that restarts comes back at another address. */
const LOOKUP_MS = 2_000;

const Datagram = z.object({
  from: ServerIdentity,
  counter: z.int().min(1),
  payload: z.record(z.string(), z.unknown()),
});

export type HeartbeatSocketOptions = Readonly<{
  self: ServerIdentity;
  bind: Readonly<{ host: string; port: number }>;
  peers: readonly Readonly<{ id: string; host: string; port: number }>[];
  secret: Uint8Array | null;
  logger: Pick<Logger, 'debug' | 'warn'>;
  onHeartbeat(peer: string, payload: Readonly<Record<string, unknown>>): void;
}>;

export type HeartbeatSocket = Readonly<{
  /** The port bound: the one asked for, or a free one when that was 0. */
  port: number;
  /** To every peer; a loss is expected, and nobody's error. */
  send(payload: object): void;
  /** From here on this process, and no earlier one, is heard as that peer. */
  expect(peer: string, process: Readonly<{ incarnation: string; boot: string }>): void;
  close(): Promise<void>;
}>;

type Sender = {
  readonly id: string;
  readonly host: string;
  readonly port: number;
  address: string | null;
  lookedUpMs: number;
  expected: { incarnation: string; boot: string } | null;
  highest: number;
  /** Bit n: the counter `highest - n` has come. */
  seen: bigint;
};

/** @throws ListenError */
export async function openHeartbeatSocket(
  options: HeartbeatSocketOptions,
): Promise<HeartbeatSocket> {
  const { host, port } = options.bind;
  const socket = createSocket(isIP(host) === 6 ? 'udp6' : 'udp4');
  try {
    socket.bind(port, host);
    await once(socket, 'listening');
  } catch (error) {
    throw new ListenError('heartbeats', `${host}:${port}/udp`, error);
  }
  return new Heartbeats(options, socket);
}

class Heartbeats implements HeartbeatSocket {
  private readonly options: HeartbeatSocketOptions;
  private readonly socket: Socket;
  private readonly senders: Map<string, Sender>;
  private readonly key: Uint8Array;
  private counter = 0;
  private readonly complain: Complain;
  private closed = false;

  constructor(options: HeartbeatSocketOptions, socket: Socket) {
    this.options = options;
    this.socket = socket;
    this.complain = createComplaints(options.logger);
    this.key = options.secret ?? new Uint8Array();
    this.senders = new Map(
      options.peers.map((peer) => [
        peer.id,
        {
          ...peer,
          address: isIP(peer.host) ? peer.host : null,
          lookedUpMs: Number.NEGATIVE_INFINITY,
          expected: null,
          highest: 0,
          seen: 0n,
        },
      ]),
    );
    socket.on('message', (bytes, from) => this.receive(bytes, from.address));
    socket.on('error', (error) => options.logger.debug({ err: error }, 'heartbeat socket'));
  }

  get port(): number {
    return this.socket.address().port;
  }

  private macOf(text: Uint8Array): Buffer {
    return createHmac('sha256', this.key).update('syncnet heartbeat\n').update(text).digest();
  }

  send(payload: object): void {
    if (this.closed) return;
    this.counter += 1;
    const text = Buffer.from(
      JSON.stringify({ from: this.options.self, counter: this.counter, payload }),
    );
    const datagram = Buffer.concat([this.macOf(text), text]);
    for (const sender of this.senders.values()) {
      this.refreshAddress(sender);
      // A datagram that cannot go is as good as a lost one: the peer's silence rule covers both.
      if (sender.address) this.socket.send(datagram, sender.port, sender.address, () => {});
    }
  }

  private refreshAddress(sender: Sender): void {
    if (isIP(sender.host)) return;
    const nowMs = performance.now();
    if (nowMs - sender.lookedUpMs < LOOKUP_MS) return;
    sender.lookedUpMs = nowMs;
    // An address that this socket can send to: an IPv6 socket reaches IPv4 by mapped ones.
    const family = this.socket.address().family === 'IPv6' ? 6 : 4;
    sharedLookup(sender.host, { family, hints: family === 6 ? V4MAPPED : 0 }, (error, address) => {
      if (!error && typeof address === 'string') sender.address = address;
    });
  }

  expect(peer: string, process: Readonly<{ incarnation: string; boot: string }>): void {
    const sender = this.senders.get(peer);
    if (!sender || sender.expected?.boot === process.boot) return;
    sender.expected = { ...process };
    sender.highest = 0;
    sender.seen = 0n;
  }

  private receive(bytes: Buffer, address: string): void {
    const reason = this.reject(bytes, address);
    if (reason !== null) this.complain(reason, 'rejected heartbeats', { reason });
  }

  /** Hands a good heartbeat on. @returns why it was not good; null when it was, or is merely early */
  private reject(bytes: Buffer, address: string): string | null {
    if (bytes.length <= MAC_BYTES || bytes.length > DATAGRAM_BYTES_MAX) return 'of no size of ours';
    const text = bytes.subarray(MAC_BYTES);
    if (!timingSafeEqual(bytes.subarray(0, MAC_BYTES), this.macOf(text)))
      return 'forged, or of another cluster secret';
    let datagram: z.infer<typeof Datagram>;
    try {
      datagram = Datagram.parse(JSON.parse(text.toString()));
    } catch {
      return 'of another version';
    }
    const { from, counter, payload } = datagram;
    const sender = this.senders.get(from.id);
    if (!sender) return 'from a server that is not in the cluster file';
    const { expected } = sender;
    // Before the link is up, and after a restart, heartbeats of an unknown process come: not yet, or no more.
    if (expected?.boot !== from.boot || expected.incarnation !== from.incarnation) return null;
    if (!isFresh(sender, counter)) return 'replayed';
    // A container that came back elsewhere is known at once, not at the next look-up of its name.
    if (!isIP(sender.host)) sender.address = address;
    this.options.onHeartbeat(from.id, payload);
    return null;
  }

  async close(): Promise<void> {
    if (this.closed) return;
    this.closed = true;
    const closed = once(this.socket, 'close');
    this.socket.close();
    await closed;
  }
}

/** A sliding window over counters, as in IPsec (RFC 4303, section 3.4.3). */
function isFresh(sender: Sender, counter: number): boolean {
  if (counter > sender.highest) {
    const shift = BigInt(counter - sender.highest);
    sender.seen = shift >= WINDOW ? 1n : ((sender.seen << shift) | 1n) & ((1n << WINDOW) - 1n);
    sender.highest = counter;
    return true;
  }
  const behind = BigInt(sender.highest - counter);
  const bit = 1n << behind;
  if (behind >= WINDOW || (sender.seen & bit) !== 0n) return false;
  sender.seen |= bit;
  return true;
}
