// The chat's one function: takes an input, changes the chat's state, says what is to be sent. What needs a
// leader's certainty (nothing shown before it is committed) is decided here; who may do what is in
// commands.ts, who has which name in fold.ts. Above 300 lines because the handlers of one switch share one
// state; each is short.
import { assertNever } from '../../lib/assert.ts';
import type { Cluster } from '../../lib/client/api.ts';
import { accountIdOf, postIdOf, roomIdOf, sessionIdOf, signInText } from '../../lib/ids.ts';
import { PROTOCOL_VERSION, REQUESTS_IN_FLIGHT_MAX } from '../../lib/protocol/limits.ts';
import type { RefusalCode } from '../../lib/protocol/refusals.ts';
import type { ClientMessage, NumberedRequest, Query, SignIn } from '../../lib/protocol/requests.ts';
import { type Entry, lackCount, orderOf, type StreamId, streamIdOf } from '../ring/entry.ts';
import { type Body, encodeBody, parseBody } from './bodies.ts';
import type { Chat, ChatInput, ChatOutput, ChatReader, ChatSecrets, Stamped } from './chat.ts';
import { judge, roomOfBody } from './commands.ts';
import { type Connection, Connections } from './connections.ts';
import { Fold } from './fold.ts';
import {
  frame,
  historyPost,
  redirectFrame,
  refusedFrame,
  roomSummary,
  viewFrame,
} from './frames.ts';
import { Presence } from './presence.ts';

/** Whoever has not signed in to a leader by then is let go. */
const SIGN_IN_MS_MAX = 30_000;

/** A resumption sends at most this; whoever missed more asks for pages. */
const RESUME_ENTRIES_MAX = 5_000;

/** The list of who is here goes to the followers at most this often. */
const SHARE_PRESENCE_MS = 1_000;

/** Held during a change of view: some milliseconds of a busy cluster; beyond it, requests are refused. */
const HELD_MESSAGES_MAX = 20_000;

const RESUME_BYTES_MAX = 16 * 1024 * 1024;

export type ChatParts = Readonly<{
  reader: ChatReader;
  secrets: ChatSecrets;
  self: Readonly<{ id: string; address: string }>;
  copiesMin: number;
  /** Every entry held that is no post. */
  restored: Iterable<Entry>;
}>;

type Added = Readonly<{ entry: Entry; body: Body | null }>;

export function createChat(parts: ChatParts): Chat {
  return new ChatCore(parts);
}

class ChatCore implements Chat {
  private readonly parts: ChatParts;
  private readonly fold = new Fold();
  private readonly connections = new Connections();
  private readonly presence = new Presence();
  private cluster: Cluster;
  private leads = false;
  /** Between two views of this leader: what needs the ring is held, in order. */
  private pausing = false;
  private held: { connection: number; message: ClientMessage }[] = [];
  private stream: StreamId = '';
  private committed = 0;
  /** Added and not shown yet: of the present stream, in order; and what came from outside it. */
  private own: Added[] = [];
  private foreign: Added[] = [];
  /** Who waits for the commit of a request, and of an account's claim. */
  private readonly waiting = new Map<string, Connection>();
  private readonly claims = new Map<string, { connection: Connection; message: SignIn }[]>();
  private sharedPresence = '';
  private sharedMs = Number.NEGATIVE_INFINITY;
  private outputs: ChatOutput[] = [];
  private nowMs = 0;

  constructor(parts: ChatParts) {
    this.parts = parts;
    this.cluster = { term: 0, leader: null, servers: [], copies: 0, copiesMin: parts.copiesMin };
    for (const entry of parts.restored) this.fold.apply(entry);
  }

  step(input: Stamped<ChatInput>): ChatOutput[] {
    const outputs: ChatOutput[] = [];
    this.outputs = outputs;
    this.nowMs = input.nowMs;
    this.take(input);
    return outputs;
  }

  indexOf(entry: Entry) {
    const body = parseBody(entry.body);
    if (!body || body.t === 'claim') return { kind: 'other' as const, room: null, requestId: null };
    if (body.t !== 'post') return { kind: 'other' as const, room: null, requestId: body.q };
    return { kind: 'post' as const, room: body.r, requestId: body.q };
  }

  counts() {
    return {
      connections: this.connections.all.size,
      signedIn: this.connections.signedInCount(),
      accounts: this.fold.accounts.size,
      rooms: [...this.fold.rooms.values()].filter((room) => room.created).length,
    };
  }

  stateHash(): string {
    return this.fold.hash();
  }

  private take(input: Stamped<ChatInput>): void {
    switch (input.type) {
      case 'opened':
        return this.onOpened(input.connection, input.nonce);
      case 'message':
        return this.onMessage(input.connection, input.message);
      case 'closed':
        return this.onClosed(input.connection);
      case 'added':
        return this.onAdded(input.entry);
      case 'notTaken':
        return this.onNotTaken(input.connection, input.requestId);
      case 'leading':
        return this.onLeading(input.stream, input.cluster);
      case 'pausing':
        this.pausing = true;
        return;
      case 'following':
        return this.onFollowing(input.cluster, input.reason);
      case 'cluster':
        return this.onCluster(input.cluster);
      case 'committed':
        return this.onCommitted(input.sequence, input.copies);
      case 'presenceHeard':
        return this.leads ? undefined : this.presence.hear(input.accounts);
      case 'tick':
        return this.onTick();
      default:
        return assertNever(input);
    }
  }

  // --- connections ---

  private send(connection: Connection, line: string): void {
    this.outputs.push({ type: 'send', connection: connection.id, frame: line });
  }

  private sendAll(connections: readonly number[], line: string): void {
    if (connections.length > 0) this.outputs.push({ type: 'sendAll', connections, frame: line });
  }

  private close(connection: Connection, code: RefusalCode): void {
    this.outputs.push({ type: 'close', connection: connection.id, code });
  }

  private redirect(connection: Connection, reason: string): void {
    this.send(connection, redirectFrame(this.cluster, this.parts.self.id, reason));
  }

  private onOpened(id: number, nonce: string): void {
    const connection = this.connections.open(id, nonce, this.nowMs);
    const { term, leader, servers } = this.cluster;
    const self = this.parts.self.id;
    const state = servers.find((server) => server.id === self)?.state ?? 'joining';
    this.send(
      connection,
      frame({
        type: 'welcome',
        protocol: PROTOCOL_VERSION,
        server: self,
        state,
        term,
        leader,
        nonce,
      }),
    );
  }

  private onClosed(id: number): void {
    const connection = this.connections.all.get(id);
    if (!connection) return;
    const { account } = connection;
    this.connections.close(id);
    this.noteLeft(account);
  }

  private noteLeft(account: string): void {
    if (account === '') return;
    for (const _other of this.connections.ofAccount(account)) return;
    this.presence.lose(account, this.nowMs);
  }

  private onMessage(id: number, message: ClientMessage): void {
    const connection = this.connections.all.get(id);
    if (!connection) return;
    if (message.type === 'ping')
      return this.send(connection, frame({ type: 'pong', query: message.query }));
    if (message.type === 'status') return this.onStatus(connection, message.query);
    if (!this.leads) return this.redirect(connection, 'this server does not lead');
    if (this.pausing && this.held.length < HELD_MESSAGES_MAX) {
      this.held.push({ connection: id, message });
      return;
    }
    if (message.type === 'signIn') return this.onSignIn(connection, message);
    if (connection.account === '')
      return this.send(connection, refusedFrame(numberOf(message), 'not-signed-in'));
    if ('query' in message) return this.onQuery(connection, message);
    return this.onRequest(connection, message);
  }

  // --- signing in ---

  private onSignIn(connection: Connection, message: SignIn): void {
    const { name, key, session, signature } = message;
    const text = signInText({ nonce: connection.nonce, server: this.parts.self.id, name, session });
    if (!this.parts.secrets.verify(key, text, signature)) {
      return this.send(connection, refusedFrame({}, 'bad-signature'));
    }
    const account = accountIdOf(key, name);
    if (this.fold.accounts.has(account)) {
      if (this.claims.has(account)) return this.waitForClaim(account, connection, message);
      return this.completeSignIn(connection, message, account);
    }
    const holder = this.fold.holderOf(name);
    if (holder && holder.key !== key) {
      const detail = `the name ${name} belongs to another key: choose another name, or use that key's identity file`;
      return this.send(connection, refusedFrame({}, 'name-taken', detail));
    }
    if (this.tooFewCopies())
      return this.send(connection, refusedFrame({}, 'too-few-copies', this.copiesText()));
    this.waitForClaim(account, connection, message);
    const body = encodeBody({ t: 'claim', k: key, n: name });
    this.outputs.push({
      type: 'append',
      connection: connection.id,
      requestId: null,
      body,
      above: null,
    });
  }

  private waitForClaim(account: string, connection: Connection, message: SignIn): void {
    this.claims.set(account, [...(this.claims.get(account) ?? []), { connection, message }]);
  }

  private tooFewCopies(): boolean {
    return this.cluster.copies < this.cluster.copiesMin;
  }

  private copiesText(): string {
    const { copies, copiesMin } = this.cluster;
    return `${copies} in sync, and this cluster stores nothing with fewer than ${copiesMin}: read-only until more return`;
  }

  private completeSignIn(connection: Connection, message: SignIn, account: string): void {
    if (!this.connections.all.has(connection.id)) return;
    const id = sessionIdOf(account, message.session);
    const rooms = this.roomsOf(account);
    const previous = connection.account;
    if (previous !== '') this.connections.signOut(connection);
    if (previous !== account) this.noteLeft(previous);
    const replaced = this.connections.signIn(connection, { account, id, rooms });
    if (replaced) this.close(replaced, 'session-elsewhere');
    connection.above =
      message.stamp === undefined ? null : this.parts.secrets.openStamp(message.stamp);
    const summaries = rooms
      .map((room) => this.summary(room, account))
      .filter((room) => room !== null);
    const name = this.fold.nameOf(account);
    this.send(
      connection,
      frame({
        type: 'signedIn',
        account,
        name,
        session: id,
        server: this.parts.self.id,
        rooms: summaries,
      }),
    );
    if (message.cursor !== undefined) this.resume(connection, message.cursor, message.at ?? 0);
    this.send(connection, viewFrame(this.cluster, this.stream));
    if (this.presence.arrive(account)) this.tellPresence(account, 'here');
  }

  private roomsOf(account: string): string[] {
    return [...this.fold.rooms.values()]
      .filter((room) => room.created && room.members.has(account))
      .map(({ id }) => id);
  }

  private summary(id: string, account: string) {
    const room = this.fold.existingRoom(id);
    if (!room) return null;
    const latest = this.parts.reader.latestOrder(id);
    return roomSummary(this.fold, room, { joined: room.members.has(account), latest });
  }

  /** Sends what was missed since a cursor: everything held, less its base, less its stream up to `at`. */
  private resume(connection: Connection, cursor: string, at: number): void {
    const { reader } = this.parts;
    const base = reader.base(cursor);
    const seen = new Map(base ?? []);
    seen.set(cursor, Math.max(at, seen.get(cursor) ?? 0));
    const digest = reader.digest();
    if (!base || lackCount(seen, digest) > RESUME_ENTRIES_MAX) {
      return this.send(connection, frame({ type: 'resumed', posts: 0, reset: true }));
    }
    const entries = [...digest].flatMap(([stream, last]) => {
      const after = seen.get(stream) ?? 0;
      if (last <= after) return [];
      return reader.readStream({
        stream,
        after,
        limit: RESUME_ENTRIES_MAX,
        bytesMax: RESUME_BYTES_MAX,
      });
    });
    let posts = 0;
    for (const entry of entries.filter((each) => this.isShown(each)).sort(byPlace)) {
      const body = parseBody(entry.body);
      if (body?.t !== 'post' || !this.fold.isMember(body.r, connection.account)) continue;
      if (this.isHiddenCopy(entry, body.q)) continue;
      posts += 1;
      this.send(
        connection,
        frame({ type: 'post', ...historyPost(this.fold, entry, body), at: 0, late: true }),
      );
    }
    this.send(connection, frame({ type: 'resumed', posts, reset: false }));
  }

  // --- requests ---

  private onRequest(connection: Connection, request: NumberedRequest): void {
    const { number, lowest } = request;
    const requestId = postIdOf(connection.sessionId, number);
    const highest = this.parts.reader.highestNumber(connection.sessionId);
    if (number <= highest) return this.repeat(connection, requestId, number);
    const follows =
      connection.nextNumber === 0
        ? number === highest + 1 || number === lowest
        : number === connection.nextNumber;
    if (!follows) {
      const expected = connection.nextNumber === 0 ? highest + 1 : connection.nextNumber;
      return this.refuse(
        connection,
        number,
        'out-of-sequence',
        `expected number ${expected}, got ${number}`,
      );
    }
    connection.nextNumber = number + 1;
    if (this.tooFewCopies())
      return this.refuse(connection, number, 'too-few-copies', this.copiesText());
    if (connection.pendingCount >= REQUESTS_IN_FLIGHT_MAX)
      return this.refuse(connection, number, 'too-many-requests');
    const verdict = judge(this.fold, connection, request);
    if ('refused' in verdict)
      return this.refuse(connection, number, verdict.refused, verdict.detail);
    this.waiting.set(requestId, connection);
    connection.pendingCount += 1;
    const body = encodeBody(verdict.body);
    this.outputs.push({
      type: 'append',
      connection: connection.id,
      requestId,
      body,
      above: connection.above,
    });
  }

  private refuse(connection: Connection, number: number, code: RefusalCode, detail?: string): void {
    this.send(connection, refusedFrame({ number }, code, detail));
  }

  /** A number that was stored before: the first result, once it may be shown. */
  private repeat(connection: Connection, requestId: string, number: number): void {
    const entry = this.parts.reader.findRequest(requestId);
    if (connection.nextNumber <= number) connection.nextNumber = number + 1;
    if (!entry) {
      return this.refuse(
        connection,
        number,
        'out-of-sequence',
        `a later request than ${number} is stored already`,
      );
    }
    if (this.isShown(entry)) return this.answer(connection, entry, parseBody(entry.body));
    this.waiting.set(requestId, connection);
  }

  private onNotTaken(id: number, requestId: string | null): void {
    if (requestId !== null) this.waiting.delete(requestId);
    const connection = this.connections.all.get(id);
    if (!connection) return;
    if (connection.pendingCount > 0) connection.pendingCount -= 1;
    this.claims.clear();
    this.redirect(connection, 'this server cannot take it at the moment');
  }

  private answer(connection: Connection, entry: Entry, body: Body | null): void {
    if (!body || body.t === 'claim') return;
    const room = roomOfBody(body, roomIdOf);
    const summary = room === null ? null : this.summary(room, connection.account);
    const time = { ms: entry.hlcMs, counter: entry.hlcCounter };
    const answer = {
      type: 'stored' as const,
      number: Number(body.q.slice(body.q.lastIndexOf('/') + 1)),
      id: body.q,
      time: entry.wallMs,
      order: orderOf(entry),
      copies: this.cluster.copies,
      stamp: this.parts.secrets.sealStamp(time),
    };
    this.send(connection, frame(summary ? { ...answer, room: summary } : answer));
  }

  // --- entries ---

  private isShown(entry: Entry): boolean {
    return streamIdOf(entry) !== this.stream || entry.sequence <= this.committed;
  }

  private isHiddenCopy(entry: Entry, requestId: string): boolean {
    const first = this.parts.reader.findRequest(requestId);
    return first !== null && orderOf(first) !== orderOf(entry);
  }

  private onAdded(entry: Entry): void {
    const body = parseBody(entry.body);
    const rivals =
      body?.t === 'claim'
        ? this.fold.rivalsOf(body.n).map((id) => ({ id, was: this.fold.nameOf(id) }))
        : [];
    this.fold.apply(entry);
    if (!this.leads) return;
    for (const { id, was } of rivals) this.tellRenamed(id, was);
    if (streamIdOf(entry) === this.stream) this.own.push({ entry, body });
    else this.foreign.push({ entry, body });
  }

  private tellRenamed(account: string, was: string): void {
    const name = this.fold.nameOf(account);
    if (name === was) return;
    this.sendAll(this.signedInIds(), frame({ type: 'renamed', account, name, was }));
  }

  private signedInIds(): number[] {
    return this.connections.signedIn().map(({ id }) => id);
  }

  private onCommitted(sequence: number, copies: number): void {
    this.committed = sequence;
    this.cluster = { ...this.cluster, copies };
    let count = 0;
    while (count < this.own.length && (this.own[count] as Added).entry.sequence <= sequence)
      count += 1;
    for (const added of this.own.splice(0, count)) this.show(added, false);
  }

  /** Tells everyone concerned about an entry that may be shown now. */
  private show({ entry, body }: Added, late: boolean): void {
    if (!body) return;
    if (body.t === 'claim') return this.completeClaims(accountIdOf(body.k, body.n));
    const waiting = this.waiting.get(body.q);
    this.waiting.delete(body.q);
    if (body.t === 'post') this.showPost(entry, body, late);
    else this.showRoomChange(entry, body);
    if (!waiting || !this.connections.all.has(waiting.id) || waiting.account !== body.u) return;
    if (waiting.pendingCount > 0) waiting.pendingCount -= 1;
    this.answer(waiting, entry, body);
  }

  private completeClaims(account: string): void {
    const waiting = this.claims.get(account) ?? [];
    this.claims.delete(account);
    for (const { connection, message } of waiting)
      this.completeSignIn(connection, message, account);
  }

  private showPost(entry: Entry, body: Extract<Body, { t: 'post' }>, late: boolean): void {
    if (late && this.isHiddenCopy(entry, body.q)) return;
    const at = streamIdOf(entry) === this.stream ? entry.sequence : 0;
    const post = { type: 'post' as const, ...historyPost(this.fold, entry, body), at };
    this.sendAll(this.connections.inRoom(body.r), frame(late ? { ...post, late: true } : post));
  }

  private showRoomChange(entry: Entry, body: Exclude<Body, { t: 'post' | 'claim' }>): void {
    const id = body.t === 'create' ? roomIdOf(body.q) : body.r;
    const joined = this.fold.isMember(id, body.u);
    for (const connection of this.connections.ofAccount(body.u)) {
      if (joined) this.connections.enter(connection, id);
    }
    if (body.t !== 'topic') this.tellMember(entry, id, body);
    for (const connection of this.connections.ofAccount(body.u)) {
      if (!joined) this.connections.leave(connection, id);
    }
    this.tellRoom(id, body);
  }

  private tellMember(
    entry: Entry,
    room: string,
    body: Exclude<Body, { t: 'post' | 'claim' | 'topic' }>,
  ): void {
    const change = body.t === 'leave' ? ('left' as const) : ('joined' as const);
    const place = { time: entry.wallMs, order: orderOf(entry) };
    const member = {
      type: 'member' as const,
      room,
      account: body.u,
      name: this.fold.nameOf(body.u),
      change,
      ...place,
    };
    this.sendAll(this.connections.inRoom(room), frame(member));
  }

  /** A new room or topic is for everyone; who is in a room concerns those in it and whoever came or went. */
  private tellRoom(id: string, body: Body): void {
    const room = this.fold.existingRoom(id);
    if (!room) return;
    const latest = this.parts.reader.latestOrder(id);
    const inside = new Set(this.connections.inRoom(id));
    const event = (joined: boolean) =>
      frame({ type: 'room', room: roomSummary(this.fold, room, { joined, latest }) });
    this.sendAll([...inside], event(true));
    const everyone = body.t === 'create' || body.t === 'topic';
    const author = body.t === 'claim' ? '' : body.u;
    const outside = everyone
      ? this.signedInIds()
      : [...this.connections.ofAccount(author)].map((each) => each.id);
    this.sendAll(
      outside.filter((each) => !inside.has(each)),
      event(false),
    );
  }

  // --- roles ---

  private onLeading(stream: StreamId, cluster: Cluster): void {
    const led = this.leads;
    const ownPrefix = stream.slice(stream.indexOf('.'));
    this.leads = true;
    this.stream = stream;
    this.committed = 0;
    this.cluster = cluster;
    const undelivered = [...this.foreign, ...this.own].sort((one, other) =>
      byPlace(one.entry, other.entry),
    );
    this.own = [];
    this.foreign = [];
    for (const added of undelivered) this.show(added, !streamIdOf(added.entry).endsWith(ownPrefix));
    if (!led) this.presence.inherit(this.nowMs);
    this.sendAll(this.signedInIds(), viewFrame(cluster, stream));
    const waiting = [...this.connections.all.values()].filter(({ account }) => account === '');
    // Its time to sign in begins when there is a leader to sign in to.
    for (const connection of waiting) connection.openedMs = this.nowMs;
    if (!led) {
      const ids = waiting.map(({ id }) => id);
      this.sendAll(ids, frame({ type: 'leading', term: cluster.term }));
    }
    this.pausing = false;
    for (const { connection, message } of this.held.splice(0)) this.onMessage(connection, message);
  }

  private onFollowing(cluster: Cluster, reason: string): void {
    this.leads = false;
    this.stream = '';
    this.cluster = cluster;
    this.pausing = false;
    this.held = [];
    this.own = [];
    this.foreign = [];
    this.waiting.clear();
    this.claims.clear();
    this.presence.clear();
    for (const connection of this.connections.signedIn()) this.connections.signOut(connection);
    this.redirectAll(reason);
  }

  private redirectAll(reason: string): void {
    this.sendAll(
      [...this.connections.all.keys()],
      redirectFrame(this.cluster, this.parts.self.id, reason),
    );
  }

  private onCluster(cluster: Cluster): void {
    const leaderBefore = this.cluster.leader?.id;
    this.cluster = cluster;
    if (this.leads) return this.sendAll(this.signedInIds(), viewFrame(cluster, null));
    if (cluster.leader && cluster.leader.id !== leaderBefore)
      this.redirectAll(`${cluster.leader.id} leads`);
  }

  private onTick(): void {
    if (!this.leads) return;
    for (const account of this.presence.expire(this.nowMs)) this.tellPresence(account, 'gone');
    for (const connection of this.connections.all.values()) {
      const late = connection.account === '' && this.nowMs - connection.openedMs > SIGN_IN_MS_MAX;
      if (late) this.close(connection, 'sign-in-too-late');
    }
    if (this.nowMs - this.sharedMs < SHARE_PRESENCE_MS) return;
    const accounts = this.presence.here().sort();
    const text = accounts.join();
    if (text === this.sharedPresence) return;
    this.sharedPresence = text;
    this.sharedMs = this.nowMs;
    this.outputs.push({ type: 'sharePresence', accounts });
  }

  private tellPresence(account: string, state: 'here' | 'gone'): void {
    this.sendAll(
      this.signedInIds(),
      frame({ type: 'presence', account, name: this.fold.nameOf(account), state }),
    );
  }

  // --- queries ---

  private onStatus(connection: Connection, query: number): void {
    const { leader, term, servers } = this.cluster;
    this.send(
      connection,
      frame({ type: 'status', query, id: this.parts.self.id, leader, term, servers: [...servers] }),
    );
  }

  private onQuery(connection: Connection, query: Query): void {
    switch (query.type) {
      case 'listRooms': {
        const rooms = [...this.fold.rooms.keys()].map((id) => this.summary(id, connection.account));
        return this.send(
          connection,
          frame({
            type: 'rooms',
            query: query.query,
            rooms: rooms.filter((room) => room !== null),
          }),
        );
      }
      case 'who':
        return this.onWho(connection, query);
      case 'history':
        return this.onHistory(connection, query);
      case 'ping':
      case 'status':
        return; // answered before the sign-in is looked at
      default:
        return assertNever(query);
    }
  }

  private onWho(
    connection: Connection,
    { query, room: id }: Extract<Query, { type: 'who' }>,
  ): void {
    const room = this.fold.existingRoom(id);
    if (!room) return this.send(connection, refusedFrame({ query }, 'no-such-room'));
    const people = [...room.members].map((account) => ({
      account,
      name: this.fold.nameOf(account),
      state: this.presence.isHere(account) ? ('here' as const) : ('gone' as const),
    }));
    people.sort((one, other) => (one.name < other.name ? -1 : 1));
    this.send(connection, frame({ type: 'people', query, room: id, people }));
  }

  private onHistory(connection: Connection, message: Extract<Query, { type: 'history' }>): void {
    const { query, room, before, limit } = message;
    if (!this.fold.existingRoom(room))
      return this.send(connection, refusedFrame({ query }, 'no-such-room'));
    // What is not committed yet is the newest there is: read as many more, and leave those out.
    const uncommitted = this.own.length;
    const entries = this.parts.reader.readPosts({
      room,
      before: before ?? null,
      limit: limit + 1 + uncommitted,
    });
    const shown = entries.filter((entry) => this.isShown(entry));
    const posts = shown.slice(-limit).flatMap((entry) => {
      const body = parseBody(entry.body);
      return body?.t === 'post' ? [historyPost(this.fold, entry, body)] : [];
    });
    this.send(connection, frame({ type: 'page', query, room, posts, more: shown.length > limit }));
  }
}

function byPlace(one: Entry, other: Entry): number {
  return orderOf(one) < orderOf(other) ? -1 : 1;
}

function numberOf(message: ClientMessage): { number?: number; query?: number } {
  if ('number' in message) return { number: message.number };
  return 'query' in message ? { query: message.query } : {};
}
