// What a server says of itself to operators: the body of GET /status. Anyone may ask, and the loop that serves answers:
// nothing here may take longer with a longer history.
import type * as z from 'zod';
import type { StatusReply } from '../lib/protocol/events.ts';
import type { Chat, ChatCounts } from './chat/chat.ts';
import { clusterOf } from './ring/cluster-picture.ts';
import type { Phase } from './ring/messages.ts';
import { phaseOf, type Ring } from './ring/state.ts';
import type { Store } from './store/store.ts';

export type StatusReport = Omit<z.infer<typeof StatusReply>, 'type' | 'query'> &
  Readonly<{
    phase: Phase;
    /** Copies that a message acknowledged now has, and the least that is demanded. */
    copies: number;
    copiesMin: number;
    entries: number;
    posts: number;
    /** Posts said before this are pruned; null when none are. ISO 8601. */
    prunedBelow: string | null;
    /** How often this server called another one dead since it began, rightly or not. */
    contactsLost: number;
    /** Entries that are damaged on this disk and not repaired yet. */
    damaged: number;
    /** Equal on two servers that hold the same entries. */
    historyHash: string;
    clients: ChatCounts;
  }>;

export function statusOf(parts: {
  ring: Ring;
  chat: Chat;
  store: Store;
  nowMs: number;
  wallMs: number;
}): StatusReport {
  const { ring, chat, store, nowMs, wallMs } = parts;
  const cluster = clusterOf({ ring, nowMs, wallMs, draw: 0, outputs: [] });
  const { entries, posts } = store.counts();
  return {
    id: ring.self.id,
    phase: phaseOf(ring),
    leader: cluster.leader,
    term: cluster.term,
    servers: [...cluster.servers],
    copies: cluster.copies,
    copiesMin: cluster.copiesMin,
    entries,
    posts,
    prunedBelow: chat.prunedBelowMs() === 0 ? null : new Date(chat.prunedBelowMs()).toISOString(),
    contactsLost: [...ring.peers.values()].reduce((sum, peer) => sum + peer.contactsLost, 0),
    damaged: store.damaged().length,
    historyHash: store.historyHash(),
    clients: chat.counts(),
  };
}
