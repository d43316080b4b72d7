// Whether the leader lives: pings, the round trip they measure, and what its loss means for what was asked of it.
import { beginSearch, fail, follow } from './search.ts';
import { type Link, type Session, send } from './session-state.ts';

/** Between two pings of an idle connection, in milliseconds. */
const PING_IDLE_MS = 500;
/** While something is unanswered a frozen leader must be noticed sooner. */
const PING_BUSY_MS = 100;
/**
 * With nothing heard for this long after a ping the leader counts as frozen: what servers allow each other,
 * and a slow commit; longer over a long way, and as long as the way is not known.
 */
const SILENCE_MS_MIN = 400;
const SILENCE_ROUND_TRIPS = 4;
const SILENCE_MS_UNKNOWN = 1_000;
/** Sooner when somebody else is said to lead. */
const RIVAL_SILENCE_MS_MIN = 75;
const RIVAL_SILENCE_ROUND_TRIPS = 2;
/** A wake-up later than this means that this process slept: the server had no chance to be heard. */
const OWN_SLEEP_MS = 500;
/** Weight of the newest round trip in the smoothed one, as in TCP (RFC 6298). */
const ROUND_TRIP_WEIGHT = 1 / 8;

/** Pings when it is time to, and leaves a leader that has been silent for too long. */
export function watch(session: Session, link: Link): void {
  const { nowMs } = session;
  if (nowMs - session.wakeMs > OWN_SLEEP_MS) {
    session.ping = null;
    link.heardMs = nowMs;
  }
  if (session.ping) {
    const silentMs = nowMs - Math.max(session.ping.sentMs, link.heardMs);
    if (silentMs < silenceMsMax(session)) return;
    const { rival } = session;
    lose(session, link.heardMs);
    fail(session, link, 'silent');
    const standby = rival && session.links.get(rival.link);
    return standby ? follow(session, standby, rival.leader, rival.term) : undefined;
  }
  if (!session.rival && nowMs - session.pingedMs < pingIntervalMs(session)) return;
  session.queries += 1;
  session.ping = { query: session.queries, sentMs: nowMs };
  session.pingedMs = nowMs;
  send(session, link, { type: 'ping', query: session.queries });
}

function silenceMsMax({ roundTripMs, rival }: Session): number {
  if (roundTripMs === null) return SILENCE_MS_UNKNOWN;
  if (rival) return Math.max(RIVAL_SILENCE_MS_MIN, RIVAL_SILENCE_ROUND_TRIPS * roundTripMs);
  return Math.max(SILENCE_MS_MIN, SILENCE_ROUND_TRIPS * roundTripMs);
}

const pingIntervalMs = (session: Session) =>
  session.sentCount > 0 || session.asked.size > 0 ? PING_BUSY_MS : PING_IDLE_MS;

/** Measures the round trip. */
export function onPong(session: Session, query: number): void {
  if (session.ping?.query !== query) return;
  const tripMs = session.nowMs - session.ping.sentMs;
  const before = session.roundTripMs ?? tripMs;
  session.roundTripMs = before + (tripMs - before) * ROUND_TRIP_WEIGHT;
  session.ping = null;
  session.rival = null;
}

/**
 * The leader is lost: what was asked of it waits for the next one.
 * @param heardMs when it last spoke
 * @param asks whoever is connected who leads; not needed after a word of the leader's own
 */
export function lose(session: Session, heardMs: number, asks = true): void {
  session.active = null;
  session.ping = null;
  session.rival = null;
  // The one that stands by is asked at once, as if it had greeted just now.
  const polledMs = asks ? 0 : session.nowMs;
  for (const link of session.links.values())
    Object.assign(link, { heardMs: session.nowMs, polledMs });
  session.lostMs = heardMs;
  // A loss within a recovery: the next recovery counts on from here.
  session.resend = null;
  session.sentCount = 0;
  for (const number of session.asked) {
    const reason = 'the connection was lost';
    session.outputs.push({ type: 'queryFailed', number, code: 'connection-lost', reason });
  }
  session.asked.clear();
  for (const [number, item] of session.items)
    session.items.set(number, { ...item, state: 'queued' });
  session.outputs.push({ type: 'outboxChanged' });
  beginSearch(session);
}

/** When `watch` has something to do next, while signed in; infinity otherwise. */
export function watchWakeMs(session: Session): number {
  const { active, ping } = session;
  if (!active) return Number.POSITIVE_INFINITY;
  return ping
    ? Math.max(ping.sentMs, active.heardMs) + silenceMsMax(session)
    : session.pingedMs + pingIntervalMs(session);
}
