// Where the connection stands, as the user is told: the table "The connection, as the user sees it".
import type { ConnectionState } from './api.ts';
import type { Session } from './session-state.ts';

/** Whole milliseconds, so that an idle connection reports nothing; halves below one. */
function shownTrip(tripMs: number | null): number | null {
  if (tripMs === null) return null;
  return tripMs < 1 ? 0.5 : Math.round(tripMs);
}

/** The state to report now. */
export function stateOf(session: Session): ConnectionState {
  const { phase, resend, lostMs } = session;
  if (phase === 'closed') return { type: 'closed' };
  if (phase === 'refused') return session.connection;
  if (phase === 'searching') return searchState(session);
  if (resend && resend.total > 0 && resend.tookMs !== null) {
    return {
      type: 'resending',
      done: resend.total - resend.left.size,
      total: resend.total,
      lostMs,
    };
  }
  return { type: 'connected', roundTripMs: shownTrip(session.roundTripMs) };
}

function searchState(session: Session): ConnectionState {
  const { lostMs, server, term, everSignedIn } = session;
  const targets = [...session.targets.values()];
  const waiting = [...session.links.values()].filter((link) => link.welcome);
  const isLeaderless = waiting.some(({ leader }) => leader === null);
  if (isLeaderless) return { type: 'electing', term: term + 1, lostMs };
  const attempt = Math.max(0, ...targets.map(({ failures }) => failures));
  const nextAttemptMs = Math.min(...targets.map(({ nextTryMs }) => nextTryMs));
  const hasFailed = waiting.length === 0 && targets.every(({ failures }) => failures > 0);
  if (!hasFailed)
    return everSignedIn ? { type: 'leaderLost', server, lostMs } : { type: 'connecting' };
  const tried = targets.map(({ address, result }) => ({ address, result }));
  if (everSignedIn) return { type: 'reconnecting', tried, attempt, nextAttemptMs, server, lostMs };
  return { type: 'noServer', tried, attempt, nextAttemptMs, lostMs };
}
