// A chat client: the core of session.ts with its sockets, timers and outbox. What the screen, the headless
// commands and the tests use, through the interface of api.ts.
import type { ServerMessage } from '../protocol/events.ts';
import type { Query } from '../protocol/requests.ts';
import { type ChatClient, type ClientEvent, type OutboxItem, QueryError } from './api.ts';
import { type Connection, openConnection } from './connection.ts';
import type { Identity } from './identity.ts';
import { memoryOutbox, type Outbox, openOutbox } from './outbox.ts';
import { createSession, isCancellable, itemOf, selfOf, step } from './session.ts';
import type { SessionInput, SessionOutput } from './session-state.ts';

/** Requests that wait at most: an hour of fast typing; more is a runaway script. */
const OUTBOX_ITEMS_MAX = 10_000;
/** Queries have numbers apart from the core's own pings and polls. */
const QUERY_NUMBERS_FROM = 1_000_000_000;
/** A timer of Node holds no more than this. */
const TIMER_MS_MAX = 60_000;

export type ClientOptions = Readonly<{
  /** Known servers, `host:port`; those that a server tells of are learnt. */
  servers: readonly string[];
  identity: Identity;
  name: string;
  /** Folder of the outbox; null keeps it in memory, and nothing outlives the process. */
  folder: string | null;
  /** Monotonic milliseconds; ConnectionState counts by it. */
  nowMs?: () => number;
}>;

type Waiting = { resolve(message: ServerMessage): void; reject(error: QueryError): void };

/**
 * Begins to search for a leader, and returns without waiting for one: see `connection` and the events.
 * @throws Error when the outbox cannot be opened
 */
export async function createChatClient(options: ClientOptions): Promise<ChatClient> {
  const { identity, folder } = options;
  const nowMs = options.nowMs ?? (() => performance.now());
  const open = (name: string): Outbox =>
    folder === null ? memoryOutbox() : openOutbox(folder, { key: identity.key, name });
  let outbox = open(options.name);
  let next = outbox.next;
  const session = createSession({
    signer: identity,
    name: options.name,
    seed: outbox.seed,
    stamp: outbox.stamp,
    pending: outbox.pending,
    addresses: options.servers,
    nowMs: nowMs(),
  });
  const listeners = new Set<(event: ClientEvent) => void>();
  const connections = new Map<number, Connection>();
  const queries = new Map<number, Waiting>();
  let queryCount = QUERY_NUMBERS_FROM;
  let timer: NodeJS.Timeout | null = null;
  let items: readonly OutboxItem[] | null = null;
  let isOutboxDue = false;
  const inputs: SessionInput[] = [];
  let isFeeding = false;

  /** One input at a time: what an output causes waits until the outputs before it are carried out. */
  function feed(input: SessionInput): void {
    inputs.push(input);
    if (isFeeding) return;
    isFeeding = true;
    try {
      for (let due = inputs.shift(); due; due = inputs.shift()) {
        const outputs = step(session, { ...due, nowMs: nowMs(), draw: Math.random() });
        for (const output of outputs) perform(output);
      }
    } finally {
      isFeeding = false;
    }
    setTimer();
  }

  function setTimer(): void {
    if (timer) clearTimeout(timer);
    timer = null;
    if (session.wakeMs === Number.POSITIVE_INFINITY) return;
    const delayMs = Math.min(TIMER_MS_MAX, Math.max(0, session.wakeMs - nowMs()));
    timer = setTimeout(() => feed({ type: 'tick' }), Math.ceil(delayMs));
  }

  /** The same list for as long as nothing changes. */
  function listed(): readonly OutboxItem[] {
    items ??= [...session.items.values()];
    return items;
  }

  function tell(event: ClientEvent): void {
    for (const listener of [...listeners]) listener(event);
  }

  /** Once for all changes of a turn: a burst of answers would else list the outbox once for each. */
  function tellOutbox(): void {
    items = null;
    if (isOutboxDue) return;
    isOutboxDue = true;
    queueMicrotask(() => {
      isOutboxDue = false;
      tell({ type: 'outbox', items: listed() });
    });
  }

  function perform(output: SessionOutput): void {
    switch (output.type) {
      case 'open': {
        const { link, address } = output;
        const connection = openConnection({
          address,
          onMessage: (message) => feed({ type: 'message', link, message }),
          onClosed: (reason) => {
            connections.delete(link);
            feed({ type: 'linkClosed', link, reason });
          },
        });
        connections.set(link, connection);
        return;
      }
      case 'close':
        connections.get(output.link)?.destroy();
        connections.delete(output.link);
        return;
      case 'send':
        return connections.get(output.link)?.send(output.message);
      case 'event':
        return tell(output.event);
      case 'forget':
        return outbox.done(output.number, output.stamp);
      case 'outboxChanged':
        return tellOutbox();
      case 'queryAnswered':
        queries.get(output.number)?.resolve(output.message);
        queries.delete(output.number);
        return;
      case 'queryFailed':
        queries.get(output.number)?.reject(new QueryError(output.code, output.reason));
        queries.delete(output.number);
    }
  }

  function query<Type extends ServerMessage['type']>(
    question: (number: number) => Query,
    type: Type,
  ): Promise<Extract<ServerMessage, { type: Type }>> {
    queryCount += 1;
    const number = queryCount;
    const { promise, resolve, reject } =
      Promise.withResolvers<Extract<ServerMessage, { type: Type }>>();
    queries.set(number, {
      resolve: (message) => {
        if (message.type === type) resolve(message as Extract<ServerMessage, { type: Type }>);
        else reject(new QueryError('bad-frame', `expected ${type}, got ${message.type}`));
      },
      reject,
    });
    feed({ type: 'query', number, message: question(number) });
    return promise;
  }

  feed({ type: 'start' });
  return {
    get connection() {
      return session.connection;
    },
    get outbox() {
      return listed();
    },
    subscribe: (listener) => {
      listeners.add(listener);
      return () => {
        listeners.delete(listener);
      };
    },
    request: (request) => {
      if (session.items.size >= OUTBOX_ITEMS_MAX) {
        throw new Error(`${OUTBOX_ITEMS_MAX} requests wait already: not taken`);
      }
      const pending = { number: next, request };
      // On disk before it is sent: what was taken is not lost by a crash.
      outbox.add(pending);
      next += 1;
      feed({ type: 'request', item: pending });
      return session.items.get(pending.number) ?? itemOf(session, pending);
    },
    cancel: (number) => {
      const isTaken = isCancellable(session, number);
      if (isTaken) feed({ type: 'cancel', number });
      return isTaken;
    },
    history: ({ room, before, after, limit }) =>
      query(
        (number) => ({
          type: 'history',
          query: number,
          room,
          limit,
          ...(before === undefined ? {} : { before }),
          ...(after === undefined ? {} : { after }),
        }),
        'page',
      ),
    search: (wanted) => query((number) => ({ type: 'search', query: number, ...wanted }), 'found'),
    rooms: async () =>
      (await query((number) => ({ type: 'listRooms', query: number }), 'rooms')).rooms,
    people: async (room) =>
      (await query((number) => ({ type: 'who', query: number, room }), 'people')).people,
    status: () => query((number) => ({ type: 'status', query: number }), 'status'),
    typing: (room) => feed({ type: 'typing', room }),
    read: (room, order) => feed({ type: 'read', room, order }),
    setIdle: (isIdle) => feed({ type: 'idle', isIdle }),
    retryNow: () => feed({ type: 'retryNow' }),
    signInAs: (name) => {
      if (session.items.size > 0) throw new Error('not everything is answered yet');
      outbox.close();
      outbox = open(name);
      next = outbox.next;
      const self = selfOf(identity.key, name, outbox.seed);
      feed({ type: 'signInAs', self, stamp: outbox.stamp, pending: outbox.pending });
    },
    close: async () => {
      feed({ type: 'close' });
      if (timer) clearTimeout(timer);
      outbox.close();
      listeners.clear();
    },
  };
}
