// Numbered requests: whether a number is new, a repeat or out of turn; and the answers, which go out in the
// order of the numbers. So what a client still waits for is always a run without gaps, and what it sends
// again after a failover is in order, whatever was refused in between.
import { assert } from '../../lib/assert.ts';
import { postIdOf, roomIdOf } from '../../lib/ids.ts';
import { REQUESTS_IN_FLIGHT_MAX } from '../../lib/protocol/limits.ts';
import { REFUSALS, type RefusalCode } from '../../lib/protocol/refusals.ts';
import type { NumberedRequest } from '../../lib/protocol/requests.ts';
import { type Entry, orderOf, streamIdOf } from '../ring/entry.ts';
import { bodyOf, encodeBody, requestOf } from './bodies.ts';
import type { HybridTime } from './chat.ts';
import { judge, roomOfBody } from './commands.ts';
import type { Connection, RequestAnswer } from './connections.ts';
import { hold, mustWait } from './held.ts';
import { roomSummary } from './messages.ts';
import {
  type ChatState,
  close,
  hasCopies,
  isShown,
  refuse,
  send,
  storedPost,
  type WantedRequest,
} from './state.ts';

/** Refusals wait their turn behind requests under way; a client that goes on regardless is let go. */
export const UNANSWERED_MAX = 4 * REQUESTS_IN_FLIGHT_MAX;

/** Takes a numbered request of a signed-in connection to this leader. */
export function onRequest(chat: ChatState, connection: Connection, request: NumberedRequest): void {
  const { number, lowest } = request;
  if (number === lowest && connection.unanswered.length === 0) beginAnew(connection, number);
  const highest = chat.parts.reader.highestNumber(connection.sessionId);
  if (number <= highest) return onRepeat(chat, connection, number);
  const expected = Math.max(connection.nextNumber, highest + 1);
  if (number !== expected) {
    // It is on its way on this very connection: one answer is enough.
    if (connection.unanswered.some((each) => each.number === number)) return;
    const detail = `expected number ${expected}, got ${number}`;
    return refuse(chat, connection, { to: { number }, code: 'out-of-sequence', detail });
  }
  const full = connection.unanswered.length >= REQUESTS_IN_FLIGHT_MAX;
  if (!expect(chat, connection, number)) return;
  if (full || lowest <= connection.refusedNumber) return refuseForNow(chat, connection, request);
  const wanted = { connection: connection.id, sessionId: connection.sessionId, message: request };
  if (!mustWait(chat, connection.id, request)) return takeRequest(chat, connection, wanted);
  if (!hold(chat, wanted)) refuseForNow(chat, connection, request);
}

/** All that came before is answered, and its sender knows: nothing below this number will follow. */
function beginAnew(connection: Connection, number: number): void {
  connection.nextNumber = number;
  connection.refusedForGood = 0;
  connection.putOffNumber = 0;
}

/**
 * It is sent again soon, here or elsewhere, as long as its sender waits for it: what follows it must not be stored
 * before, or it would stand before it in the order.
 */
function refuseForNow(
  chat: ChatState,
  connection: Connection,
  { number, lowest }: NumberedRequest,
): void {
  if (lowest > connection.refusedNumber) connection.refusedNumber = number;
  answerRefused(chat, connection, { number, code: 'too-many-requests' });
}

/** A request that fits no schema uses its number up, like any that is refused. */
export function onBadRequest(
  chat: ChatState,
  connection: Connection,
  { number, reason }: { number: number; reason: string },
): void {
  const follows = number === connection.nextNumber || connection.nextNumber === 0;
  if (!chat.leads || connection.account === '' || !follows) {
    return refuse(chat, connection, { to: { number }, code: 'bad-request', detail: reason });
  }
  if (expect(chat, connection, number))
    answerRefused(chat, connection, { number, code: 'bad-request', detail: reason });
}

/** Notes that a number is used, and is to be answered. @returns false when the connection is let go */
function expect(chat: ChatState, connection: Connection, number: number): boolean {
  if (connection.unanswered.length >= UNANSWERED_MAX) {
    close(chat, connection, 'too-many-requests');
    return false;
  }
  connection.nextNumber = Math.max(connection.nextNumber, number + 1);
  connection.unanswered.push({ number, answer: null, time: null });
  return true;
}

/** Checks a request against what is folded now, and asks the ring for its entry. */
export function takeRequest(chat: ChatState, connection: Connection, wanted: WantedRequest): void {
  const { message } = wanted;
  const { number } = message;
  const { putOffNumber } = connection;
  if (putOffNumber > 0 && number > putOffNumber) return putOff(chat, connection, number);
  if (!hasCopies(chat)) {
    const detail = copiesText(chat);
    return refuseForGood(chat, connection, { number, code: 'too-few-copies', detail });
  }
  const postOf = (id: string) => storedPost(chat, id)?.body ?? null;
  const verdict = judge({ fold: chat.fold, notes: chat.notes, postOf }, connection, message);
  if ('refused' in verdict) {
    const { refused: code, detail } = verdict;
    return refuseForGood(chat, connection, { number, code, detail });
  }
  // One that the ring gave back comes before what was refused since.
  const { refusedForGood } = connection;
  if (message.lowest <= refusedForGood && refusedForGood < number)
    return putOff(chat, connection, number);
  const requestId = postIdOf(connection.sessionId, number);
  chat.waiting.set(requestId, connection);
  chat.inHand.push(wanted);
  const body = encodeBody(verdict.body);
  const { id, above } = connection;
  chat.outputs.push({ type: 'append', connection: id, requestId, body, above });
}

function refuseForGood(chat: ChatState, connection: Connection, refusal: Refusal): void {
  connection.refusedForGood = Math.max(connection.refusedForGood, refusal.number);
  answerRefused(chat, connection, refusal);
}

/**
 * It came behind a request that was refused, and whose sender did not know so. If that sender never gets to know, and the
 * other side of a split takes both, the refused one would stand behind this one: it is stored once the sender knows.
 */
function putOff(chat: ChatState, connection: Connection, number: number): void {
  if (connection.putOffNumber === 0) connection.putOffNumber = number;
  answerRefused(chat, connection, { number, code: 'behind-refused' });
}

/** Why this leader stores nothing now, in words. */
export function copiesText({ cluster: { copies, copiesMin } }: ChatState): string {
  return `${copies} in sync, and this cluster stores nothing with fewer than ${copiesMin}: read-only until more return`;
}

/** A number that was stored before: the first result, once it may be shown. */
function onRepeat(chat: ChatState, connection: Connection, number: number): void {
  // It is on its way on this very connection: one answer is enough.
  if (connection.unanswered.some((each) => each.number === number)) return;
  const requestId = postIdOf(connection.sessionId, number);
  const entry = chat.parts.reader.findRequest(requestId);
  if (!expect(chat, connection, number)) return;
  if (!entry) return onUnknownRepeat(chat, connection, { number, requestId });
  if (!isShown(chat, entry)) {
    chat.waiting.set(requestId, connection);
    // The answer, and all answers behind it, would wait until a view begins for another reason.
    if (streamIdOf(entry) !== chat.stream) chat.outputs.push({ type: 'showSoon' });
  } else if (!hasCopies(chat)) chat.repeats.set(requestId, connection);
  else answerStored(chat, connection, entry);
}

/** Its entry may be one that is damaged and may be repaired: only when none is, it counts as never stored. */
function onUnknownRepeat(
  chat: ChatState,
  connection: Connection,
  { number, requestId }: { number: number; requestId: string },
): void {
  if (chat.parts.reader.damaged().some(({ isLost }) => !isLost)) {
    chat.repeats.set(requestId, connection);
    return;
  }
  const detail = `a later request than ${number} is stored already, and ${number} is not`;
  answerRefused(chat, connection, { number, code: 'out-of-sequence', detail });
}

/** Enough servers are in sync again, or an entry is repaired: what was asked for twice is answered. */
export function answerRepeats(chat: ChatState): void {
  // Whoever has gone asks again elsewhere: what he asked for here is not kept for as long as copies are lacking.
  for (const [requestId, connection] of chat.repeats)
    if (chat.connections.all.get(connection.id) !== connection) chat.repeats.delete(requestId);
  if (!hasCopies(chat)) return;
  const repeats = [...chat.repeats];
  chat.repeats.clear();
  for (const [requestId, connection] of repeats) {
    const entry = chat.parts.reader.findRequest(requestId);
    const number = Number(requestId.slice(requestId.lastIndexOf('/') + 1));
    if (!entry) onUnknownRepeat(chat, connection, { number, requestId });
    else if (isShown(chat, entry)) answerStored(chat, connection, entry);
    else chat.waiting.set(requestId, connection);
  }
}

/** An entry is committed: whoever waits for it gets the answer. */
export function answerWaiting(chat: ChatState, entry: Entry, requestId: string): void {
  const connection = chat.waiting.get(requestId);
  if (!connection) return;
  chat.waiting.delete(requestId);
  if (chat.connections.all.get(connection.id) === connection) answerStored(chat, connection, entry);
}

function answerStored(chat: ChatState, connection: Connection, entry: Entry): void {
  const body = bodyOf(entry);
  const id = body && requestOf(body);
  assert(body && id, 'the entry of a request has its body');
  const number = Number(id.slice(id.lastIndexOf('/') + 1));
  const answer = {
    type: 'stored' as const,
    number,
    id,
    time: entry.wallMs,
    order: orderOf(entry),
    copies: chat.cluster.copies,
  };
  const about = roomOfBody(body, roomIdOf);
  const room = about === null ? null : roomSummary(chat, about, connection.account);
  answerWith(chat, connection, {
    answer: room ? { ...answer, room } : answer,
    time: { ms: entry.hlcMs, counter: entry.hlcCounter },
  });
}

type Refusal = Readonly<{ number: number; code: RefusalCode; detail?: string }>;

function answerRefused(
  chat: ChatState,
  connection: Connection,
  { number, code, detail }: Refusal,
): void {
  const answer = { type: 'refused' as const, number, code, reason: detail ?? REFUSALS[code] };
  answerWith(chat, connection, { answer, time: null });
}

type Answered = { answer: RequestAnswer & { number?: number }; time: HybridTime | null };

function answerWith(chat: ChatState, connection: Connection, { answer, time }: Answered): void {
  const { number } = answer;
  const place = connection.unanswered.find((each) => each.number === number && !each.answer);
  // Whoever has signed in anew on this connection no longer waits for it here.
  if (!place) return;
  place.answer = answer;
  place.time = time;
  chat.answered.add(connection);
}

/**
 * Sends what can be answered in order by now; the last stored one of each connection with a stamp. All of a step get
 * the highest time of any of them: one code is made for all, and whose words come above that time keep their order too.
 */
export function sendAnswers(chat: ChatState): void {
  if (chat.answered.size === 0) return;
  const ready = [...chat.answered].map((connection) => ({
    connection,
    due: takeReady(connection),
  }));
  chat.answered.clear();
  let highest: HybridTime | null = null;
  for (const { due } of ready) for (const { time } of due) highest = laterOf(highest, time);
  const stamp = highest && chat.parts.secrets.sealStamp(highest);
  for (const { connection, due } of ready) {
    const stamped = due.findLast(({ time }) => time !== null);
    for (const each of due) {
      if (!each.answer) continue;
      const answer = each === stamped ? { ...each.answer, stamp } : each.answer;
      send(chat, connection, answer as RequestAnswer);
    }
  }
}

/** Takes from a connection what can be answered in order by now. */
function takeReady(connection: Connection): Connection['unanswered'] {
  const { unanswered } = connection;
  const count = unanswered.findIndex(({ answer }) => answer === null);
  if (count >= 0) return unanswered.splice(0, count);
  // A list that was emptied keeps its space, and most people say nothing for long.
  connection.unanswered = [];
  return unanswered;
}

function laterOf(one: HybridTime | null, other: HybridTime | null): HybridTime | null {
  if (!one || !other) return one ?? other;
  const isLater = other.ms > one.ms || (other.ms === one.ms && other.counter > one.counter);
  return isLater ? other : one;
}
