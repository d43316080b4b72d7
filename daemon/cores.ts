// The two cores of a server, made from what its store holds: as a daemon starts, a simulated one, and a rehearsed one.
import { type Chat, createChat } from './chat/chat.ts';
import type { ChatLimits } from './chat/limits.ts';
import type { ChatParts } from './chat/state.ts';
import type { RingLimits } from './ring/settings.ts';
import { createRing, type Ring, type RingServer } from './ring/state.ts';
import type { Store } from './store/store.ts';

export type CoreParts = Pick<ChatParts, 'search' | 'secrets' | 'copiesMin'> &
  Readonly<{
    store: Store;
    self: RingServer;
    peers: readonly RingServer[];
    /** New with every start of the process. */
    boot: string;
    /** Monotonic milliseconds. */
    nowMs: number;
    limits?: ChatLimits & RingLimits;
  }>;

/** Reads the fold from the store: some time, where there is much of it. */
export function coresOn(parts: CoreParts): { chat: Chat; ring: Ring } {
  const { store, self, copiesMin, search, secrets, limits } = parts;
  // The chat first: what it cannot read is found damaged here.
  const chat = createChat({
    ...{ search, secrets, self, copiesMin, limits },
    reader: store,
    restored: store.readOthers(),
  });
  const ring = createRing({
    ...{ self, copiesMin, limits, peers: parts.peers, boot: parts.boot, nowMs: parts.nowMs },
    record: store.ringRecord(),
    digest: store.digest(),
    hlc: store.highestTime(),
    base: store.newestBase(),
    foldIsWhole: !store.damaged().some(({ kind }) => kind === 'other'),
  });
  return { chat, ring };
}
