// Every queue of a server stays within its bound: invariant 15.
import { UNANSWERED_MAX } from '../../daemon/chat/requests.ts';
import { check } from './invariant.ts';
import type { SimulatedServer } from './server.ts';

/** What the ring gives back goes before all that is held already, and may be given back by several views in a row. */
const GIVEN_BACK_TIMES = 4;

/** After every step of a server. @param heldCountMax what the chat was given */
export function checkQueues(server: SimulatedServer, heldCountMax: number): void {
  const { running } = server;
  if (!running) return;
  const { ring, chat } = running;
  const { pendingEntriesMax } = ring.limits;
  const { connections, ...queues } = chat.queues();
  const pending = ring.stream ? ring.stream.sequence - ring.stream.committed : 0;
  const atMost = (what: string, count: number, most: number) =>
    check(count <= most, 15, () => `${what} of ${server.id}: ${count}, and at most ${most}`);
  atMost('entries that wait for the disks', pending, pendingEntriesMax);
  atMost('held requests', queues.held, GIVEN_BACK_TIMES * heldCountMax + connections);
  atMost('requests in hand', queues.inHand, 0);
  atMost('entries not shown', queues.own, pendingEntriesMax);
  // Each waits for an entry that is there.
  atMost('waiting requests', queues.waiting, queues.own + queues.foreign);
  atMost('unanswered requests of a connection', queues.unanswered, UNANSWERED_MAX);
  atMost('repeats', queues.repeats, (connections + 1) * UNANSWERED_MAX);
  atMost('sign-ins ahead of a leadership', queues.early, connections);
  atMost('messages behind sign-ins', queues.later, heldCountMax);
  // One for each connection, and for each claim that is not committed the one that asked for it, who may be gone.
  const claiming = connections + queues.own + queues.foreign + heldCountMax;
  atMost('sign-ins that wait for a name', queues.claims, claiming);
  // What came from elsewhere waits for the view that is begun for its sake, or for copies.
  const copies = ring.view?.inSync.length ?? 0;
  const shows = ring.phase === 'leading' && ring.unshown === null && copies >= ring.copiesMin;
  if (shows) atMost('entries from elsewhere that nobody will show', queues.foreign, 0);
}
