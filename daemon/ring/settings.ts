// Every time and size of the ring protocol, with its reason. Times are milliseconds.
import { assert } from '../../lib/assert.ts';

/** How often the shell steps the ring with a tick: a fifth of the shortest deadline below. */
export const TICK_INTERVAL_MS = 25;

/** One heartbeat to each peer this often: 20 small datagrams a second cost nothing and tell soon. */
export const HEARTBEAT_INTERVAL_MS = 50;

/** Silence after which a peer is dead: five heartbeats, so that four lost in a row are forgiven. */
export const SILENCE_MS = 250;

/** A silent peer is asked over its link after this, at each heartbeat: datagrams may be lost, the link's bytes not. */
export const PROBE_AFTER_MS = 125;

/** A link that carried nothing for so long is asked over: what stands between may have forgotten it. */
export const LINK_SILENCE_MS = 1_000;

/**
 * One that carries nothing at all for so long is renewed though contact goes on. An answer may come behind the longest line,
 * PULL_BYTES_MAX, which takes that long on a path of 0.3 Mbit/s; without answers nobody waits for that peer anyway.
 */
export const LINK_PATIENCE_MS = 15_000;

/**
 * A peer that is heard again, and has not answered over its link after so long, gets a new one: after a cut of a minute
 * TCP may wait for half a minute before it sends again (RFC 6298, section 5.5).
 */
export const STALE_LINK_MS = 250;

/** Added to SILENCE_MS at most for a peer whose heartbeats come unevenly (Lifeguard's idea). */
export const SILENCE_EXTRA_MS_MAX = 750;

/** A tick that is later than this says that this process was stopped, not merely busy. */
export const PAUSE_LATENESS_MS = 150;

/** Each of the three waits of a change of view: promises, pulls, pushes. Nobody slower is waited for. */
export const PREPARE_STEP_MS = 120;

/** A promise without an installation is given up after all three waits and a little more. */
export const PROMISE_PATIENCE_MS = 500;

/** An in-sync server that holds back an acknowledgement for longer is removed from the view. */
export const ACK_PATIENCE_MS = 400;

/** First wait before a server that was removed for slowness is admitted again; doubles each time. */
export const SLOW_READMISSION_MS = 10_000;
export const SLOW_READMISSION_MS_MAX = 600_000;

/** A returning server must have been in contact for so long before it takes the lead from a lower one. */
export const STABLE_MS = 1_000;
/** Each loss of contact within FLAP_MEMORY_MS doubles it, up to this. */
export const STABLE_MS_MAX = 8_000;
export const FLAP_MEMORY_MS = 60_000;

/** A starting server listens this long for its peers before it judges what it lacks. */
export const DISCOVERY_MS = 300;

/**
 * One with nothing on its disk listens this long for those it is configured with: if they are merely starting too, they
 * have the history, and it would refuse what people say in rooms that it has never heard of.
 */
export const EMPTY_DISCOVERY_MS = 5_000;

/** A server that lacks more entries than this is joining: what one change of view may still carry. */
const CATCH_UP_ENTRIES_MAX = 1_000;

/** Entries and bytes in one answer to a pull: two or three milliseconds of the leader, in which its room waits. */
const PULL_ENTRIES_MAX = 100;
export const PULL_BYTES_MAX = 512 * 1024;

/** How often a server that catches up says how far it is. */
export const CATCH_UP_LOG_MS = 10_000;

/** Entries that go ahead of a promise: nobody serves before they are there, but they need not be asked for then. */
const GIVE_ENTRIES_MAX = 500;

/** Damaged entries asked for at once: the answer is bounded in bytes too. */
export const FETCH_SEQUENCES_MAX = 100;

/** A peer that had nothing to give to a pull, though it holds more, is not asked again before this. */
export const PULL_STUCK_MS = 1_000;

/** A pull that got no answer is repeated after this. */
export const PULL_PATIENCE_MS = 1_000;

/** Wait between two pulls by a server that is caught up but for the newest entries. */
export const PULL_PAUSE_MS = 100;

/**
 * What came from outside the view is shown with the next one. That is begun for its sake when nothing more has come
 * for so long: a server that returns brings a view with it sooner. While more keeps coming, this long after the first.
 */
export const UNSHOWN_QUIET_MS = 2_000;
export const UNSHOWN_MS_MAX = 10_000;

/** The same where somebody waits for an answer among it: one pull further, and no longer than a failover. */
export const AWAITED_QUIET_MS = 2 * PULL_PAUSE_MS;
export const AWAITED_MS_MAX = 500;

/** A refused asker waits a random time within these. */
export const BACKOFF_MS_MIN = 30;
export const BACKOFF_MS_MAX = 150;

/**
 * A peer that has refused for so long, for the sake of a leader that is not seen here, is left to that one: as long again,
 * doubling each time. Else neither would be led, where that leader will not have it for a while. Longer than a promise holds.
 */
export const ELSEWHERE_MS_MIN = 1_000;
export const ELSEWHERE_MS_MAX = 60_000;
/** Refusals further apart are not of one time: more than the longest wait between two attempts. */
export const ELSEWHERE_GAP_MS = 2_500;

/** A peer that was invited to a view and is not in it: no view for its sake before, doubling each time. */
export const ADMIT_WAIT_MS_MIN = 100;
export const ADMIT_WAIT_MS_MAX = 5_000;

/**
 * All servers joining and none to lead them: after this the highest leads all the same. And what a server held that is out
 * of sight counts for so long.
 */
export const JOINING_PATIENCE_MS = 1_500;

/**
 * New entries in one message; so many go out while their turn goes on. A twentieth of the longest line that a link takes, when
 * all texts are the longest.
 */
export const APPEND_ENTRIES_MAX = 128;

/** Entries that are not acknowledged yet; beyond them a leader takes no more. */
const PENDING_ENTRIES_MAX = 20_000;

/** The sizes above that a ring is given, so that a simulated one meets them within seconds. */
export type RingLimits = Readonly<{
  catchUpEntriesMax: number;
  pullEntriesMax: number;
  giveEntriesMax: number;
  pendingEntriesMax: number;
}>;

export const RING_LIMITS: RingLimits = {
  catchUpEntriesMax: CATCH_UP_ENTRIES_MAX,
  pullEntriesMax: PULL_ENTRIES_MAX,
  giveEntriesMax: GIVE_ENTRIES_MAX,
  pendingEntriesMax: PENDING_ENTRIES_MAX,
};

assert(
  PROMISE_PATIENCE_MS > 3 * PREPARE_STEP_MS,
  'a promise outlasts the change of view it is for',
);
assert(SILENCE_MS >= 4 * HEARTBEAT_INTERVAL_MS, 'three lost heartbeats in a row are no death');
assert(PAUSE_LATENESS_MS < SILENCE_MS, 'a paused server notices before it calls others dead');
