// How fast a server gets a history from far behind. While rooms talk they come first: it asks for little at a time, and
// rests in between, so that neither the processors nor the disks of those who serve are busy with it when somebody says
// something. At full speed while they are silent, where they say so much that it would gain little, and where what they
// say is on fewer disks than it should be.
import type { PeerMessageOf } from './messages.ts';
import {
  CATCH_UP_LOG_MS,
  PACE_WINDOW_MS,
  PACED_GAIN_MIN,
  PACED_PULL_ENTRIES,
  PACED_REST_MS,
  PULL_PATIENCE_MS,
  ROOMS_SILENT_MS,
} from './settings.ts';
import { log, type Pace, type Peer, type Turn } from './state.ts';

/**
 * An answer came that leaves this server far behind.
 * @returns when the next pull is due, on the monotonic clock
 */
export function paceAfter(turn: Turn, from: Peer, answer: PeerMessageOf<'entries'>): number {
  const { ring, nowMs } = turn;
  const { pace } = ring;
  const { entries, remaining } = answer;
  if (!isFarBehind(turn, from)) beginWindow(pace, nowMs);
  else {
    // Posts, and whatever else is stored.
    const said = Math.max(0, remaining + entries.length - pace.remaining);
    if (said > 0) pace.talkedMs = nowMs;
    pace.said += said;
    pace.got += entries.length;
  }
  if (nowMs - pace.sinceMs >= PACE_WINDOW_MS) {
    if (pace.got < PACED_GAIN_MIN * pace.said) pace.loudMs = nowMs;
    beginWindow(pace, nowMs);
  }
  pace.from = from.id;
  pace.remaining = remaining;
  pace.answeredMs = nowMs;
  pace.isResting =
    nowMs - pace.talkedMs < ROOMS_SILENT_MS &&
    nowMs - pace.loudMs >= ROOMS_SILENT_MS &&
    (from.announcement?.view?.inSync.length ?? 0) >= Math.max(2, ring.copiesMin);
  if (nowMs - pace.loggedMs >= CATCH_UP_LOG_MS) {
    pace.loggedMs = nowMs;
    log(turn, 'info', 'catching up', { entries: ring.entryCount, remaining });
  }
  return pace.isResting ? nowMs + PACED_REST_MS : nowMs;
}

function beginWindow(pace: Pace, nowMs: number): void {
  pace.sinceMs = nowMs;
  pace.got = 0;
  pace.said = 0;
}

/** Whether a peer's last answer came a moment ago, and left this server far behind. */
export function isFarBehind({ ring, nowMs }: Turn, peer: Peer): boolean {
  return ring.pace.from === peer.id && nowMs - ring.pace.answeredMs < PULL_PATIENCE_MS;
}

/** What that peer answers next is no longer the next answer: another process, perhaps, or this server is close. */
export function forgetPace({ ring }: Turn): void {
  ring.pace.from = null;
}

/** Most entries to ask a peer for; undefined for as many as an answer has. */
export function pacedLimit(turn: Turn, peer: Peer): number | undefined {
  return turn.ring.pace.isResting && isFarBehind(turn, peer) ? PACED_PULL_ENTRIES : undefined;
}
