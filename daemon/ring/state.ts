// The ring's state and the shapes of its inputs and outputs. One mutable value, owned by one caller
// and changed only inside `step`: copying digests of hundreds of streams for every post would cost more
// than everything else here (docs/adr/0003).

import type { Cluster } from '../../lib/client/api.ts';
import { type DigestHash, hashOf, hashText } from './digest.ts';
import { type Digest, type Entry, type Hole, lackCount, type StreamId } from './entry.ts';
import type { Announcement, EntryTuple, PeerMessage, Phase } from './messages.ts';
import { DISCOVERY_MS, RING_LIMITS, type RingLimits } from './settings.ts';

export type ServerId = string;

/** A server of the cluster file, as the ring needs it. */
export type RingServer = Readonly<{ id: ServerId; ringPosition: number; address: string }>;

export type View = Readonly<{ term: number; leader: ServerId; inSync: ServerId[] }>;

/** What this server knows of another one. */
export type Peer = {
  readonly id: ServerId;
  readonly ringPosition: number;
  readonly address: string;
  linkUp: boolean;
  /** When the link was last lost; meaningless while it is up. */
  linkDownMs: number;
  /** When something last came over the link; heartbeats do not count. */
  linkHeardMs: number;
  linkRenewedMs: number;
  /** Its port refused a fresh connection: proof of death, until it is heard again. */
  refused: boolean;
  /** Of the process behind the link: new with every start. */
  boot: string;
  lastHeardMs: number;
  lastHeartbeatMs: number;
  /** Smoothed distance of its heartbeats' intervals from the agreed one. */
  unevennessMs: number;
  announcement: Announcement | null;
  /** The last full digest it sent, and how many of its entries this server lacks: set by `noteDigest`. */
  digest: Digest | null;
  lead: number;
  /** Its announced digest hash when it last answered a pull in full. */
  lastPulledHash: string;
  /** It had nothing to give although it holds more: not asked again before this. */
  stuckUntilMs: number;
  /** Whether it was reachable at the end of the last step, and since when. */
  wasReachable: boolean;
  /** Whether it was heard, and what it had announced, when this server said something last. */
  spoken: Readonly<{ heard: boolean; announcement: Announcement | null }>;
  contactMs: number;
  /** When it was reachable last, over a link that carries something. */
  reachedMs: number;
  /** Times of the last losses of contact. */
  flaps: Readonly<{ atMs: number; silent: boolean }>[];
  /** How often contact was lost since this server began. */
  contactsLost: number;
  /** Removed for slowness: not admitted before `readmitMs`, the wait doubling each time. */
  readmitMs: number;
  slowWaitMs: number;
  /**
   * It refuses this server for the sake of a better leader: since when, and when it did so last. Where that one is not seen
   * here it is not asked before `untilMs`, the wait doubling each time. null when it does not.
   */
  elsewhere: Readonly<{
    sinceMs: number;
    lastMs: number;
    untilMs: number;
    waitMs: number;
  }> | null;
  /** Left out of the last view that it was invited to: no view is changed for its sake before `admitMs`. */
  admitMs: number;
  admitWaitMs: number;
  /** In a view of this leader: highest sequence it has on disk, and when it last moved or had nothing to do. */
  storedSequence: number;
  ackDueMs: number;
  /** It refused to leave who serves it for this server, which it has not heard for long enough: not asked before. */
  unstableUntilMs: number;
  /** Leader: since when it, in sync, announces another view than ours or none. */
  astrayMs: number;
};

/** A change of view under way, begun by this server. */
export type Preparing = {
  readonly term: number;
  step: 'promising' | 'pulling' | 'pushing';
  deadlineMs: number;
  readonly invited: ReadonlySet<ServerId>;
  readonly promised: Map<ServerId, Digest>;
  readonly pullsAwaited: Set<ServerId>;
  readonly pushesAwaited: Set<ServerId>;
  /** Known to hold the union. */
  readonly ready: Set<ServerId>;
};

/** Who gave this server the last answer that left it far behind, and when; null when it is not. */
export type FarBehind = { from: ServerId | null; answeredMs: number; loggedMs: number };

export type Ring = {
  /** `incarnation` is that of the directory; `boot`, new with every start, is in the keys of what this server makes. */
  readonly self: RingServer & Readonly<{ incarnation: string; boot: string }>;
  readonly peers: ReadonlyMap<ServerId, Peer>;
  readonly copiesMin: number;
  readonly limits: RingLimits;
  phase: Exclude<Phase, 'draining'>;
  /** Asked to leave: never leads again, and hands over what it leads. */
  draining: boolean;
  drained: boolean;
  installedTerm: number;
  promisedTerm: number;
  /** Whom the promise was given to; null after a restart, when only the term is known. */
  promisedTo: ServerId | null;
  promisedAtMs: number;
  /** Highest term heard of anywhere. */
  termSeen: number;
  view: View | null;
  /**
   * Leader: when the first and the last entries came from outside its view. They are shown to nobody before the
   * next view begins. null when there are none. `isAwaited`: somebody's answer is among them.
   */
  unshown: { firstMs: number; lastMs: number; isAwaited: boolean } | null;
  /** The leader's own stream, while it leads or is suspended. */
  stream: { id: StreamId; sequence: number; committed: number } | null;
  /** Leader: new entries that the followers were not sent yet. Empty whenever another message goes out. */
  unsent: EntryTuple[];
  /** The newest stream that this server led or followed, and what was held when it began. */
  base: Readonly<{ stream: StreamId; digest: Digest }> | null;
  readonly digest: Map<StreamId, number>;
  entryCount: number;
  /** Of that digest: see `ownHash`. */
  readonly hash: DigestHash;
  /** Whether the chat folded all that is held: it may lack what was damaged at the start, until it is repaired. */
  foldIsWhole: boolean;
  /** Highest hybrid time of any entry held. */
  hlcMs: number;
  hlcCounter: number;
  preparing: Preparing | null;
  /** Asked whether the lead may be taken from a lower server that serves: who was, and who has not answered yet. */
  sounding: {
    term: number;
    asked: ReadonlySet<ServerId>;
    awaited: Set<ServerId>;
    deadlineMs: number;
  } | null;
  /** No change of view of its own before this. */
  backoffUntilMs: number;
  /** Until then nobody is asked again whether the lead may be taken from a lower server that serves. */
  soundAgainMs: number;
  /** Since this server was last in a view that began: of attempts, and of questions before one. */
  refusals: number;
  soundRefusals: number;
  startedMs: number;
  discovering: boolean;
  /** Since when this server joins with no one to lead it. */
  leaderlessSinceMs: number;
  lastTickMs: number;
  lastHeartbeatMs: number;
  /** Leader after a pause: who has not confirmed the view yet, and until when they may. */
  unconfirmed: Set<ServerId>;
  /** Pauses so far: an answer from before the last one says nothing of what happened during it. */
  confirmRound: number;
  confirmDeadlineMs: number;
  pull: { from: ServerId; sentMs: number; hash: string } | null;
  nextPullMs: number;
  readonly farBehind: FarBehind;
  announcementVersion: number;
  /** What was there when something was said last; null before the first time. */
  spoken: Spoken | null;
  /** What was last said to all peers, and to the shell: it is said again only when it changes. */
  announced: string;
  said: Readonly<{
    cluster: Cluster;
    role: 'leading' | 'pausing' | 'following';
    stream: StreamId | null;
  }> | null;
};

/** All that what is said is made of, but for the peers. Views and announcements are never changed, only replaced. */
export type Spoken = Readonly<
  Pick<
    Ring,
    'phase' | 'draining' | 'drained' | 'promisedTerm' | 'installedTerm' | 'view' | 'stream'
  >
>;

export type RingInput =
  | Readonly<{ type: 'tick' }>
  | Readonly<{ type: 'heartbeat'; from: ServerId; announcement: Announcement }>
  | Readonly<{ type: 'message'; from: ServerId; message: PeerMessage }>
  | Readonly<{ type: 'linkUp'; peer: ServerId; boot: string }>
  | Readonly<{ type: 'linkDown'; peer: ServerId; refused: boolean }>
  /** Answered in the same step by `taken` or `notTaken`. */
  | Readonly<{
      type: 'append';
      body: string;
      above: Readonly<{ ms: number; counter: number }> | null;
    }>
  /** The turn ends: what it appended goes out, as one message. */
  | Readonly<{ type: 'sendAppends' }>
  | Readonly<{ type: 'drain' }>
  /** Somebody waits for what came from outside the view. */
  | Readonly<{ type: 'showSoon' }>
  /** What could not be read at the start is repaired, or nobody within reach has it. */
  | Readonly<{ type: 'foldIsWhole' }>;

/** `nowMs` is monotonic milliseconds, `wallMs` the wall clock, `draw` in [0, 1). */
export type StampedInput = RingInput & Readonly<{ nowMs: number; wallMs: number; draw: number }>;

/** Carried out in order; all but `sendNow` and what the chat is to hear only after what precedes them is on disk. */
export type RingOutput =
  /** `mayWait`: no later output says that it is on the disk, until another one has to be there too. */
  | Readonly<{
      type: 'saveRecord';
      installedTerm: number;
      promisedTerm: number;
      mayWait?: boolean;
    }>
  /** `mayWait`: as above. */
  | Readonly<{ type: 'saveEntries'; entries: readonly Entry[]; mayWait?: boolean }>
  | Readonly<{ type: 'saveHole'; hole: Hole }>
  | Readonly<{ type: 'saveBase'; stream: StreamId; base: Digest }>
  /** Relies on nothing that is not on disk yet. */
  | Readonly<{ type: 'sendNow'; to: ServerId; message: PeerMessage }>
  | Readonly<{ type: 'send'; to: ServerId; message: PeerMessage }>
  /** Read from the store what `to` lacks, and send it as `entries`: all of it, or one answer to a pull. */
  | Readonly<{
      type: 'sendLacking';
      to: ServerId;
      term: number;
      digest: Digest;
      push: boolean;
    }>
  /** Read this stream from the store after `after`, and send it as `append`. */
  | Readonly<{ type: 'resendAppends'; to: ServerId; term: number; stream: StreamId; after: number }>
  | Readonly<{ type: 'heartbeat'; announcement: Announcement }>
  /** Nothing comes over it any more: it is to be closed and dialled again. */
  | Readonly<{ type: 'renewLink'; peer: ServerId }>
  | Readonly<{ type: 'taken'; entry: Entry }>
  | Readonly<{ type: 'notTaken' }>
  | Readonly<{ type: 'committed'; sequence: number; copies: number }>
  | Readonly<{ type: 'leading'; stream: StreamId; cluster: Cluster }>
  /** A leader changes its view: it takes nothing until it leads on, or does not. */
  | Readonly<{ type: 'pausing' }>
  | Readonly<{ type: 'following'; cluster: Cluster; reason: string }>
  | Readonly<{ type: 'cluster'; cluster: Cluster }>
  | Readonly<{ type: 'drained' }>
  | Readonly<{ type: 'log'; level: 'debug' | 'info' | 'warn'; message: string; fields: object }>;

/** One call of `step`: the state, the stamps of its input, and the outputs so far. */
export type Turn = {
  readonly ring: Ring;
  readonly nowMs: number;
  readonly wallMs: number;
  readonly draw: number;
  readonly outputs: RingOutput[];
};

export type RingParts = Readonly<{
  self: RingServer;
  peers: readonly RingServer[];
  copiesMin: number;
  boot: string;
  /** What the disk held. */
  record: Readonly<{ incarnation: string; installedTerm: number; promisedTerm: number }>;
  digest: ReadonlyMap<StreamId, number>;
  hlc: Readonly<{ ms: number; counter: number }>;
  /** Whether every entry that is no post could be read. */
  foldIsWhole: boolean;
  base: Ring['base'];
  nowMs: number;
  /** RING_LIMITS where none are given. */
  limits?: RingLimits | undefined;
}>;

function createPeer(server: RingServer): Peer {
  return {
    id: server.id,
    ringPosition: server.ringPosition,
    address: server.address,
    linkUp: false,
    linkDownMs: Number.NEGATIVE_INFINITY,
    linkHeardMs: Number.NEGATIVE_INFINITY,
    linkRenewedMs: Number.NEGATIVE_INFINITY,
    refused: false,
    boot: '',
    lastHeardMs: Number.NEGATIVE_INFINITY,
    lastHeartbeatMs: Number.NEGATIVE_INFINITY,
    unevennessMs: 0,
    announcement: null,
    digest: null,
    lead: 0,
    lastPulledHash: '',
    stuckUntilMs: Number.NEGATIVE_INFINITY,
    wasReachable: false,
    spoken: { heard: false, announcement: null },
    contactMs: Number.NEGATIVE_INFINITY,
    reachedMs: Number.NEGATIVE_INFINITY,
    flaps: [],
    contactsLost: 0,
    readmitMs: Number.NEGATIVE_INFINITY,
    slowWaitMs: 0,
    elsewhere: null,
    admitMs: Number.NEGATIVE_INFINITY,
    admitWaitMs: 0,
    storedSequence: 0,
    ackDueMs: Number.POSITIVE_INFINITY,
    unstableUntilMs: Number.NEGATIVE_INFINITY,
    astrayMs: Number.POSITIVE_INFINITY,
  };
}

/** A server that has just started: it knows its disk and nothing of its peers. */
export function createRing(parts: RingParts): Ring {
  let entryCount = 0;
  for (const sequence of parts.digest.values()) entryCount += sequence;
  return {
    self: { ...parts.self, incarnation: parts.record.incarnation, boot: parts.boot },
    peers: new Map(parts.peers.map((server) => [server.id, createPeer(server)])),
    copiesMin: parts.copiesMin,
    limits: parts.limits ?? RING_LIMITS,
    phase: 'joining',
    draining: false,
    drained: false,
    installedTerm: parts.record.installedTerm,
    promisedTerm: parts.record.promisedTerm,
    promisedTo: null,
    promisedAtMs: Number.NEGATIVE_INFINITY,
    termSeen: Math.max(parts.record.installedTerm, parts.record.promisedTerm),
    view: null,
    unshown: null,
    stream: null,
    unsent: [],
    base: parts.base,
    digest: new Map(parts.digest),
    entryCount,
    hash: hashOf(parts.digest),
    foldIsWhole: parts.foldIsWhole,
    hlcMs: parts.hlc.ms,
    hlcCounter: parts.hlc.counter,
    preparing: null,
    sounding: null,
    backoffUntilMs: Number.NEGATIVE_INFINITY,
    soundAgainMs: Number.NEGATIVE_INFINITY,
    refusals: 0,
    soundRefusals: 0,
    startedMs: parts.nowMs,
    discovering: true,
    leaderlessSinceMs: parts.nowMs + DISCOVERY_MS,
    lastTickMs: parts.nowMs,
    lastHeartbeatMs: Number.NEGATIVE_INFINITY,
    unconfirmed: new Set(),
    confirmRound: 0,
    confirmDeadlineMs: 0,
    pull: null,
    nextPullMs: Number.NEGATIVE_INFINITY,
    farBehind: {
      from: null,
      answeredMs: Number.NEGATIVE_INFINITY,
      loggedMs: Number.NEGATIVE_INFINITY,
    },
    announcementVersion: 0,
    spoken: null,
    announced: '',
    said: null,
  };
}

/** The hash of what a ring holds; found again only for what changed. */
export function ownHash(ring: Ring): string {
  return hashText(ring.hash, ring.digest);
}

/** Takes note of what a peer holds. */
export function noteDigest(ring: Ring, peer: Peer, digest: Digest): void {
  peer.digest = digest;
  peer.lead = lackCount(ring.digest, digest);
}

export function log(
  turn: Turn,
  level: 'debug' | 'info' | 'warn',
  message: string,
  fields: object = {},
) {
  turn.outputs.push({ type: 'log', level, message, fields });
}

/** Queues a message that may rely on what this step or an earlier one saves. */
export function send(turn: Turn, to: ServerId, message: PeerMessage): void {
  turn.outputs.push({ type: 'send', to, message });
}

/**
 * Queues a message that goes out before this turn's disk write, so that the other's disk works beside ours. Only
 * for what stays harmless when this process dies before its own write: what was sent then counts for nothing.
 */
export function sendAhead(turn: Turn, to: ServerId, message: PeerMessage): void {
  turn.outputs.push({ type: 'sendNow', to, message });
}

/** The phase others are told: draining hides the one beneath it. */
export function phaseOf(ring: Ring): Phase {
  return ring.draining ? 'draining' : ring.phase;
}
