// The least chat there is: a client's post becomes an entry, and is answered when the entry commits.
// What it answers is what the checkers hold the cluster to.
import type { Chat, ChatInput, ChatOutput, Stamped } from '../../daemon/chat/chat.ts';
import type { Entry } from '../../daemon/ring/entry.ts';

export type Acknowledged = Readonly<{ requestId: string; entry: Entry; copies: number }>;

/** @param onStored called at the moment a client would hear that its post is stored */
export function createProbeChat(onStored: (acknowledged: Acknowledged) => void): Chat {
  const pending: Entry[] = [];
  let leading = false;
  let ownStream = '';

  function release(sequence: number, copies: number): void {
    while (pending.length > 0) {
      const entry = pending[0] as Entry;
      const own = `${entry.term}.${entry.ringPosition}.${entry.incarnation}` === ownStream;
      if (own && entry.sequence > sequence) return;
      pending.shift();
      onStored({ requestId: entry.body, entry, copies });
    }
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
        release(0, input.cluster.copies);
        return [];
      case 'following':
        leading = false;
        pending.length = 0;
        return [];
      case 'committed':
        release(input.sequence, input.copies);
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
