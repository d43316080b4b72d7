// A socket to a server, for saying what no client of ours would say, byte by byte, and hearing what comes back.
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import type { Identity } from '../../lib/client/identity.ts';
import { signInText } from '../../lib/ids.ts';
import { waitFor } from './wait-for.ts';

const PATIENCE_MS = 10_000;
const SESSION_BYTES = 9;

/** A line of a server, as it came. */
export type Heard = Readonly<{ type: string; [field: string]: unknown }>;

export class RawClient {
  /** Everything that came, whole lines or not. */
  text = '';
  isClosed = false;
  private readonly socket: Socket;

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.on('data', (bytes) => {
      this.text += bytes;
    });
    socket.on('error', () => {}); // the close that follows says enough
    socket.on('close', () => {
      this.isClosed = true;
    });
  }

  static async open(port: number): Promise<RawClient> {
    const socket = connect({ host: '127.0.0.1', port, noDelay: true });
    const client = new RawClient(socket);
    await once(socket, 'connect');
    return client;
  }

  heard(): Heard[] {
    const lines = this.text.split('\n').slice(0, -1);
    return lines.map((line) => JSON.parse(line) as Heard);
  }

  ofType(type: string): Heard[] {
    return this.heard().filter((message) => message.type === type);
  }

  /** Resolves when the bytes have left this process. */
  say(bytes: string | Uint8Array): Promise<void> {
    return new Promise((resolve) => {
      this.socket.write(bytes, () => resolve());
    });
  }

  /** Waits for that many lines of a type. @returns the last of them */
  async expect(type: string, count = 1): Promise<Heard> {
    const what = () => `${count} times ${type}, got: ${this.text.slice(-1_000)}`;
    await waitFor(what, () => this.ofType(type).length >= count, PATIENCE_MS);
    return this.ofType(type)[count - 1] as Heard;
  }

  /** Waits until the server has closed it. */
  async end(): Promise<void> {
    const what = () => `the server to close, got: ${this.text.slice(-1_000)}`;
    await waitFor(what, () => this.isClosed, PATIENCE_MS);
  }

  /** Sends a sign-in with the server's nonce, or with another one, and waits for nothing. */
  async sendSignIn(identity: Identity, name: string, anotherNonce?: string): Promise<void> {
    const { server, nonce } = await this.expect('welcome');
    const session = randomBytes(SESSION_BYTES).toString('base64url');
    const text = signInText({
      nonce: anotherNonce ?? String(nonce),
      server: String(server),
      name,
      session,
    });
    const { key } = identity;
    const signature = identity.sign(text);
    await this.say(line({ type: 'signIn', protocol: 1, key, name, session, signature }));
  }

  close(): void {
    this.socket.destroy();
  }
}

/** A message as it goes over the wire. */
export function line(message: object): string {
  return `${JSON.stringify(message)}\n`;
}
