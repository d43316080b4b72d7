// A person at a terminal, simulated: the client's own core, unchanged, with simulated wires and time, and an
// outbox that outlives its process. Talks in the rooms it is in, and makes rooms now and then.
import type { ClientEvent, OutboxItem, Room } from '../../lib/client/api.ts';
import type { Pending } from '../../lib/client/outbox.ts';
import { createSession, selfOf, step } from '../../lib/client/session.ts';
import type { Session, SessionInput, SessionOutput } from '../../lib/client/session-state.ts';
import { sessionIdOf } from '../../lib/ids.ts';
import type { HistoryPost, ServerMessage } from '../../lib/protocol/events.ts';
import { PAGE_POSTS_MAX } from '../../lib/protocol/limits.ts';
import type { Random } from '../../lib/random.ts';
import type { Scheduler } from './scheduler.ts';
import type { Wires } from './wires.ts';

export type ClientObserver = Readonly<{
  onEvent(client: SimulatedClient, event: ClientEvent): void;
  onRequest(client: SimulatedClient, id: string, request: OutboxItem['request']): void;
  onRestart(client: SimulatedClient): void;
  /** @returns whether all that its screen had of the room before is read again */
  onPage(client: SimulatedClient, posts: readonly HistoryPost[]): boolean;
}>;

/** What is signed is only compared: the signatures themselves have tests of their own. */
export const signed = (key: string, text: string) => `${key.slice(0, 8)} signed ${text}`;

/** Somebody reads now and then: after each third post of a session. */
const READ_NUMBERS = /[0369]$/;

type SeenPost = Readonly<{ id: string; room: string; account: string }>;

/** @param share in [0, 1): half of them are for the newest eighth */
function newestFirst(posts: readonly SeenPost[], share: number): SeenPost | null {
  return posts[posts.length - 1 - Math.floor(share ** 3 * posts.length)] ?? null;
}

export class SimulatedClient {
  readonly id: string;
  readonly rooms = new Set<string>(['general']);
  /** Rooms that it was told to be in: its screen lists them, and others are not on it. */
  private readonly inside = new Set<string>();
  private readonly seen: SeenPost[] = [];
  session: Session;
  private name: string;
  private seed: string;
  private readonly key: string;
  private readonly addresses: readonly string[];
  private readonly outbox = new Map<number, Pending>();
  /** Rooms that are read again after a reset, and from which place up: '' is the newest. */
  private readonly rereading = new Map<string, string>();
  /** Rooms of the pages that were asked for, by number of the query. */
  private readonly pages = new Map<number, string>();
  private queries = 0;
  private next = 1;
  /** The last request of an earlier process. */
  private lastOfBefore = 0;
  private stamp: string | null = null;
  private names = 0;
  /** Of the process: what was timed for an earlier one is not for this one. */
  private life = 0;
  private wakeAtMs = Number.POSITIVE_INFINITY;
  private readonly wireOfLink = new Map<number, number>();
  private inputs: SessionInput[] = [];
  private feeding = false;
  private readonly parts: {
    scheduler: Scheduler;
    random: Random;
    wires: Wires;
    observer: ClientObserver;
  };

  constructor(
    fields: { index: number; name: string; addresses: readonly string[] },
    parts: { scheduler: Scheduler; random: Random; wires: Wires; observer: ClientObserver },
  ) {
    this.id = `client${fields.index}`;
    this.name = fields.name;
    this.key = `key${fields.index}`.padEnd(43, 'k');
    this.addresses = fields.addresses;
    this.parts = parts;
    this.seed = `seed${fields.index}of0`.padEnd(12, 's');
    this.session = this.begin();
  }

  get sessionId(): string {
    return sessionIdOf(this.session.self.account, this.seed);
  }

  /** Requests not answered yet. */
  get waiting(): number {
    return this.outbox.size;
  }

  private begin(): Session {
    this.life += 1;
    this.wakeAtMs = Number.POSITIVE_INFINITY;
    this.inputs = [];
    return createSession({
      signer: { key: this.key, sign: (text) => signed(this.key, text) },
      name: this.name,
      seed: this.seed,
      stamp: this.stamp,
      pending: [...this.outbox.values()],
      addresses: this.addresses,
      nowMs: this.parts.scheduler.nowMs(),
    });
  }

  start(): void {
    this.feed({ type: 'start' });
  }

  /** The process dies and is started again: what it was given is in its outbox. */
  restart(): void {
    for (const wire of this.wireOfLink.values()) this.parts.wires.closeFromClient(wire);
    this.wireOfLink.clear();
    this.parts.observer.onRestart(this);
    this.inside.clear();
    this.rereading.clear();
    this.pages.clear();
    this.lastOfBefore = this.next - 1;
    this.session = this.begin();
    this.start();
  }

  /** A post that it was shown: mostly a new one. @param share in [0, 1) */
  seenPost(share: number): SeenPost | null {
    return newestFirst(this.seen, share);
  }

  ownPost(share: number): SeenPost | null {
    const { account } = this.session.self;
    return newestFirst(
      this.seen.filter((post) => post.account === account),
      share,
    );
  }

  request(request: OutboxItem['request']): void {
    const number = this.next;
    this.next += 1;
    this.outbox.set(number, { number, request });
    this.parts.observer.onRequest(this, `${this.sessionId}/${number}`, request);
    this.feed({ type: 'request', item: { number, request } });
  }

  /** Its name turned out to be another one's: it takes a name that nobody else would. */
  private takeAnotherName(): void {
    this.names += 1;
    this.name = `${this.id}-${this.names}`;
    this.seed = `seed${this.id.slice(6)}of${this.names}`.padEnd(12, 's');
    // What waited was for the other account: it is said again under the new one.
    const again = [...this.outbox.values()].map(({ request }) => request);
    this.outbox.clear();
    this.next = 1;
    this.lastOfBefore = 0;
    this.stamp = null;
    // Another account is another beginning: its screen is empty.
    this.parts.observer.onRestart(this);
    this.inside.clear();
    this.rereading.clear();
    const self = selfOf(this.key, this.name, this.seed);
    this.feed({ type: 'signInAs', self, stamp: null, pending: [] });
    for (const request of again) this.request(request);
  }

  private feed(input: SessionInput): void {
    this.inputs.push(input);
    if (this.feeding) return;
    this.feeding = true;
    const { scheduler, random } = this.parts;
    for (let due = this.inputs.shift(); due; due = this.inputs.shift()) {
      const stamped = { ...due, nowMs: scheduler.nowMs(), draw: random() };
      for (const output of step(this.session, stamped)) this.perform(output);
    }
    this.feeding = false;
    this.setTimer();
    if (this.session.connection.type === 'refused') this.onRefused();
  }

  private onRefused(): void {
    const { connection } = this.session;
    if (connection.type === 'refused' && connection.code === 'name-taken') this.takeAnotherName();
    else throw new Error(`${this.id} is refused: ${JSON.stringify(connection)}`);
  }

  private setTimer(): void {
    const { scheduler } = this.parts;
    const { wakeMs } = this.session;
    if (wakeMs >= this.wakeAtMs) return;
    this.wakeAtMs = wakeMs;
    const { life } = this;
    // As a timer of Node: whole milliseconds, at least one.
    scheduler.after(Math.max(1, Math.ceil(wakeMs - scheduler.nowMs())), () => {
      if (this.life !== life || this.wakeAtMs !== wakeMs) return;
      this.wakeAtMs = Number.POSITIVE_INFINITY;
      if (this.session.wakeMs > scheduler.nowMs()) return this.setTimer();
      this.feed({ type: 'tick' });
    });
  }

  private perform(output: SessionOutput): void {
    switch (output.type) {
      case 'open':
        return this.open(output.link, output.address);
      case 'close': {
        const wire = this.wireOfLink.get(output.link);
        this.wireOfLink.delete(output.link);
        if (wire !== undefined) this.parts.wires.closeFromClient(wire);
        return;
      }
      case 'send': {
        const wire = this.wireOfLink.get(output.link);
        if (wire !== undefined) this.parts.wires.fromClient(wire, output.message);
        return;
      }
      case 'event':
        return this.onEvent(output.event);
      case 'forget':
        this.outbox.delete(output.number);
        this.stamp = output.stamp;
        return;
      case 'queryAnswered':
        return this.onPage(output.number, output.message);
      case 'queryFailed': {
        const room = this.pages.get(output.number);
        this.pages.delete(output.number);
        // What is lost with a connection is asked for again.
        if (room !== undefined && output.code !== 'connection-lost') this.rereading.delete(room);
        return;
      }
      default:
        return; // what only a screen needs
    }
  }

  private open(link: number, address: string): void {
    const { life } = this;
    const wire = this.parts.wires.dial(this.id, address, {
      onMessage: (message) => {
        if (this.life === life)
          this.feed({ type: 'message', link, message: message as ServerMessage });
      },
      onClosed: (reason) => {
        if (this.life !== life) return;
        this.wireOfLink.delete(link);
        this.feed({ type: 'linkClosed', link, reason });
      },
    });
    this.wireOfLink.set(link, wire);
  }

  private askPage(room: string): void {
    const number = this.queries + 1;
    this.queries = number;
    this.pages.set(number, room);
    const before = this.rereading.get(room) || undefined;
    const message = {
      type: 'history' as const,
      query: number,
      room,
      limit: PAGE_POSTS_MAX,
      before,
    };
    this.feed({ type: 'query', number, message });
  }

  private onPage(number: number, page: ServerMessage): void {
    const room = this.pages.get(number);
    this.pages.delete(number);
    if (page.type !== 'page' || room === undefined) return;
    // Anyone may look at a room; only those in it are told what becomes of it.
    if (!this.inside.has(room)) return void this.rereading.delete(room);
    const [oldest] = page.posts;
    const isWhole = this.parts.observer.onPage(this, page.posts) || !page.more || !oldest;
    if (!this.rereading.has(room)) return;
    if (isWhole) return void this.rereading.delete(room);
    this.rereading.set(room, oldest.order);
    this.askPage(room);
  }

  /** As a screen does: what came in between may stand between any two posts. */
  private onReset(): void {
    for (const room of this.inside) this.reread(room);
  }

  private reread(room: string): void {
    this.rereading.set(room, '');
    this.askPage(room);
  }

  private onRooms(listed: readonly Room[]): void {
    const ids = new Set(listed.map(({ id }) => id));
    for (const room of this.inside) if (!ids.has(room)) this.inside.delete(room);
    for (const id of ids) this.inside.add(id);
  }

  /** Told by itself, as by a merge: a screen reads the room then. */
  private onRoom({ id, joined }: Room): void {
    if (!joined) return void this.inside.delete(id);
    if (this.inside.has(id)) return;
    this.inside.add(id);
    this.askPage(id);
  }

  private onEvent(event: ClientEvent): void {
    if (event.type === 'signedIn') {
      for (const { id } of event.rooms) this.rooms.add(id);
      this.onRooms(event.rooms);
      for (const room of this.rereading.keys()) this.rereading.set(room, '');
      for (const room of this.rereading.keys()) this.askPage(room);
    }
    if (event.type === 'reset') this.onReset();
    if (event.type === 'room') this.onRoom(event.room);
    if (event.type === 'room' && event.room.direct) this.rooms.add(event.room.id);
    if (event.type === 'answer' && event.answer.type === 'stored' && event.answer.room) {
      const { id, joined } = event.answer.room;
      for (const rooms of [this.rooms, this.inside]) {
        if (joined) rooms.add(id);
        else rooms.delete(id);
      }
    }
    this.parts.observer.onEvent(this, event);
    // Said before this process was started, and perhaps changed since: its screen has that from a page.
    if (event.type === 'answer' && event.item.request.type === 'post') {
      const { number, request } = event.item;
      if (number <= this.lastOfBefore && this.inside.has(request.room)) this.reread(request.room);
    }
    if (event.type === 'post') this.seen.push(event.post);
    if (event.type !== 'post' || !READ_NUMBERS.test(event.post.id)) return;
    this.feed({ type: 'read', room: event.post.room, order: event.post.order });
  }
}
