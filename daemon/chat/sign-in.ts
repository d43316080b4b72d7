// Signing in: whose key, whose name, which session; then what the session missed, and what it stands on. What came
// behind a sign-in goes on once that is answered.

import { accountIdOf, sessionIdOf, signInText } from '../../lib/ids.ts';
import type { RefusalCode } from '../../lib/protocol/refusals.ts';
import type { Prove, SignIn } from '../../lib/protocol/requests.ts';
import { encodeBody } from './bodies.ts';
import type { Connection } from './connections.ts';
import { hold, mustWait, REQUEST_COST } from './held.ts';
import { historyPost, roomSummary, view } from './messages.ts';
import type { Said } from './missed.ts';
import { beginSignIn, forgetSignIn } from './pending-sign-in.ts';
import { readsOf } from './reading.ts';
import { copiesText } from './requests.ts';
import {
  byOrder,
  type ChatState,
  close,
  frame,
  hasCopies,
  isHiddenCopy,
  isShown,
  noteIdle,
  noteLeft,
  refuse,
  send,
  sendLine,
  storedPost,
  type WantedSignIn,
} from './state.ts';

/** Like lines that fit no schema: each costs a verification, and nobody needs more tries than a few. */
const BAD_SIGNATURES_MAX = 20;

/** A crowd that connects to stand by leaves a server half of its time: each takes it some 0.25 ms. */
const SPREAD_MS_EACH = 0.5;
const SPREAD_MS_MAX = 5_000;

/** What a signature is of, and itself. */
const PROVED = ['key', 'name', 'session', 'signature'] as const;

/** Takes a sign-in; where this server does not lead, in case it does in a moment. */
export function onSignIn(chat: ChatState, connection: Connection, message: SignIn): void {
  beginSignIn(chat, connection, message);
  const wanted = { connection: connection.id, message, isGenuine: false };
  if (!chat.leads) {
    // Checked now, and not for everybody at once when all wait.
    if (proves(chat, connection, message))
      chat.early.set(connection.id, { ...wanted, isGenuine: true });
  } else if (mustWait(chat, connection.id, message)) holdSignIn(chat, connection, wanted);
  else takeSignIn(chat, connection, wanted);
}

/** This server leads: whoever signed in ahead of that goes on with what is held. */
export function holdEarly(chat: ChatState): void {
  const early = [...chat.early.values()];
  chat.early.clear();
  for (const wanted of early) {
    const connection = chat.connections.all.get(wanted.connection);
    if (connection) holdSignIn(chat, connection, wanted);
  }
}

function holdSignIn(chat: ChatState, connection: Connection, wanted: WantedSignIn): void {
  if (!hold(chat, wanted)) refuseSignIn(chat, connection, 'too-many-requests');
}

/** What came behind it goes on, and is refused for its part. */
export function refuseSignIn(
  chat: ChatState,
  connection: Connection,
  code: RefusalCode,
  detail?: string,
): void {
  refuse(chat, connection, { to: {}, code, ...(detail === undefined ? {} : { detail }) });
  goOn(chat, connection);
}

/** The sign-in is answered: what came behind it is next. */
function goOn(chat: ChatState, connection: Connection): void {
  const later = forgetSignIn(chat, connection);
  if (later.length === 0) return;
  chat.due.push({ connection: connection.id, later });
  chat.releasable -= later.length * REQUEST_COST;
}

/** Checks now what a sign-in on this connection will say, so that a crowd that comes at once need not wait for that. */
export function onProve(chat: ChatState, connection: Connection, message: Prove): void {
  if (isGenuine(chat, connection, message)) {
    if (connection.proved === null) lookAhead(chat, message);
    connection.proved = message;
  } else {
    refuse(chat, connection, { to: {}, code: 'bad-signature' });
    noteBadSignature(chat, connection);
  }
}

/** Has the store know what a sign-in is told of the rooms: 0.2 ms for each that it has not been asked for. */
function lookAhead({ fold, parts }: ChatState, { key, name }: Prove): void {
  // While something is damaged a store has to look each time.
  if (parts.reader.damaged().length > 0) return;
  for (const { id } of fold.roomsOf(accountIdOf(key, name))) parts.reader.latestOrder(id);
}

/** Whether somebody is who they say; refuses the sign-in if not. */
function proves(chat: ChatState, connection: Connection, message: SignIn): boolean {
  const { proved } = connection;
  const isProved = proved !== null && PROVED.every((field) => proved[field] === message[field]);
  if (isProved || isGenuine(chat, connection, message)) return true;
  refuseSignIn(chat, connection, 'bad-signature');
  noteBadSignature(chat, connection);
  return false;
}

/** Whether the signature is that of the key, over what this connection asked for. */
function isGenuine({ parts }: ChatState, { nonce }: Connection, said: SignIn | Prove): boolean {
  const { name, key, session, signature } = said;
  const text = signInText({ nonce, server: parts.self.id, name, session });
  return parts.secrets.verify(key, text, signature);
}

function noteBadSignature(chat: ChatState, connection: Connection): void {
  connection.badSignatures += 1;
  if (connection.badSignatures > BAD_SIGNATURES_MAX) close(chat, connection, 'bad-signature');
}

/** Checks who it is: signs in an account that exists, or has the name claimed first. */
export function takeSignIn(chat: ChatState, connection: Connection, wanted: WantedSignIn): void {
  const { fold } = chat;
  const { name, key } = wanted.message;
  const pending = awaitingAnswer(chat, wanted)?.pendingSignIn;
  if (!pending) return; // begun anew since
  if (!wanted.isGenuine && !proves(chat, connection, wanted.message)) return;
  const account = accountIdOf(key, name);
  const claims = chat.claims.get(account);
  pending.claim = claims ? account : null;
  if (claims) claims.push(wanted);
  else if (fold.accounts.has(account)) completeSignIn(chat, wanted, account);
  else if (fold.holderOf(name)) {
    const detail = `the name ${name} belongs to another key: choose another name, or use the identity file of that key`;
    refuseSignIn(chat, connection, 'name-taken', detail);
  } else claimName(chat, wanted, account);
}

/** The connection that waits for the answer; null when it is gone, or has begun another sign-in since. */
function awaitingAnswer(chat: ChatState, { connection, message }: WantedSignIn): Connection | null {
  const found = chat.connections.all.get(connection);
  return found?.pendingSignIn?.message === message ? found : null;
}

function claimName(chat: ChatState, wanted: WantedSignIn, account: string): void {
  const connection = chat.connections.all.get(wanted.connection);
  if (!connection) return;
  if (!hasCopies(chat)) {
    return refuseSignIn(chat, connection, 'too-few-copies', copiesText(chat));
  }
  chat.claims.set(account, [wanted]);
  chat.inHand.push(wanted);
  const { key, name } = wanted.message;
  const body = encodeBody({ t: 'claim', k: key, n: name });
  const request = { connection: connection.id, requestId: null, body, above: null };
  chat.outputs.push({ type: 'append', ...request });
}

/**
 * Claims are shown: whoever waits for them is signed in. After all that is shown with them, so that the rooms, and with
 * them the lists of who hears of what, do not change in between.
 */
export function completeClaims(chat: ChatState): void {
  const { claimed } = chat;
  chat.claimed = [];
  for (const account of claimed) {
    const waiting = chat.claims.get(account) ?? [];
    chat.claims.delete(account);
    for (const wanted of waiting) completeSignIn(chat, wanted, account);
  }
}

function completeSignIn(chat: ChatState, wanted: WantedSignIn, account: string): void {
  const { message } = wanted;
  const connection = awaitingAnswer(chat, wanted);
  if (!connection) return;
  const id = sessionIdOf(account, message.session);
  // The network may hold a sign-in back until its client, which gave that connection up, is here on another one.
  const isOutdated = (chat.connections.ofSession(id)?.id ?? 0) > connection.id;
  if (isOutdated) return close(chat, connection, 'session-elsewhere');
  enterSession(chat, connection, { account, id });
  connection.above =
    message.stamp === undefined ? null : chat.parts.secrets.openStamp(message.stamp);
  const joined = chat.fold.roomsOf(account).map(({ id }) => id);
  const rooms = joined.flatMap((id) => roomSummary(chat, id, account) ?? []);
  const reads = readsOf(chat, account, { rooms: joined, counts: message.cursor === undefined });
  connection.proved = null;
  const { sessionId: session } = connection;
  const name = chat.fold.nameOf(account);
  const server = chat.parts.self.id;
  const prunedBelow = chat.fold.prunedBelowMs;
  const spreadMs = Math.min(SPREAD_MS_MAX, Math.round(chat.connections.all.size * SPREAD_MS_EACH));
  const self = { account, name, session, server };
  const { cursor, at = 0 } = message;
  const lacks = cursor !== undefined && chat.missed.lacks(cursor, at);
  const state = { rooms, prunedBelow, spreadMs, reads, lacks };
  send(chat, connection, { type: 'signedIn', ...self, ...state });
  if (cursor !== undefined) resume(chat, connection, cursor, at);
  send(chat, connection, view(chat, true));
  // It may know another picture than the one that the others were told last.
  chat.picture.told = '';
  connection.isIdle = message.idle ?? false;
  if (chat.presence.arrive(account)) chat.arrived.add(account);
  noteIdle(chat, account);
  goOn(chat, connection);
}

/** Ties the connection to its session, and lets go of the connection that had it before. */
function enterSession(
  chat: ChatState,
  connection: Connection,
  session: { account: string; id: string },
): void {
  const { account: previous } = connection;
  chat.connections.signOut(connection);
  const rooms = chat.fold.roomsOf(session.account).map(({ id }) => id);
  const replaced = chat.connections.signIn(connection, { ...session, rooms });

  if (previous !== session.account) noteLeft(chat, previous);
  if (replaced) close(chat, replaced, 'session-elsewhere');
}

/** Sends what was missed since a cursor, or says that it is too much, or that the cursor is not known. */
function resume(chat: ChatState, connection: Connection, cursor: string, at: number): void {
  const { limits, nowMs, fold } = chat;
  const rooms = fold.roomsOf(connection.account).map(({ id }) => id);
  const countMax = limits.resumeEntriesMax;
  const missed = chat.missed.since(cursor, at, { rooms, countMax, nowMs });
  if (!missed) return send(chat, connection, { type: 'resumed', posts: 0, reset: true });
  const posts: Said[] = [];
  const changed = new Set<string>();
  for (const said of missed) {
    const { entry, body } = said;
    // What came from outside the view and was shown to nobody yet is shown to all with the next view.
    if (!isShown(chat, entry)) continue;
    if (body.t !== 'post') changed.add(body.p);
    else if (entry.hlcMs >= fold.prunedBelowMs) posts.push(said);
  }
  // A long one has its part of the turn.
  chat.releasable -= missed.length;
  posts.sort((one, other) => byOrder(one.entry, other.entry));
  let count = 0;
  for (const said of posts) {
    const line = lineOf(chat, said);
    if (line === null) continue;
    count += 1;
    sendLine(chat, connection, line);
  }
  for (const id of changed) sendChanged(chat, connection, id);
  send(chat, connection, { type: 'resumed', posts: count, reset: false });
}

/** The same for all who missed it, for as long as nothing changes it; null for a copy that is not told. */
function lineOf(chat: ChatState, said: Said): string | null {
  const { entry, body } = said;
  if (said.told?.changes === chat.changes || body.t !== 'post') return said.told?.line ?? null;
  const line = isHiddenCopy(chat, entry, body.q)
    ? null
    : frame({ type: 'post', ...historyPost(chat, entry, body), at: 0, late: true });
  said.told = { line, changes: chat.changes };
  return line;
}

/** A post that may have been seen before it was changed. */
function sendChanged(chat: ChatState, connection: Connection, id: string): void {
  const stored = storedPost(chat, id);
  if (!stored || !isShown(chat, stored.entry)) return;
  if (!chat.fold.isMember(stored.body.r, connection.account)) return;
  const post = historyPost(chat, stored.entry, stored.body);
  send(chat, connection, { type: 'postChanged', post, at: 0 });
}
