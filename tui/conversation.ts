// The shell's side of a conversation: the client, the servers that were started here, and the effects of the core that
// are about them. Shared by the screen and by the plain lines; what is about the terminal is theirs.
import { setTimeout as delay } from 'node:timers/promises';
import { type ChatClient, type ConnectionState, QueryError } from '../lib/client/api.ts';
import type { LocalCluster } from './local-cluster.ts';
import { loadSaved } from './saved-state.ts';
import type { Effect } from './state/action.ts';
import type { Saved } from './state/model.ts';
import { HISTORY_POSTS } from './state/rooms.ts';
import { type Source, tellReads } from './store.ts';

/** Between two letters of somebody who types: shorter than a person notices. */
const SEARCH_PAUSE_MS = 80;
/** A server reads its history within seconds, where there is not much of it. */
const SEARCH_AGAIN_MS = 1_000;
const SENT_ALREADY = 'sent already: it cannot be taken back here';
/** A screenful and some. */
const FOUND_POSTS = 50;

export type ConversationParts = Readonly<{
  /** Known servers to a client that tries them. */
  connect: (servers: readonly string[], name: string) => Promise<ChatClient>;
  servers: readonly string[];
  name: string;
  /** The user's data folder. */
  folder: string;
  saved: Saved;
  local: LocalCluster | null;
  startLocal: (progress: (line: string) => void) => Promise<LocalCluster>;
  /** Told in the timeline once there is one: what happened before the screen covered it. */
  told: readonly string[];
}>;

type Of<Type extends Effect['type']> = Extract<Effect, { type: Type }>;
/** What carries each of some effects out. */
export type Performers<Type extends Effect['type']> = {
  [Each in Type]: (effect: Of<Each>) => void | Promise<void>;
};
export type ClientEffect =
  | 'request'
  | 'history'
  | 'search'
  | 'people'
  | 'listRooms'
  | 'typing'
  | 'retry'
  | 'cancel'
  | 'signInAs'
  | 'startLocal'
  | 'server';

/** Whether a look at once may find a server. A refused sign-in is not repeated unless the person says so. */
const isSearching = ({ type }: ConnectionState) =>
  type !== 'connected' && type !== 'refused' && type !== 'closed';

export class Conversation {
  client: ChatClient;
  local: LocalCluster | null;
  private readonly parts: ConversationParts;
  private readonly untold: string[];
  /** Asked for with every use: it is made later than this. */
  private readonly store: () => Source;
  private unsubscribe: () => void = () => {};
  private reads: ReturnType<typeof tellReads> | null = null;
  private searches = 0;
  /** Requests that the outbox did not take: they have no number, and each needs a name. */
  private untaken = 0;
  private isEnded = false;
  private readonly failed = Promise.withResolvers<never>();

  private constructor(parts: ConversationParts, client: ChatClient, store: () => Source) {
    this.parts = parts;
    this.client = client;
    this.local = parts.local;
    this.untold = [...parts.told];
    this.store = store;
  }

  /** @param store is not asked for before `begin` */
  static async open(parts: ConversationParts, store: () => Source): Promise<Conversation> {
    return new Conversation(parts, await parts.connect(parts.servers, parts.name), store);
  }

  /** From here on the store hears of everything. */
  begin(): void {
    this.attach(this.client);
    const items = this.client.outbox;
    // It waits since an earlier start: whoever finds no server is to know that it is there.
    if (items.length > 0)
      this.store().dispatch({ type: 'client', event: { type: 'outbox', items } });
    this.reads = tellReads(this.store(), (room, order) => this.client.read(room, order));
    if (!this.local) return;
    this.watchLocal(this.local);
    this.local.ready.catch(this.failed.reject);
  }

  /** Rejects with LocalClusterError when the servers that it was begun with do not start. */
  get failure(): Promise<never> {
    return this.failed.promise;
  }

  /** Nothing is told any more. */
  end(): void {
    this.isEnded = true;
    this.reads?.stop();
    this.unsubscribe();
  }

  /** Closes the client, and ends the servers that were started here. */
  async close(): Promise<void> {
    this.end();
    await Promise.allSettled([this.client.close(), this.local?.stop()]);
  }

  readonly performers: Performers<ClientEffect> = {
    request: (effect) => this.request(effect),
    history: (effect) => this.history(effect),
    search: (effect) => this.search(effect),
    people: (effect) => this.people(effect),
    listRooms: async ({ shown }) => {
      const rooms = await this.client.rooms();
      this.store().dispatch({ type: 'roomsCame', rooms, shown });
    },
    typing: ({ room }) => this.client.typing(room),
    retry: () => this.client.retryNow(),
    cancel: ({ item, edit }) => {
      if (this.client.cancel(item.number)) this.store().dispatch({ type: 'cancelled', item, edit });
      else this.store().dispatch({ type: 'hint', text: SENT_ALREADY, tone: 'warning' });
    },
    signInAs: ({ name }) => {
      // What was read was read under the name of before.
      this.reads?.now();
      const saved = loadSaved(this.parts.folder, name);
      this.store().dispatch({ type: 'nameChosen', saved });
      this.client.signInAs(name);
    },
    startLocal: () => this.startLocal(),
    server: async ({ verb, id }) => {
      const text = await (this.local?.act(verb, id) ?? 'no server was started here');
      this.store().dispatch({ type: 'notice', text });
    },
  };

  private attach(next: ChatClient): void {
    this.client = next;
    const store = this.store();
    this.unsubscribe = next.subscribe((event) => store.dispatch({ type: 'client', event }));
    store.dispatch({ type: 'client', event: { type: 'connection', state: next.connection } });
    store.dispatch({ type: 'client', event: { type: 'outbox', items: next.outbox } });
  }

  /** Servers started from the notice that none answers may be on other ports than those that were tried. */
  private async startLocal(): Promise<void> {
    if (this.local) return this.client.retryNow();
    const store = this.store();
    store.dispatch({ type: 'hint', text: 'starting three servers…', tone: 'good' });
    const cluster = await this.parts.startLocal((line) => this.untold.push(line));
    this.local = cluster;
    try {
      await cluster.ready;
    } catch (error) {
      this.local = null;
      throw error;
    }
    if (this.isEnded) return;
    this.watchLocal(cluster);
    this.unsubscribe();
    await this.client.close();
    this.attach(await this.parts.connect(cluster.addresses, store.model().name));
  }

  private watchLocal(cluster: LocalCluster): void {
    const tell = () => {
      const servers = cluster.servers();
      if (servers) this.store().dispatch({ type: 'localChanged', local: servers });
      // One of them may have begun to answer.
      if (isSearching(this.client.connection)) this.client.retryNow();
    };
    cluster.onChange(tell);
    tell();
  }

  /** What the outbox does not take, on a full disk say, is given back as what a server refused. */
  private request({ request, open }: Of<'request'>): void {
    try {
      const item = this.client.request(request);
      this.store().dispatch({ type: 'requested', item, open });
    } catch (error) {
      this.untaken += 1;
      const number = -this.untaken;
      const reason = `it could not be kept on this machine: ${(error as Error).message}`;
      const answer = { type: 'refused' as const, number, code: 'storage-failed' as const, reason };
      const item = { number, id: '', state: 'queued' as const, request };
      this.store().dispatch({ type: 'client', event: { type: 'answer', answer, item } });
    }
  }

  private async people(effect: Of<'people'>): Promise<void> {
    try {
      const people = await this.client.people(effect.room);
      this.store().dispatch({ ...effect, type: 'peopleCame', people });
    } catch (error) {
      // Lost with the connection: the next sign-in asks again for what the pane shows.
      if (effect.shown) throw error;
    }
  }

  private async history({
    room,
    before,
    after,
    limit = HISTORY_POSTS,
  }: Of<'history'>): Promise<void> {
    const store = this.store();
    try {
      const place = after === undefined ? (before === null ? {} : { before }) : { after };
      const page = await this.client.history({ room, limit, ...place });
      const asked = after === undefined ? { room, before } : { room, before, after };
      store.dispatch({ type: 'historyCame', ...asked, page });
      // Not before: a notice stands behind what is newest, and must not end up above all of it.
      if (room === store.model().openRoom) {
        for (const text of this.untold.splice(0)) store.dispatch({ type: 'notice', text });
      }
    } catch {
      // Lost with the connection: the next sign-in, or the next look upwards, asks again.
      store.dispatch({ type: 'historyFailed', room });
    }
  }

  /** Only what was typed last is asked for, once nothing more is typed for a moment. */
  private async search({ query, request, isMore, isAgain }: Of<'search'>): Promise<void> {
    this.searches += 1;
    const mine = this.searches;
    if (!isMore) await delay(isAgain ? SEARCH_AGAIN_MS : SEARCH_PAUSE_MS);
    const { overlay } = this.store().model();
    const isShown = overlay?.type === 'search' && overlay.query === query;
    if (mine !== this.searches || !isShown) return;
    try {
      const found = await this.client.search({ ...request, limit: FOUND_POSTS });
      this.store().dispatch({ type: 'found', query, found, isMore });
    } catch (error) {
      // The next sign-in asks again for what the pane shows.
      if (isAgain && isLost(error)) return;
      const { message: reason } = error as Error;
      if (!isLost(error)) this.store().dispatch({ type: 'searchFailed', query, reason });
      throw error;
    }
  }
}

const isLost = (error: unknown) => error instanceof QueryError && error.code === 'connection-lost';

/**
 * Carries effects out one at a time and never within an update: an effect may dispatch.
 * @param report told of what went wrong with one
 * @param count told of each that begins (1) and ends (-1)
 */
export function performWith(
  performers: Performers<Effect['type']>,
  report: (error: unknown) => void,
  count: (change: 1 | -1) => void = () => {},
): (effect: Effect) => void {
  return (effect) => {
    const performer = performers[effect.type] as (given: Effect) => void | Promise<void>;
    count(1);
    queueMicrotask(async () => {
      try {
        await performer(effect);
      } catch (error) {
        report(error);
      } finally {
        count(-1);
      }
    });
  };
}
