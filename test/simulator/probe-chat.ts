// The least chat there is: a client's post becomes an entry, and is answered when the entry commits.
// What it answers is what the checkers hold the cluster to.
import type { Chat, ChatInput, ChatOutput, Stamped } from '../../daemon/chat/chat.ts';
import type { Entry } from '../../daemon/ring/entry.ts';

export type Acknowledged = Readonly<{ requestId: string; entry: Entry; copies: number }>;

/** @param onStored called at the moment a client would hear that its post is stored */
export function createProbeChat(onStored: (acknowledged: Acknowledged) => void): Chat {
  let pending: Entry[] = [];
  let leading = false;
  let ownStream = '';

  function isOwn(entry: Entry): boolean {
    return `${entry.term}.${entry.ringPosition}.${entry.incarnation}` === ownStream;
  }

  /** What came from outside the stream waits, as in the real chat, for the next view. */
  function release(isDue: (entry: Entry) => boolean, copies: number): void {
    const due = pending.filter(isDue);
    pending = pending.filter((entry) => !isDue(entry));
    for (const entry of due) onStored({ requestId: entry.body, entry, copies });
  }

  function step(input: Stamped<ChatInput>): ChatOutput[] {
    switch (input.type) {
      case 'message': {
        if (input.message.type !== 'post' || !leading) return [];
        const requestId = input.message.text;
        return [
          { type: 'append', connection: input.connection, requestId, body: requestId, above: null },
        ];
      }
      case 'added':
        if (leading) pending.push(input.entry);
        return [];
      case 'leading':
        leading = true;
        ownStream = input.stream;
        // Everything held is on the disks of all that are in sync.
        release(() => true, input.cluster.copies);
        return [];
      case 'following':
        leading = false;
        pending = [];
        return [];
      case 'committed':
        release((entry) => isOwn(entry) && entry.sequence <= input.sequence, input.copies);
        return [];
      default:
        return [];
    }
  }

  return {
    step,
    indexOf: () => ({ kind: 'post', room: null, requestId: null }),
    counts: () => ({ connections: 0, signedIn: 0, accounts: 0, rooms: 0 }),
    stateHash: () => '',
  };
}
