// One signed-in client that asks one thing after the other, and says how long each answer took.
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import type { Identity } from '../../lib/client/identity.ts';
import { signInText } from '../../lib/ids.ts';

type Heard = { type: string; query?: number; code?: string; [field: string]: unknown };

export class QueryClient {
  private readonly socket: Socket;
  private readonly waiting = new Map<string, (heard: Heard) => void>();
  private lastQuery = 0;

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.on('error', () => {}); // whoever waits runs out of time
    createInterface({ input: socket }).on('line', (line) => {
      const heard = JSON.parse(line) as Heard;
      const what = heard.query === undefined ? heard.type : String(heard.query);
      const waits = this.waiting.get(what);
      this.waiting.delete(what);
      waits?.(heard);
    });
  }

  static async signIn(port: number, identity: Identity, name: string): Promise<QueryClient> {
    const socket = connect({ host: '127.0.0.1', port, noDelay: true });
    const client = new QueryClient(socket);
    const welcome = client.next('welcome');
    await once(socket, 'connect');
    const { server, nonce } = await welcome;
    const session = randomBytes(9).toString('base64url');
    const text = signInText({ nonce: String(nonce), server: String(server), name, session });
    const { key } = identity;
    const signature = identity.sign(text);
    const signedIn = client.next('signedIn');
    client.say({ type: 'signIn', protocol: 1, key, name, session, signature });
    await signedIn;
    return client;
  }

  private next(what: string): Promise<Heard> {
    return new Promise((resolve) => this.waiting.set(what, resolve));
  }

  private say(message: object): void {
    this.socket.write(`${JSON.stringify(message)}\n`);
  }

  /** @returns the answer and how long it took, milliseconds; @throws when it is a refusal */
  async ask(question: object): Promise<{ answer: Heard; ms: number }> {
    this.lastQuery += 1;
    const answered = this.next(String(this.lastQuery));
    const fromMs = performance.now();
    this.say({ ...question, query: this.lastQuery });
    const answer = await answered;
    if (answer.type === 'refused') throw new Error(`refused: ${answer.code}`);
    return { answer, ms: performance.now() - fromMs };
  }

  close(): void {
    this.socket.destroy();
  }
}
