// What a peer lacks of the history held here, read from the disk and sent: all of it for a change of view, a piece at a
// time in the background, and again what was sent of a stream and lost with a link.
import { digestText } from './ring/digest.ts';
import {
  type Digest,
  type Entry,
  type Hole,
  lackCount,
  parseStreamId,
  type StreamId,
  streamIdOf,
} from './ring/entry.ts';
import type { PeerMessage } from './ring/messages.ts';
import { encodeEntry, encodeHole } from './ring/replication.ts';
import { PULL_BYTES_MAX } from './ring/settings.ts';
import type { Ring, RingOutput, ServerId } from './ring/state.ts';
import type { Store } from './store/store.ts';

type LackingParts = Readonly<{
  ring: Ring;
  store: Pick<Store, 'readStream' | 'damaged'>;
  send(to: ServerId, message: PeerMessage): void;
}>;

type Of<Type extends RingOutput['type']> = Extract<RingOutput, { type: Type }>;

export class Lacking {
  private readonly parts: LackingParts;

  constructor(parts: LackingParts) {
    this.parts = parts;
  }

  /** A push, or a pull for a change of view, gets everything; one in the background gets one answer. */
  send({ to, term, push, digest: asked }: Of<'sendLacking'>): void {
    const { ring, send } = this.parts;
    const theirs = new Map(asked);
    let remaining = lackCount(theirs, ring.digest);
    do {
      const entries = this.readBeyond(theirs, ring.limits.pullEntriesMax);
      for (const item of entries) theirs.set(streamIdOf(item), item.sequence);
      remaining -= entries.length;
      const digest = push ? undefined : digestText(ring.digest);
      const message = {
        type: 'entries' as const,
        term,
        entries: entries.map((item) => ('body' in item ? encodeEntry(item) : encodeHole(item))),
        remaining,
        push,
      };
      send(to, digest ? { ...message, digest } : message);
    } while (remaining > 0 && term !== 0);
  }

  /** One answer's worth of what is held here beyond a digest, oldest streams first. */
  private readBeyond(theirs: Digest, itemsMax: number): (Entry | Hole)[] {
    const { ring, store } = this.parts;
    const streams = [...ring.digest].filter(
      ([stream, sequence]) => sequence > (theirs.get(stream) ?? 0),
    );
    streams.sort(([one], [other]) => parseStreamId(one).term - parseStreamId(other).term);
    const items: (Entry | Hole)[] = [];
    let bytesLeft = PULL_BYTES_MAX;
    for (const [stream, last] of streams) {
      for (let after = theirs.get(stream) ?? 0; after < last; ) {
        const limit = itemsMax - items.length;
        if (limit <= 0 || bytesLeft <= 0) return items;
        const more = store.readStream({ stream, after, limit, bytesMax: bytesLeft });
        for (const entry of more) bytesLeft -= entry.body.length;
        items.push(...more);
        if (more.length === 0) items.push(this.holeAt(stream, after + 1));
        after += Math.max(1, more.length);
      }
    }
    return items;
  }

  /** In place of an entry that is damaged here: what follows it is not held up, and others look for a copy too. */
  private holeAt(stream: StreamId, sequence: number): Hole {
    const damaged = this.parts.store
      .damaged()
      .find((entry) => entry.stream === stream && entry.sequence === sequence);
    return { ...parseStreamId(stream), sequence, kind: damaged?.kind ?? 'other' };
  }

  /** What the leader appended to a stream after a place, to a peer whose link was lost on the way. */
  resend({ to, term, stream, after: from }: Of<'resendAppends'>): void {
    const { ring, store, send } = this.parts;
    for (let after = from; ; ) {
      const limit = ring.limits.pullEntriesMax;
      const entries = store.readStream({ stream, after, limit, bytesMax: PULL_BYTES_MAX });
      const last = entries.at(-1);
      if (!last) return;
      send(to, { type: 'append', term, entries: entries.map(encodeEntry) });
      after = last.sequence;
    }
  }
}
