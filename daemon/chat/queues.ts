// How much waits in a chat, queue by queue. Each is bounded by something: the simulator checks by what.
import type { ChatState } from './state.ts';

export type ChatQueues = Readonly<{
  connections: number;
  /** Requests and sign-ins that the ring does not take now, and those in its hands. */
  held: number;
  inHand: number;
  /** Requests that wait for their entry to be shown, and repeats that cannot be answered now. */
  waiting: number;
  repeats: number;
  /** Sign-ins that came before this server leads, and messages behind any that is not answered. */
  early: number;
  later: number;
  /** Sign-ins that wait for a name to be theirs. */
  claims: number;
  /** Entries that are not shown yet: of the present stream, and others. */
  own: number;
  foreign: number;
  /** Of the connection that has most. */
  unanswered: number;
}>;

export function queuesOf(chat: ChatState): ChatQueues {
  let claims = 0;
  for (const waiting of chat.claims.values()) claims += waiting.length;
  let unanswered = 0;
  for (const connection of chat.connections.all.values())
    unanswered = Math.max(unanswered, connection.unanswered.length);
  return {
    connections: chat.connections.all.size,
    held: chat.held.length + chat.returned.length,
    inHand: chat.inHand.length,
    waiting: chat.waiting.size,
    repeats: chat.repeats.size,
    early: chat.early.size,
    later: chat.laterCount,
    claims,
    own: chat.own.length,
    foreign: chat.foreign.size,
    unanswered,
  };
}
