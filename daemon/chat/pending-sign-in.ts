// A sign-in that is under way, and what came behind it on its connection. A client that has lost its leader signs in to
// whoever is to lead next before that one leads, and sends what it still waits for along: all of it is there when the
// leadership begins, and goes into the first of its commits.
import { REQUESTS_IN_FLIGHT_MAX } from '../../lib/protocol/limits.ts';
import type { NumberedRequest, SignIn } from '../../lib/protocol/requests.ts';
import type { Connection } from './connections.ts';
import type { ChatState } from './state.ts';

/** Text that waits on all connections together, in UTF-16 units; and no more messages than may be held otherwise. */
const LATER_CHARS_MAX = 32 * 1024 * 1024;

/** A request that came behind a sign-in; of one that fits no schema, why. */
export type Later = NumberedRequest | Readonly<{ number: number; reason: string }>;

/** From its arrival until it is answered. */
export type PendingSignIn = {
  readonly message: SignIn;
  readonly sinceMs: number;
  readonly later: Later[];
  /** The account whose claim, begun by another sign-in, it waits for. */
  claim: string | null;
};

/** One that came before on this connection is answered no longer: its sender has begun anew. */
export function beginSignIn(chat: ChatState, connection: Connection, message: SignIn): void {
  forgetSignIn(chat, connection);
  connection.pendingSignIn = { message, sinceMs: chat.nowMs, later: [], claim: null };
}

/** @returns false when there is no more room */
export function putBehind(chat: ChatState, { later }: PendingSignIn, request: Later): boolean {
  const chars = charsOf(request);
  if (later.length >= REQUESTS_IN_FLIGHT_MAX) return false;
  if (chat.laterCount >= chat.limits.heldCountMax) return false;
  if (chat.laterChars + chars > LATER_CHARS_MAX) return false;
  later.push(request);
  chat.laterCount += 1;
  chat.laterChars += chars;
  return true;
}

/** It is answered, or never will be. @returns what came behind it */
export function forgetSignIn(chat: ChatState, connection: Connection): readonly Later[] {
  const { later = [] } = connection.pendingSignIn ?? {};
  for (const request of later) chat.laterChars -= charsOf(request);
  chat.laterCount -= later.length;
  leaveClaim(chat, connection);
  connection.pendingSignIn = null;
  chat.early.delete(connection.id);
  return later;
}

function leaveClaim(chat: ChatState, { pendingSignIn }: Connection): void {
  if (!pendingSignIn?.claim) return;
  const waiting = chat.claims.get(pendingSignIn.claim);
  const place = waiting?.findIndex(({ message }) => message === pendingSignIn.message) ?? -1;
  if (place !== -1) waiting?.splice(place, 1);
}

function charsOf(message: Later): number {
  return 'text' in message ? message.text.length : 0;
}
