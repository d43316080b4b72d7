// One connection between two servers, dialled or accepted: it carries out the handshake within its time,
// then hands over lines. What a connection is for, links decide (peer-links.ts).
import type { Socket } from 'node:net';
import { frameReader } from '../../lib/protocol/frame.ts';
import type { Handshake, ServerIdentity } from './handshake.ts';

/** Longest line between servers: a push of a thousand posts of the longest text, twice over. */
const FRAME_BYTES_MAX = 64 * 1024 * 1024;
/** Before the handshake is over nobody needs more. */
const HANDSHAKE_BYTES_MAX = 2_048;
/** From the connection to the proof: a round trip, on machines that are busy starting. */
const HANDSHAKE_MS_MAX = 2_000;

export type PeerConnectionParts = Readonly<{
  socket: Socket;
  handshake: Handshake;
  onProven(identity: ServerIdentity): void;
  /** Never before `onProven`. */
  onLine(line: string): void;
  /** The connection is closing. `id`: whom the other side claimed to be, when it is one of ours. */
  onFailed(failure: { id: string | null; reason: string }): void;
}>;

/** Takes care of a connected socket until it closes; throws nothing. */
export function servePeerConnection(parts: PeerConnectionParts): void {
  const { socket, handshake } = parts;
  const reader = frameReader(HANDSHAKE_BYTES_MAX);
  const deadline = setTimeout(() => socket.destroy(), HANDSHAKE_MS_MAX);
  let proven = false;

  function take(line: string): void {
    if (proven) return parts.onLine(line);
    const step = handshake.take(parseJson(line));
    if (step.reply) say(socket, step.reply);
    if (step.failed) {
      parts.onFailed(step.failed);
      // What it still sends is read and dropped until the deadline: a reset would overtake the reply.
      if (step.reply) socket.end();
      else socket.destroySoon();
    }
    if (!step.proven) return;
    proven = true;
    clearTimeout(deadline);
    reader.widen(FRAME_BYTES_MAX);
    parts.onProven(step.proven);
  }

  socket.on('data', (bytes: Buffer) => {
    const { lines, overflow } = reader.push(bytes);
    for (const line of lines) {
      if (socket.destroyed || socket.writableEnded) return;
      take(line);
    }
    if (!overflow || socket.writableEnded) return;
    if (proven) socket.destroy();
    else take(''); // refused as any other line that is no answer
  });
  socket.on('close', () => clearTimeout(deadline));
  if (handshake.opening) say(socket, handshake.opening);
}

function say(socket: Socket, value: object): void {
  socket.write(`${JSON.stringify(value)}\n`);
}

/** @returns null for what is no JSON */
export function parseJson(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return null;
  }
}
