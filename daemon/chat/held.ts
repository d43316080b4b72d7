// What needs the ring while the ring takes nothing: between two views, after a pause, when too much is under
// way. It waits here in order, and goes on in order; nobody is sent away for it. A crowd that signs in waits here, too,
// and only what depends on it waits behind it.
import { accountIdOf, sessionIdOf } from '../../lib/ids.ts';
import type { NumberedRequest, SignIn } from '../../lib/protocol/requests.ts';
import type { ChatState, Wanted } from './state.ts';

/** Text held, in UTF-16 units: as much memory as a busy server has anyway. */
const HELD_CHARS_MAX = 32 * 1024 * 1024;

/**
 * Rounds of held requests in one turn. A round ends before a request that may depend on earlier ones (a post to a room
 * that is joined), and the next begins within their answer: this bounds the depth of those calls. The rest of them
 * goes on with the next tick.
 */
const ROUNDS_MAX = 64;

/** Units of some ten microseconds; what was missed costs one for each entry beside that. */
const SIGN_IN_COST = 15;
export const REQUEST_COST = 2;

/**
 * Whether something new has to queue up. While the ring takes what it is given, a post goes ahead of what others wait for:
 * a room is not silent until the last of a crowd is signed in.
 */
export function mustWait(
  chat: ChatState,
  connection: number,
  message: SignIn | NumberedRequest,
): boolean {
  if (chat.pausing || chat.stalled || isBehindAsked(chat, message)) return true;
  return message.type === 'post' ? chat.heldOf.has(connection) : chat.held.length > 0;
}

/**
 * Whether it may depend on what the ring is asked for and was not added yet: a post on a room that is being joined, an
 * edit on the post before it. Posts do not depend on each other, nor sign-ins on the posts of others: one that comes behind
 * posts of its own session brings them along once more.
 */
function isBehindAsked({ inHand }: ChatState, message: SignIn | NumberedRequest): boolean {
  if (inHand.length === 0) return false;
  if (message.type !== 'post' && message.type !== 'signIn') return true;
  if (isAskingForOther(inHand)) return true;
  if (message.type === 'post') return false;
  const session = sessionIdOf(accountIdOf(message.key, message.name), message.session);
  return inHand.some((wanted) => 'sessionId' in wanted && wanted.sessionId === session);
}

/** Whether a claim or the like is among what the ring is asked for. */
export function isAskingForOther(inHand: readonly Wanted[]): boolean {
  return inHand.some(({ message }) => message.type !== 'post');
}

function charsOf(message: SignIn | NumberedRequest): number {
  return 'text' in message ? message.text.length : 0;
}

/** @returns false when there is no more room */
export function hold(chat: ChatState, wanted: Wanted): boolean {
  const chars = charsOf(wanted.message);
  const { heldCountMax } = chat.limits;
  if (chat.held.length >= heldCountMax || chat.heldChars + chars > HELD_CHARS_MAX) return false;
  chat.held.push(wanted);
  count(chat, wanted, 1);
  return true;
}

/** Keeps account of what waits. @param change 1 for one more, -1 for one less */
function count(chat: ChatState, { connection, message }: Wanted, change: 1 | -1): void {
  chat.heldChars += change * charsOf(message);
  const left = (chat.heldOf.get(connection) ?? 0) + change;
  if (left > 0) chat.heldOf.set(connection, left);
  else chat.heldOf.delete(connection);
}

/** The ring gave back the oldest of what it was asked for. */
export function giveBack(chat: ChatState): void {
  const wanted = chat.inHand.shift();
  chat.stalled = true;
  chat.rounds = 0; // not before the next tick or commit
  if (!wanted) return;
  if (wanted.message.type !== 'signIn') return putBack(chat, wanted);
  // Everyone who waits for that claim waits for the next attempt.
  for (const [account, waiting] of chat.claims) {
    if (!waiting.some((each) => each === wanted)) continue;
    for (const each of waiting) putBack(chat, each);
    chat.claims.delete(account);
  }
}

function putBack(chat: ChatState, wanted: Wanted): void {
  chat.returned.push(wanted);
  count(chat, wanted, 1);
}

/** Nothing is held any longer: this server does not lead. */
export function dropHeld(chat: ChatState): void {
  chat.held = [];
  chat.heldChars = 0;
  chat.heldOf.clear();
  chat.inHand = [];
  chat.returned = [];
  chat.stalled = false;
}

/** From here on held requests may go on, as far as the ring takes them. */
export function retryHeld(chat: ChatState): void {
  chat.rounds = ROUNDS_MAX;
  chat.releasable = chat.limits.releasedCostMax;
}

/** Whether held requests could go on, and were only put off for the sake of everything else. */
export function wantsTurn(chat: ChatState): boolean {
  const isFree = chat.leads && !chat.pausing && !chat.stalled && chat.inHand.length === 0;
  return isFree && chat.releasable <= 0 && chat.held.length > 0;
}

/** Lets what is held go on: after a refusal of the ring one alone, else up to what depends on what goes on before it. */
export function releaseHeld(chat: ChatState, take: (wanted: Wanted) => void): void {
  if (!chat.leads || chat.pausing || chat.inHand.length > 0) return;
  if (chat.held.length + chat.returned.length === 0) {
    chat.stalled = false;
    return;
  }
  if (chat.rounds === 0 || chat.releasable <= 0) return;
  chat.rounds -= 1;
  const probing = chat.stalled;
  if (chat.returned.length > 0) chat.held = [...chat.returned, ...chat.held];
  chat.returned = [];
  let released = 0;
  for (const wanted of chat.held) {
    if (chat.releasable <= 0 || isBehindAsked(chat, wanted.message)) break;
    released += 1;
    chat.releasable -= wanted.message.type === 'signIn' ? SIGN_IN_COST : REQUEST_COST;
    count(chat, wanted, -1);
    take(wanted);
    if (probing && chat.inHand.length > 0) break;
  }
  chat.held.splice(0, released);
  chat.stalled = probing && chat.inHand.length > 0;
}
