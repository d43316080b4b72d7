// A busy cluster for the screen to listen to: one who writes in each room, at a steady pace. A process of its own, so
// that it does not disturb whoever measures; what servers send is looked through for answers and not parsed, so that
// it takes little of the machine. It runs until its standard input ends.
import { randomBytes } from 'node:crypto';
import { connect, type Socket } from 'node:net';
import { parseArgs } from 'node:util';
import { createChatClient } from '../../lib/client/client.ts';
import { splitAddress } from '../../lib/client/connection.ts';
import { type Identity, temporaryIdentity } from '../../lib/client/identity.ts';
import { signInText } from '../../lib/ids.ts';
import { frameReader } from '../../lib/protocol/frame.ts';
import {
  PROTOCOL_VERSION,
  REQUESTS_IN_FLIGHT_MAX,
  SERVER_FRAME_BYTES_MAX,
} from '../../lib/protocol/limits.ts';
import { joinedRoom, signedIn } from '../../tui/headless/reach.ts';
import { stampedText } from './words.ts';

const SIGN_IN_MS_MAX = 30_000;
/** As many as a person takes for one: what comes in a second comes in a hundred pieces. */
const PACE_MS = 10;
const REPORT_MS = 500;
const SESSION_BYTES = 9;
const STORED = '{"type":"stored","number":';

/** One who writes in one room, numbered requests on a socket. */
class Writer {
  sent = 0;
  stored = 0;
  private readonly socket: Socket;
  private readonly room: string;
  private isSignedIn = false;

  constructor(fields: { address: string; identity: Identity; name: string; room: string }) {
    const { address, identity, name } = fields;
    this.room = fields.room;
    this.socket = connect({ ...splitAddress(address), noDelay: true });
    const frames = frameReader(SERVER_FRAME_BYTES_MAX);
    this.socket.on('data', (bytes) => {
      for (const line of frames.push(bytes).lines) this.hear(line, identity, name);
    });
    const end = (what: string) => {
      process.stderr.write(`traffic: ${what}\n`);
      process.exit(1);
    };
    this.socket.on('error', (error) => end(error.message));
    this.socket.on('close', () => end('the server closed'));
  }

  private hear(line: string, identity: Identity, name: string): void {
    if (line.startsWith(STORED)) {
      this.stored = Number.parseInt(line.slice(STORED.length), 10);
    } else if (line.startsWith('{"type":"welcome"')) {
      const { server, nonce } = JSON.parse(line) as { server: string; nonce: string };
      const session = randomBytes(SESSION_BYTES).toString('base64url');
      const signature = identity.sign(signInText({ nonce, server, name, session }));
      const { key } = identity;
      this.say({ type: 'signIn', protocol: PROTOCOL_VERSION, key, name, session, signature });
    } else if (line.startsWith('{"type":"signedIn"')) {
      this.isSignedIn = true;
    } else if (line.startsWith('{"type":"refused"')) {
      process.stderr.write(`traffic: ${line}\n`);
      // Less than was asked for would come, and the figures would be of something else.
      process.exit(1);
    }
  }

  private say(message: object): void {
    this.socket.write(`${JSON.stringify(message)}\n`);
  }

  /** Posts until that many were sent, as far as the window goes. */
  reach(count: number): void {
    if (!this.isSignedIn) return;
    let text = '';
    while (this.sent < count && this.sent - this.stored < REQUESTS_IN_FLIGHT_MAX) {
      this.sent += 1;
      const words = stampedText(this.sent, Date.now());
      const { sent: number, stored, room } = this;
      text += `${JSON.stringify({ type: 'post', number, lowest: stored + 1, room, text: words })}\n`;
    }
    if (text !== '') this.socket.write(text);
  }
}

/** Somebody who is in the room, made where it is not there. */
async function enter(address: string, name: string, roomName: string): Promise<Writer> {
  const identity = temporaryIdentity();
  const client = await createChatClient({ servers: [address], identity, name, folder: null });
  const rooms = await signedIn(client, SIGN_IN_MS_MAX);
  const room = await joinedRoom(client, rooms, { name: roomName, create: true });
  await client.close();
  return new Writer({ address, identity, name, room });
}

const { values } = parseArgs({
  options: {
    server: { type: 'string', default: '' },
    // `name:posts a second`, by commas.
    rooms: { type: 'string', default: '' },
  },
});
const paced: { writer: Writer; perSecond: number }[] = [];
for (const [index, word] of values.rooms.split(',').entries()) {
  const [room = '', perSecond] = word.split(':');
  const writer = await enter(values.server, `writer${index + 1}`, room);
  paced.push({ writer, perSecond: Number(perSecond) });
}
const beganMs = performance.now();
for (const [index, { writer, perSecond }] of paced.entries()) {
  // One after the other within the pace, not all at once.
  setTimeout(
    () =>
      setInterval(() => {
        writer.reach(((performance.now() - beganMs) / 1_000) * perSecond);
      }, PACE_MS),
    (index * PACE_MS) / paced.length,
  );
}
setInterval(() => {
  const stored = paced.map(({ writer }) => writer.stored);
  process.stdout.write(`${JSON.stringify(stored)}\n`);
}, REPORT_MS);
process.stdin.on('end', () => process.exit(0)).resume();
