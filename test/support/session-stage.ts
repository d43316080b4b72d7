// The client's core on a stage: a clock that is moved by hand, links that a test answers, and everything
// that the core asked for, written down.
import type { ClientEvent } from '../../lib/client/api.ts';
import type { Pending } from '../../lib/client/outbox.ts';
import { createSession, step } from '../../lib/client/session.ts';
import type { Session, SessionInput, SessionOutput } from '../../lib/client/session-state.ts';
import type { ServerMessage } from '../../lib/protocol/events.ts';
import type { ClientMessage } from '../../lib/protocol/requests.ts';

export type Leader = { id: string; address: string } | null;

export class SessionStage {
  readonly session: Session;
  nowMs = 1_000;
  readonly events: ClientEvent[] = [];
  readonly forgotten: number[] = [];
  /** What every link was sent, oldest first. */
  readonly sent: { link: number; message: ClientMessage }[] = [];
  /** Links that are open, by address. */
  readonly links = new Map<string, number>();
  readonly answered: number[] = [];
  readonly failed: { number: number; code: string }[] = [];

  constructor(addresses: readonly string[], pending: readonly Pending[] = []) {
    this.session = createSession({
      signer: { key: 'k'.repeat(43), sign: (text) => `signed ${text}` },
      name: 'alice',
      seed: 'seedseedseed',
      stamp: null,
      pending,
      addresses,
      nowMs: this.nowMs,
    });
    this.feed({ type: 'start' });
  }

  feed(input: SessionInput): void {
    for (const output of step(this.session, { ...input, nowMs: this.nowMs, draw: 0.5 })) {
      this.take(output);
    }
  }

  private take(output: SessionOutput): void {
    if (output.type === 'open') this.links.set(output.address, output.link);
    else if (output.type === 'close') this.dropLink(output.link);
    else if (output.type === 'send') this.sent.push(output);
    else if (output.type === 'event') this.events.push(output.event);
    else if (output.type === 'forget') this.forgotten.push(output.number);
    else if (output.type === 'queryAnswered') this.answered.push(output.number);
    else if (output.type === 'queryFailed') this.failed.push(output);
  }

  private dropLink(link: number): void {
    for (const [address, number] of this.links) if (number === link) this.links.delete(address);
  }

  /** Time passes; the core is woken whenever it asked for it. */
  advance(ms: number): void {
    const untilMs = this.nowMs + ms;
    while (this.session.wakeMs <= untilMs) {
      this.nowMs = Math.max(this.nowMs, this.session.wakeMs);
      this.feed({ type: 'tick' });
    }
    this.nowMs = untilMs;
  }

  private link(address: string): number {
    const link = this.links.get(address);
    if (link === undefined) throw new Error(`no link to ${address}`);
    return link;
  }

  says(address: string, message: ServerMessage): void {
    this.feed({ type: 'message', link: this.link(address), message });
  }

  closes(address: string, reason = 'connection closed'): void {
    const link = this.link(address);
    this.links.delete(address);
    this.feed({ type: 'linkClosed', link, reason });
  }

  /** A server greets: it leads, when it names itself. */
  greets(address: string, server: string, leader: Leader): void {
    const state = leader?.id === server ? 'leading' : 'active';
    const nonce = `nonce of ${server}`;
    this.says(address, { type: 'welcome', protocol: 1, server, state, term: 3, leader, nonce });
  }

  /** @param spreadMs within which it has those who come back stand by */
  signsIn(address: string, server: string, spreadMs = 0): void {
    const session = 'account.seedseedseed';
    this.says(address, {
      type: 'signedIn',
      account: this.session.self.account,
      name: 'alice',
      session,
      server,
      rooms: [],
      prunedBelow: 0,
      lacks: false,
      spreadMs,
      reads: [],
    });
  }

  /** Greeted by a leader and signed in. */
  reaches(address: string, server: string): void {
    this.greets(address, server, { id: server, address });
    this.signsIn(address, server);
  }

  /** Answers every ping that is waiting. */
  pongs(address: string): void {
    const { ping } = this.session;
    if (ping) this.says(address, { type: 'pong', query: ping.query });
  }

  posts(number: number, text: string): void {
    const request = { type: 'post', room: 'general', text } as const;
    this.feed({ type: 'request', item: { number, request } });
  }

  stored(address: string, number: number): void {
    const id = `account.seedseedseed/${number}`;
    this.says(address, { type: 'stored', number, id, time: 1, order: String(number), copies: 3 });
  }

  /** What was sent to an address over all its links since the beginning, as `type` or `post 3`. */
  sentOf(type: ClientMessage['type']): ClientMessage[] {
    return this.sent.flatMap(({ message }) => (message.type === type ? [message] : []));
  }

  eventsOf<Type extends ClientEvent['type']>(type: Type): Extract<ClientEvent, { type: Type }>[] {
    return this.events.filter((event) => event.type === type) as Extract<
      ClientEvent,
      { type: Type }
    >[];
  }
}
