// What servers say to each other, as zod schemas: over TCP links, but for the heartbeat, which is a
// datagram. docs/PROTOCOL.md describes each.
import * as z from 'zod';
import { isIntWithin, ServerId } from '../../lib/protocol/fields.ts';
import { DIGEST_TEXT } from './digest.ts';
import { HLC_COUNTER_MAX, HLC_MS_MAX, SEQUENCE_MAX, TERM_MAX } from './entry.ts';
import { FETCH_SEQUENCES_MAX } from './settings.ts';

const INCARNATION = /^[0-9a-f]{16}$/;
const RING_POSITION_MAX = 1_000_000;
const BODY_CHARS_MAX = 1_000_000;

const Term = z.int().min(0).max(TERM_MAX);
const StreamKey = z.string().regex(/^\d{1,13}\.\d{1,7}\.[0-9a-f]{16}$/);
const DigestText = z.string().regex(DIGEST_TEXT);

/** [term, ring position, incarnation, sequence, hlc ms, hlc counter, wall ms, body] */
export const EntryTuple = z.tuple([
  Term,
  z.int().min(1).max(RING_POSITION_MAX),
  z.string().regex(INCARNATION),
  z.int().min(1).max(SEQUENCE_MAX),
  z.int().min(0).max(HLC_MS_MAX),
  z.int().min(0).max(HLC_COUNTER_MAX),
  z.int().min(0).max(HLC_MS_MAX),
  z.string().max(BODY_CHARS_MAX),
]);
export type EntryTuple = z.infer<typeof EntryTuple>;

/** In place of an entry that is damaged on the sender's disk: its key, and what it was. */
const HoleTuple = z.tuple([
  Term,
  z.int().min(1).max(RING_POSITION_MAX),
  z.string().regex(INCARNATION),
  z.int().min(1).max(SEQUENCE_MAX),
  z.enum(['post', 'other']),
]);
export type HoleTuple = z.infer<typeof HoleTuple>;

export const ViewRecord = z.object({
  term: Term,
  leader: ServerId,
  inSync: z.array(ServerId).min(1),
});

export const Phase = z.enum(['joining', 'active', 'preparing', 'leading', 'suspended', 'draining']);
export type Phase = z.infer<typeof Phase>;

/** What a server says of itself: in every heartbeat, and over the links whenever it changes. */
export const Announcement = z.object({
  /** Counts up within a run of the process: an older one that arrives later is ignored. */
  version: z.int().min(1),
  phase: Phase,
  promisedTerm: Term,
  installedTerm: Term,
  view: ViewRecord.nullable(),
  /** Number of entries held, and a hash of the digest: equal when both hold the same. */
  entryCount: z.int().min(0),
  digestHash: z.string().max(64),
  /** The peers that this server hears: who is not heard by a peer does not rely on it either. */
  hears: z.array(ServerId),
  wallMs: z.int().min(0),
});
export type Announcement = z.infer<typeof Announcement>;

/** First message on a link; `boot` is new with every start of the process. */
const Hello = z.object({
  type: z.literal('hello'),
  boot: z.string().max(64),
  announcement: Announcement,
  digest: DigestText,
});
const Announce = z.object({ type: z.literal('announce'), announcement: Announcement });

/** Asks for an `announce` at once: the sender has not heard the other's heartbeats for a while. */
const Probe = z.object({ type: z.literal('probe') });

/**
 * Asks whether a `prepare` would be promised: nothing changes by it (Raft's PreVote; Ongaro 2014, section 9.6).
 * Answered by `agree` or `refuse`.
 */
const Sound = z.object({ type: z.literal('sound'), term: Term });
const Agree = z.object({ type: z.literal('agree'), term: Term });

/**
 * Step 1 of a change of view; answered by `promise` or `refuse`. `digest`: what the asker holds; what it lacks comes
 * before the promise, where it is not too much. `resigned`: the leader that had the asker succeed; whoever is asked may
 * not have heard that it leaves.
 */
const Prepare = z.object({
  type: z.literal('prepare'),
  term: Term,
  digest: DigestText.optional(),
  resigned: ServerId.optional(),
});
const promised = {
  term: Term,
  digest: DigestText,
  /** Of the stream that clients' cursors name now: its asker may have been away when it began. */
  base: z.object({ stream: StreamKey, digest: DigestText }).nullable(),
};
const PromiseMessage = z.object({ type: z.literal('promise'), ...promised });
/**
 * A promise that nobody asked for, of a leader that leaves to whoever leads next: `heir`, or whoever reads it where that
 * is not said. The others are told too, and give the heir theirs before it asks.
 */
const Resign = z.object({ type: z.literal('resign'), heir: ServerId.optional(), ...promised });
export const RefuseReason = z.enum(['promised-higher', 'outranked', 'better-leader', 'unstable']);
const Refuse = z.object({
  type: z.literal('refuse'),
  term: Term,
  reason: RefuseReason,
  promisedTerm: Term,
  waitMs: z.number().min(0),
});

/** Asks for what the sender lacks. `term` is that of the change of view it is for, 0 in the background. */
const Pull = z.object({
  type: z.literal('pull'),
  term: Term,
  digest: DigestText,
});
/** The answer to a pull, or step 2's push. `remaining` more are held; `push` asks for a `held`. */
const Entries = z.object({
  type: z.literal('entries'),
  term: Term,
  /** By hand: a server that catches up is sent a hundred thousand of them a second. */
  entries: z.custom<(EntryTuple | HoleTuple)[]>(areItems),
  remaining: z.int().min(0),
  push: z.boolean(),
  /** Of the sender, in the answer to a pull. */
  digest: DigestText.optional(),
});
const Held = z.object({ type: z.literal('held'), term: Term, digest: DigestText });

/** Step 3. Also sent to those that promised but were left out, so that they know who leads. */
const Install = z.object({
  type: z.literal('install'),
  term: Term,
  /** Of the leader's process: with the term and its ring position it names the stream that begins. */
  incarnation: z.string().regex(INCARNATION),
  inSync: z.array(ServerId).min(1),
  /** What the leader held when that stream began. A follower may hold more by the time it hears this. */
  base: DigestText,
});

/** New entries of the leader's stream; answered by `stored` with the highest sequence on disk. */
const Append = z.object({ type: z.literal('append'), term: Term, entries: z.array(EntryTuple) });
const Stored = z.object({ type: z.literal('stored'), term: Term, sequence: z.int().min(0) });

/** A leader that was paused asks whether its view still stands; `round` counts its pauses, and comes back. */
const Round = z.int().min(1);
const Confirm = z.object({ type: z.literal('confirm'), term: Term, round: Round });
const Confirmed = z.object({
  type: z.literal('confirmed'),
  term: Term,
  round: Round,
  stands: z.boolean(),
  promisedTerm: Term,
});

/** Asks for entries that are damaged on the sender's disk. */
const Fetch = z.object({
  type: z.literal('fetch'),
  stream: StreamKey,
  sequences: z.array(z.int().min(1).max(SEQUENCE_MAX)).min(1).max(FETCH_SEQUENCES_MAX),
});
/** Those of them that are intact here, as many as fit; `missing`: not held, or damaged here too. */
const Fetched = z.object({
  type: z.literal('fetched'),
  stream: StreamKey,
  entries: z.array(EntryTuple),
  missing: z.array(z.int().min(1).max(SEQUENCE_MAX)),
});

/** Accounts that are here, for the chat; the ring does not look at it. */
const Presence = z.object({
  type: z.literal('presence'),
  accounts: z.array(z.string().max(32)).max(100_000),
  /** Those of them that are idle; none from a server of before they were told apart. */
  idle: z.array(z.string().max(32)).max(100_000).default([]),
});

export const PeerMessage = z.discriminatedUnion('type', [
  Hello,
  Announce,
  Probe,
  Sound,
  Agree,
  Prepare,
  PromiseMessage,
  Resign,
  Refuse,
  Pull,
  Entries,
  Held,
  Install,
  Append,
  Stored,
  Confirm,
  Confirmed,
  Fetch,
  Fetched,
  Presence,
]);
export type PeerMessage = z.infer<typeof PeerMessage>;
export type PeerMessageOf<T extends PeerMessage['type']> = Extract<PeerMessage, { type: T }>;

/** Untrusted to typed; null for what is no message. */
export function parsePeerMessage(value: unknown): PeerMessage | null {
  return plainPeerMessage(value) ?? PeerMessage.safeParse(value).data ?? null;
}

/**
 * The two messages that come with every post, read without a schema: many times faster.
 * @returns null for whatever the schemas are to judge; anything else is what they would give
 */
export function plainPeerMessage(value: unknown): PeerMessage | null {
  if (typeof value !== 'object' || value === null || Object.keys(value).length !== 3) return null;
  const { type, term, entries, sequence } = value as Record<string, unknown>;
  if (!isIntWithin(term, 0, TERM_MAX)) return null;
  const isPlain =
    type === 'append'
      ? isEntryTuples(entries)
      : type === 'stored' && isIntWithin(sequence, 0, Number.MAX_SAFE_INTEGER);
  return isPlain ? (value as PeerMessage) : null;
}

function isEntryTuples(value: unknown): value is EntryTuple[] {
  return Array.isArray(value) && value.every(isEntryTuple);
}

function areItems(value: unknown): value is (EntryTuple | HoleTuple)[] {
  return (
    Array.isArray(value) &&
    value.every((item) => isEntryTuple(item) || HoleTuple.safeParse(item).success)
  );
}

function isEntryTuple(value: unknown): value is EntryTuple {
  if (!Array.isArray(value) || value.length !== 8) return false;
  const [term, ringPosition, incarnation, sequence, hlcMs, hlcCounter, wallMs, body] = value;
  return (
    isIntWithin(term, 0, TERM_MAX) &&
    isIntWithin(ringPosition, 1, RING_POSITION_MAX) &&
    typeof incarnation === 'string' &&
    INCARNATION.test(incarnation) &&
    isIntWithin(sequence, 1, SEQUENCE_MAX) &&
    isIntWithin(hlcMs, 0, HLC_MS_MAX) &&
    isIntWithin(hlcCounter, 0, HLC_COUNTER_MAX) &&
    isIntWithin(wallMs, 0, HLC_MS_MAX) &&
    typeof body === 'string' &&
    body.length <= BODY_CHARS_MAX
  );
}
