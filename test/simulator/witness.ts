// What people said and what they were shown: each post once, in the one order, nothing invented, nothing
// missed. Watches every client, and in the end reads the histories of all servers.
import { bodyOf, requestOf as requestOfBody } from '../../daemon/chat/bodies.ts';
import type { Entry } from '../../daemon/ring/entry.ts';
import type { ClientEvent, OutboxItem, Room } from '../../lib/client/api.ts';
import { directRoomIdOf } from '../../lib/ids.ts';
import type { HistoryPost } from '../../lib/protocol/events.ts';
import type { SimulatedClient } from './client.ts';
import type { Cluster } from './cluster.ts';
import { check } from './invariant.ts';
import { Screens } from './screens.ts';

/** More than any run posts. */
const ALL = 1_000_000;

export function requestOf(entry: Entry): string | null {
  const body = bodyOf(entry);
  return body && requestOfBody(body);
}

/** One client's screen. */
type Seen = {
  /** Ids of the posts that it was shown since `wholeSinceMs`. */
  shown: Set<string>;
  /** Ids of the posts of pages. */
  paged: Set<string>;
  /** All that was first stored after this must be on its screen in the end. */
  wholeSinceMs: number | null;
  /** Order of the last post that was not late, since it signed in. */
  lastOrder: string;
};

export class Witness {
  cluster: Cluster | null = null;
  private readonly screens = new Screens();
  /** Ids of all posts that anyone asked for. */
  private readonly said = new Set<string>();
  /**
   * Refused by one leader, perhaps after another had stored it without an answer: such a post may appear late,
   * after what was said next. docs/PROTOCOL.md says so.
   */
  private readonly refused = new Set<string>();
  private readonly firstDurableMs = new Map<string, number>();
  private readonly seen = new Map<SimulatedClient, Seen>();
  /** Accounts that may read a conversation of two, by its room. */
  private readonly directs = new Map<string, Set<string>>();

  private nowMs(): number {
    return this.cluster?.scheduler.nowMs() ?? 0;
  }

  onFirstDurable(entry: Entry): void {
    const id = requestOf(entry);
    if (id !== null && !this.firstDurableMs.has(id)) this.firstDurableMs.set(id, this.nowMs());
  }

  onRequest(client: SimulatedClient, id: string, request: OutboxItem['request']): void {
    if (request.type === 'post') this.said.add(id);
    this.screens.onRequest(client, id, request);
  }

  private seenOf(client: SimulatedClient): Seen {
    let seen = this.seen.get(client);
    if (!seen) {
      seen = { shown: new Set(), paged: new Set(), wholeSinceMs: null, lastOrder: '' };
      this.seen.set(client, seen);
    }
    return seen;
  }

  /** The client begins anew: its screen is empty. */
  onRestart(client: SimulatedClient): void {
    this.seen.delete(client);
    this.screens.onEmptied(client);
  }

  onEvent(client: SimulatedClient, event: ClientEvent): void {
    const seen = this.seenOf(client);
    switch (event.type) {
      case 'room':
        this.noteRoom(client, event.room);
        return this.noteLeft(client, event.room);
      case 'signedIn':
        for (const room of event.rooms) this.noteRoom(client, room);
        this.screens.keepRooms(client, (room) => event.rooms.some(({ id }) => id === room));
        seen.wholeSinceMs ??= this.nowMs();
        seen.lastOrder = '';
        return;
      case 'reset':
        // A screen asks for pages now: all that was stored before is on them.
        seen.wholeSinceMs = this.nowMs();
        return;
      case 'answer':
        if (event.answer.type === 'refused') this.refused.add(event.item.id);
        else {
          seen.shown.add(event.answer.id);
          this.noteStored(client, event);
          if (event.answer.room) {
            this.noteRoom(client, event.answer.room);
            this.noteLeft(client, event.answer.room);
          }
        }
        return;
      case 'post':
        this.screens.onPost(client, event.post);
        return this.onPost(client, seen, event.post);
      case 'changed':
        this.checkReader(client, event.post);
        return this.screens.onChanged(client, event.post);
      case 'moved': {
        const { id } = event.post;
        const isThere = seen.shown.has(id) || seen.paged.has(id);
        check(isThere, 10, () => `${client.id} has ${id} moved, and never saw it`);
        this.checkReader(client, event.post);
        return this.screens.onMoved(client, event.post);
      }
      default:
        return;
    }
  }

  private noteStored(
    client: SimulatedClient,
    { answer, item: { request } }: Extract<ClientEvent, { type: 'answer' }>,
  ): void {
    if (answer.type !== 'stored' || request.type !== 'post') return;
    const { id, order, time } = answer;
    const { account } = client.session.self;
    const { room, text } = request;
    this.screens.onStored(client, { id, room, account, text, time, order });
  }

  /** After a reset. @returns whether the page meets what was there before */
  onPage(client: SimulatedClient, posts: readonly HistoryPost[]): boolean {
    const { paged } = this.seenOf(client);
    for (const post of posts) {
      paged.add(post.id);
      this.checkReader(client, post);
    }
    return this.screens.onPage(client, posts);
  }

  private noteRoom(client: SimulatedClient, { id, direct }: Room): void {
    if (!direct) return;
    const { account } = client.session.self;
    check(
      directRoomIdOf(account, direct.account) === id,
      11,
      () => `${client.id} is told of the conversation ${id} of others`,
    );
    this.directs.set(id, new Set([account, direct.account]));
  }

  private noteLeft(client: SimulatedClient, { id, joined }: Room): void {
    if (!joined) this.screens.keepRooms(client, (room) => room !== id);
  }

  private checkReader(client: SimulatedClient, post: { id: string; room: string }): void {
    const readers = this.directs.get(post.room);
    const { account } = client.session.self;
    check(!readers || readers.has(account), 11, () => `${client.id} reads ${post.id} of others`);
  }

  private onPost(
    client: SimulatedClient,
    seen: Seen,
    post: { id: string; room: string; order: string; late?: boolean | undefined },
  ): void {
    check(!seen.shown.has(post.id), 10, () => `${client.id} is shown ${post.id} twice`);
    seen.shown.add(post.id);
    this.checkReader(client, post);
    if (post.late) return;
    const { lastOrder } = seen;
    check(lastOrder < post.order, 11, () => `${client.id} is shown ${post.id} out of order`);
    seen.lastOrder = post.order;
  }

  /** In the end, with everything healed and every request answered. */
  checkEnd(): void {
    const cluster = this.cluster as Cluster;
    for (const client of cluster.clients) {
      const { connection } = client.session;
      const state = JSON.stringify(connection);
      check(connection.type === 'connected', 14, () => `${client.id} is not connected: ${state}`);
      check(client.waiting === 0, 14, () => `${client.waiting} of ${client.id} are unanswered`);
    }
    const rooms = new Set(cluster.clients.flatMap((client) => [...client.rooms]));
    const histories = [...rooms].map((room) => this.commonHistory(room));
    for (const history of histories) this.checkHistory(history);
    const [server] = cluster.all();
    this.screens.checkEnd(histories.flat(), server?.disk.memory.readOthers() ?? []);
    const general = this.commonHistory('general');
    for (const client of cluster.clients) this.checkScreen(client, general);
  }

  private commonHistory(room: string): Entry[] {
    const servers = (this.cluster as Cluster).all();
    const histories = servers.map(({ disk }) =>
      disk.memory.readPosts({ room, before: null, limit: ALL }),
    );
    const [first = []] = histories;
    for (const history of histories) {
      const isEqual =
        history.length === first.length &&
        history.every((entry, index) => isSameEntry(entry, first[index]));
      check(isEqual, 10, () => `two histories of ${room} differ`);
    }
    return first;
  }

  private checkHistory(history: readonly Entry[]): void {
    const shown = new Set<string>();
    const numbers = new Map<string, number>();
    for (const entry of history) {
      const id = requestOf(entry) ?? '';
      check(!shown.has(id), 10, () => `${id} is shown twice`);
      shown.add(id);
      check(this.said.has(id), 11, () => `nobody said ${id}`);
      if (this.refused.has(id)) continue;
      const [session = '', number] = id.split('/');
      const last = numbers.get(session) ?? 0;
      check(Number(number) > last, 11, () => `${id} comes after ${last} of its session`);
      numbers.set(session, Number(number));
    }
  }

  /** Nothing that was stored while a client was there is missing on its screen. */
  private checkScreen(client: SimulatedClient, history: readonly Entry[]): void {
    for (const entry of history) {
      const id = requestOf(entry) ?? '';
      check(!this.isOwed(client, id), 10, () => {
        const storedMs = this.firstDurableMs.get(id) ?? 0;
        return `${client.id} lacks ${id}, first stored at ${storedMs.toFixed(1)}`;
      });
    }
  }

  /** Whether a post of #general was stored while a client was there, and is not on its screen. */
  isOwed(client: SimulatedClient, id: string): boolean {
    const { wholeSinceMs } = this.seenOf(client);
    if (wholeSinceMs === null || this.screens.has(client, id)) return false;
    return (this.firstDurableMs.get(id) ?? 0) > wholeSinceMs;
  }
}

function isSameEntry(one: Entry, other: Entry | undefined): boolean {
  const fields = Object.keys(one) as (keyof Entry)[];
  return other !== undefined && fields.every((field) => one[field] === other[field]);
}
