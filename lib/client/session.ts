// The core of the client: finds the leader, signs in, resumes, and sends what was asked under the same
// numbers until it is answered. Sans I/O: `step` takes one input and gives what the shell must do, in order.
//
//   searching ──signedIn──▶ signed in ──silence, close, redirect──▶ searching
//       └─────refused─────▶ refused ──signInAs──▶ searching          (close ▶ closed, from anywhere)
import { accountIdOf, postIdOf, sessionIdOf } from '../ids.ts';
import type { ServerMessage } from '../protocol/events.ts';
import { REQUESTS_IN_FLIGHT_MAX } from '../protocol/limits.ts';
import type { RefusalCode } from '../protocol/refusals.ts';
import type { ConnectionState, OutboxItem } from './api.ts';
import type { Pending } from './outbox.ts';
import { advance, beginSearch, fail, follow, learn, searchWakeMs, signIn } from './search.ts';
import {
  type Account,
  emit,
  type Link,
  type Session,
  type SessionInput,
  type SessionOutput,
  type Signer,
  type Stamped,
  send,
} from './session-state.ts';

/** Between two pings of an idle connection, in milliseconds. */
const PING_IDLE_MS = 1_000;
/** While something is unanswered a frozen leader must be noticed sooner. */
const PING_BUSY_MS = 250;
/** With nothing heard for this long after a ping the leader counts as frozen. */
const SILENCE_MS_MAX = 700;
/** A wake-up later than this means that this process slept: the server had no chance to be heard. */
const OWN_SLEEP_MS = 500;
/** Ids of posts that are remembered: four times what a resumption may send. */
const RECENT_IDS_MAX = 20_000;
/** Weight of the newest round trip in the smoothed one, as in TCP (RFC 6298). */
const ROUND_TRIP_WEIGHT = 1 / 8;

/** Refusals of a sign-in that another try may not meet: the cluster is changing, or full for the moment. */
const PASSING: ReadonlySet<RefusalCode> = new Set([
  'not-leading',
  'too-few-copies',
  'too-many-requests',
  'storage-failed',
  'shutting-down',
  'out-of-sequence',
  'sign-in-too-late',
  'not-signed-in',
]);
/** Refusals of a request that say nothing of the request: it is sent again after the next sign-in. */
const RESENT: ReadonlySet<RefusalCode> = new Set([
  'not-leading',
  'shutting-down',
  'not-signed-in',
  'too-many-requests',
  'out-of-sequence',
]);

/** @param seed of the session, and what it has not been answered yet, from the outbox */
export function createSession(fields: {
  signer: Signer;
  name: string;
  seed: string;
  pending: readonly Pending[];
  addresses: readonly string[];
  nowMs: number;
}): Session {
  const { signer, name, seed, nowMs } = fields;
  const session: Session = {
    signer,
    self: selfOf(signer.key, name, seed),
    phase: 'searching',
    everSignedIn: false,
    targets: new Map(),
    links: new Map(),
    linksOpened: 0,
    active: null,
    server: null,
    lostMs: nowMs,
    term: 0,
    roundTripMs: null,
    ping: null,
    pingedMs: nowMs,
    queries: 0,
    asked: new Set(),
    items: new Map(),
    sentCount: 0,
    resend: null,
    cursor: null,
    at: 0,
    stamp: null,
    recent: new Set(),
    connection: { type: 'connecting' },
    wakeMs: Number.POSITIVE_INFINITY,
    nowMs,
    draw: 0,
    outputs: [],
  };
  for (const address of fields.addresses) learn(session, address, null);
  for (const item of fields.pending) session.items.set(item.number, itemOf(session, item));
  return session;
}

/** The account and session of a name: known before any server has answered. */
export function selfOf(key: string, name: string, seed: string): Account {
  return { name, account: accountIdOf(key, name), seed };
}

/** A request as it waits in the outbox. */
export function itemOf(session: Session, { number, request }: Pending): OutboxItem {
  const { account, seed } = session.self;
  const id = postIdOf(sessionIdOf(account, seed), number);
  return { number, id, state: 'queued', request };
}

/**
 * Takes one input and changes the session.
 * @returns what the shell must do, in order; `session.wakeMs` says when to come back with a tick
 */
export function step(session: Session, input: Stamped): SessionOutput[] {
  session.nowMs = input.nowMs;
  session.draw = input.draw;
  session.outputs = [];
  if (session.phase !== 'closed') dispatch(session, input);
  report(session);
  session.wakeMs = wakeMs(session);
  return session.outputs;
}

function dispatch(session: Session, input: SessionInput): void {
  switch (input.type) {
    case 'start':
      return beginSearch(session);
    case 'message':
      return onMessage(session, input.link, input.message);
    case 'linkClosed':
      return onClosed(session, input.link, input.reason);
    case 'request':
      session.items.set(input.item.number, itemOf(session, input.item));
      return pump(session);
    case 'cancel':
      return onCancel(session, input.number);
    case 'query':
      return onQuery(session, input);
    case 'retryNow':
      return onRetryNow(session);
    case 'signInAs':
      return onSignInAs(session, input.self, input.pending);
    case 'close':
      return onClose(session);
    case 'tick':
      return session.active ? watch(session, session.active) : advance(session);
  }
}

// --- what the server says ---

function onMessage(session: Session, number: number, message: ServerMessage): void {
  const link = session.links.get(number);
  if (!link) return; // given up in the same turn
  link.heardMs = session.nowMs;
  if (message.type === 'closing') link.closing = message.reason;
  if (link === session.active) return onActiveMessage(session, link, message);
  switch (message.type) {
    case 'welcome': {
      link.welcome = message;
      const target = learn(session, link.address, message.server);
      target.failures = 0;
      const self = { id: message.server, address: link.address };
      return follow(
        session,
        link,
        message.state === 'leading' ? self : message.leader,
        message.term,
      );
    }
    case 'leading':
      session.term = Math.max(session.term, message.term);
      return signIn(session, link);
    case 'redirect':
      link.signInMs = null;
      return follow(session, link, message.leader, message.term);
    case 'status':
      return follow(session, link, message.leader, message.term);
    case 'signedIn':
      return onSignedIn(session, link, message);
    case 'refused':
      return onSignInRefused(session, link, message);
  }
}

function onSignInRefused(
  session: Session,
  link: Link,
  { code, reason }: { code: RefusalCode; reason: string },
): void {
  if (link.signInMs === null) return;
  if (PASSING.has(code)) return fail(session, link, reason);
  session.phase = 'refused';
  dropLinks(session, null);
  session.connection = { type: 'refused', code, reason };
  emit(session, { type: 'connection', state: session.connection });
}

function dropLinks(session: Session, kept: Link | null): void {
  for (const link of [...session.links.values()]) {
    if (link === kept) continue;
    session.links.delete(link.number);
    session.outputs.push({ type: 'close', link: link.number });
  }
}

function onSignedIn(
  session: Session,
  link: Link,
  message: Extract<ServerMessage, { type: 'signedIn' }>,
): void {
  if (session.phase !== 'searching') return;
  dropLinks(session, link);
  const tookMs = session.everSignedIn ? session.nowMs - session.lostMs : null;
  link.signInMs = null;
  session.phase = 'signedIn';
  session.active = link;
  session.everSignedIn = true;
  session.server = message.server;
  session.ping = null;
  session.pingedMs = Number.NEGATIVE_INFINITY;
  const { account, name, server, rooms } = message;
  emit(session, { type: 'signedIn', account, name, server, rooms });
  for (const [number, item] of session.items)
    session.items.set(number, { ...item, state: 'queued' });
  session.sentCount = 0;
  session.resend = { left: new Set(session.items.keys()), total: session.items.size, tookMs };
  pump(session);
  maybeRecovered(session);
  watch(session, link);
}

/** The failover is over for the user when all that waited is answered. */
function maybeRecovered(session: Session): void {
  const { resend } = session;
  if (!resend || resend.left.size > 0) return;
  session.resend = null;
  if (resend.tookMs === null) return;
  const leader = session.server ?? '';
  emit(session, { type: 'recovered', tookMs: resend.tookMs, leader, resent: resend.total });
}

function onActiveMessage(session: Session, link: Link, message: ServerMessage): void {
  switch (message.type) {
    case 'stored':
      return onStored(session, message);
    case 'refused':
      return onRefused(session, link, message);
    case 'post':
      if (!message.late) session.at = Math.max(session.at, message.at);
      if (isNew(session, message.id)) emit(session, { type: 'post', post: message });
      return;
    case 'view':
      return onView(session, message);
    case 'member':
      return emit(session, { type: 'member', member: message });
    case 'room':
      return emit(session, { type: 'room', room: message.room });
    case 'presence':
      return emit(session, { type: 'presence', presence: message });
    case 'renamed':
      return emit(session, { type: 'renamed', renamed: message });
    case 'resumed':
      return message.reset ? emit(session, { type: 'reset' }) : undefined;
    case 'redirect':
      // It has stepped down: the link stays, and hears who leads next.
      lose(session, link.heardMs);
      return follow(session, link, message.leader, message.term);
    case 'closing':
      return onLeaderCloses(session, message);
    case 'pong':
      return onPong(session, message.query);
    case 'page':
    case 'rooms':
    case 'people':
    case 'status':
      if (!session.asked.delete(message.query)) return;
      session.outputs.push({ type: 'queryAnswered', number: message.query, message });
  }
}

/** Another process signed in with this very session: taking it back would begin a tug of war. */
function onLeaderCloses(
  session: Session,
  { code, reason }: Extract<ServerMessage, { type: 'closing' }>,
): void {
  if (code !== 'session-elsewhere') return; // the close follows
  lose(session, session.nowMs);
  session.phase = 'refused';
  dropLinks(session, null);
  session.connection = { type: 'refused', code, reason };
  emit(session, { type: 'connection', state: session.connection });
}

function isNew(session: Session, id: string): boolean {
  const { recent } = session;
  if (recent.has(id)) return false;
  recent.add(id);
  if (recent.size > RECENT_IDS_MAX) recent.delete(recent.values().next().value as string);
  return true;
}

function onView(session: Session, message: Extract<ServerMessage, { type: 'view' }>): void {
  const { term, leader, servers, copies, copiesMin, cursor } = message;
  if (cursor !== undefined) {
    session.cursor = cursor;
    session.at = 0;
  }
  session.term = Math.max(session.term, term);
  for (const server of servers) learn(session, server.address, server.id);
  emit(session, { type: 'cluster', cluster: { term, leader, servers, copies, copiesMin } });
}

function onStored(session: Session, message: Extract<ServerMessage, { type: 'stored' }>): void {
  if (message.stamp !== undefined) session.stamp = message.stamp;
  const item = session.items.get(message.number);
  if (!item) return; // the answer to an earlier try came already
  const { number, id, time, order, copies, room } = message;
  // What is shown as stored is not shown again when a resumption sends it.
  isNew(session, id);
  const answer = { type: 'stored' as const, number, id, time, order, copies, room };
  settle(session, item);
  emit(session, { type: 'answer', answer, item });
  maybeRecovered(session);
}

function onRefused(
  session: Session,
  link: Link,
  message: Extract<ServerMessage, { type: 'refused' }>,
): void {
  const { number, query, code, reason } = message;
  if (query !== undefined) {
    if (!session.asked.delete(query)) return;
    session.outputs.push({ type: 'queryFailed', number: query, code, reason });
    return;
  }
  const item = number === undefined ? undefined : session.items.get(number);
  if (!item) return;
  if (RESENT.has(code)) {
    lose(session, session.nowMs);
    return fail(session, link, reason);
  }
  settle(session, item);
  emit(session, {
    type: 'answer',
    answer: { type: 'refused', number: item.number, code, reason },
    item,
  });
  maybeRecovered(session);
}

/** A request is answered: forgotten, and the next one may go. */
function settle(session: Session, item: OutboxItem): void {
  session.items.delete(item.number);
  session.resend?.left.delete(item.number);
  if (item.state === 'sent') session.sentCount -= 1;
  session.outputs.push({ type: 'forget', number: item.number }, { type: 'outboxChanged' });
  pump(session);
}

/** Sends what waits, in order, as far as the window goes. */
function pump(session: Session): void {
  session.outputs.push({ type: 'outboxChanged' });
  const { active, items } = session;
  if (!active || session.sentCount >= REQUESTS_IN_FLIGHT_MAX) return;
  const lowest = items.keys().next().value;
  if (lowest === undefined) return;
  for (const item of items.values()) {
    if (item.state === 'sent') continue;
    if (session.sentCount >= REQUESTS_IN_FLIGHT_MAX) return;
    items.set(item.number, { ...item, state: 'sent' });
    session.sentCount += 1;
    send(session, active, { ...item.request, number: item.number, lowest });
  }
}

// --- whether the leader lives ---

function watch(session: Session, link: Link): void {
  const { nowMs } = session;
  if (nowMs - session.wakeMs > OWN_SLEEP_MS) {
    session.ping = null;
    link.heardMs = nowMs;
  }
  if (session.ping) {
    const silentMs = nowMs - Math.max(session.ping.sentMs, link.heardMs);
    if (silentMs < SILENCE_MS_MAX) return;
    lose(session, link.heardMs);
    return fail(session, link, 'silent');
  }
  if (nowMs - session.pingedMs < pingIntervalMs(session)) return;
  session.queries += 1;
  session.ping = { query: session.queries, sentMs: nowMs };
  session.pingedMs = nowMs;
  send(session, link, { type: 'ping', query: session.queries });
}

const pingIntervalMs = (session: Session) =>
  session.sentCount > 0 || session.asked.size > 0 ? PING_BUSY_MS : PING_IDLE_MS;

function onPong(session: Session, query: number): void {
  if (session.ping?.query !== query) return;
  const tripMs = session.nowMs - session.ping.sentMs;
  const before = session.roundTripMs ?? tripMs;
  session.roundTripMs = before + (tripMs - before) * ROUND_TRIP_WEIGHT;
  session.ping = null;
}

/** The leader is lost: what was asked of it waits for the next one. @param heardMs when it last spoke */
function lose(session: Session, heardMs: number): void {
  session.active = null;
  session.ping = null;
  session.lostMs = heardMs;
  // A loss within a recovery: the next recovery counts on from here.
  session.resend = null;
  session.sentCount = 0;
  for (const number of session.asked) {
    const reason = 'the connection was lost';
    session.outputs.push({ type: 'queryFailed', number, code: 'connection-lost', reason });
  }
  session.asked.clear();
  for (const [number, item] of session.items)
    session.items.set(number, { ...item, state: 'queued' });
  session.outputs.push({ type: 'outboxChanged' });
  beginSearch(session);
}

function onClosed(session: Session, number: number, reason: string): void {
  const link = session.links.get(number);
  if (!link) return;
  if (link === session.active) lose(session, link.heardMs);
  fail(session, link, link.closing ?? reason);
  advance(session);
}

// --- what the user asks ---

function onCancel(session: Session, number: number): void {
  const item = session.items.get(number);
  if (item?.state === 'queued') settle(session, item);
}

function onQuery(session: Session, input: Extract<SessionInput, { type: 'query' }>): void {
  const { number, message } = input;
  if (!session.active) {
    const reason = 'not connected at the moment';
    session.outputs.push({ type: 'queryFailed', number, code: 'connection-lost', reason });
    return;
  }
  session.asked.add(number);
  send(session, session.active, message);
}

function onRetryNow(session: Session): void {
  if (session.phase === 'refused') session.phase = 'searching';
  for (const target of session.targets.values()) target.nextTryMs = session.nowMs;
  advance(session);
}

function onSignInAs(session: Session, self: Account, pending: readonly Pending[]): void {
  if (session.active) lose(session, session.nowMs);
  dropLinks(session, null);
  session.self = self;
  session.items = new Map();
  for (const item of pending) session.items.set(item.number, itemOf(session, item));
  session.cursor = null;
  session.at = 0;
  session.stamp = null;
  session.recent.clear();
  // Another name is another beginning, not a failover that was survived.
  session.everSignedIn = false;
  session.lostMs = session.nowMs;
  session.outputs.push({ type: 'outboxChanged' });
  beginSearch(session);
}

function onClose(session: Session): void {
  if (session.active) lose(session, session.nowMs);
  dropLinks(session, null);
  session.phase = 'closed';
}

// --- what the user sees ---

function wakeMs(session: Session): number {
  if (session.phase === 'searching') return searchWakeMs(session);
  const { active, ping } = session;
  if (!active) return Number.POSITIVE_INFINITY;
  return ping
    ? Math.max(ping.sentMs, active.heardMs) + SILENCE_MS_MAX
    : session.pingedMs + pingIntervalMs(session);
}

function report(session: Session): void {
  const state = stateOf(session);
  if (JSON.stringify(state) === JSON.stringify(session.connection)) return;
  session.connection = state;
  emit(session, { type: 'connection', state });
}

/** Whole milliseconds, so that an idle connection reports nothing; halves below one. */
function shownTrip(tripMs: number | null): number | null {
  if (tripMs === null) return null;
  return tripMs < 1 ? 0.5 : Math.round(tripMs);
}

function stateOf(session: Session): ConnectionState {
  const { phase, resend, lostMs } = session;
  if (phase === 'closed') return { type: 'closed' };
  if (phase === 'refused') return session.connection;
  if (phase === 'searching') return searchState(session);
  if (resend && resend.total > 0 && resend.tookMs !== null) {
    return {
      type: 'resending',
      done: resend.total - resend.left.size,
      total: resend.total,
      lostMs,
    };
  }
  return { type: 'connected', roundTripMs: shownTrip(session.roundTripMs) };
}

function searchState(session: Session): ConnectionState {
  const { lostMs, server, term, everSignedIn } = session;
  const targets = [...session.targets.values()];
  const waiting = [...session.links.values()].filter((link) => link.welcome);
  const isLeaderless = waiting.some(({ leader }) => leader === null);
  if (isLeaderless) return { type: 'electing', term: term + 1, lostMs };
  const attempt = Math.max(0, ...targets.map(({ failures }) => failures));
  const nextAttemptMs = Math.min(...targets.map(({ nextTryMs }) => nextTryMs));
  const hasFailed = waiting.length === 0 && targets.every(({ failures }) => failures > 0);
  if (!hasFailed)
    return everSignedIn ? { type: 'leaderLost', server, lostMs } : { type: 'connecting' };
  if (everSignedIn) return { type: 'reconnecting', attempt, nextAttemptMs, server, lostMs };
  const tried = targets.map(({ address, result }) => ({ address, result }));
  return { type: 'noServer', tried, attempt, nextAttemptMs, lostMs };
}
