// The second connection: to the server that would lead next, greeted, told who this is, and not signed in. When the leader
// is frozen or cut off there is no close to tell; whoever leads in its place tells here, and is signed in to at
// once. The word of a server is not enough to leave a leader that answers: in a split both may lead.
import type { ServerAddress, ServerMessage } from '../protocol/events.ts';
import { watch } from './liveness.ts';
import { fail, greetingDueMs, learn, open, prove } from './search.ts';
import type { Link, Session } from './session-state.ts';

/** The link beside that of the leader; undefined when there is none. */
function standbyOf({ links, active }: Session): Link | undefined {
  return active ? [...links.values()].find((link) => link !== active) : undefined;
}

/** The highest of the others: it leads next, or is about to take the lead back. */
function nextLeader({ servers, server }: Session): ServerAddress | undefined {
  return servers
    .filter(({ id, state }) => id !== server && state !== 'down' && state !== 'draining')
    .sort((one, other) => other.ringPosition - one.ringPosition)[0];
}

/** Opens it, moves it to another server, or tries it again, as is due. */
export function keepStandby(session: Session): void {
  if (!session.active) return;
  const next = nextLeader(session);
  const standby = standbyOf(session);
  if (standby && standby.address !== next?.address) drop(session, standby);
  else if (standby && session.nowMs >= greetingDueMs(standby)) fail(session, standby, 'no answer');
  if (!next || standbyOf(session) || session.nowMs < session.standbyFromMs) return;
  const target = learn(session, next.address, next.id);
  if (target.nextTryMs <= session.nowMs) open(session, target);
}

function drop(session: Session, link: Link): void {
  session.links.delete(link.number);
  session.outputs.push({ type: 'close', link: link.number });
}

/** When `keepStandby` has something to do by itself; infinity when nothing is due. */
export function standbyWakeMs(session: Session): number {
  const standby = standbyOf(session);
  if (standby) return greetingDueMs(standby);
  const next = nextLeader(session);
  const target = next && session.targets.get(next.address);
  return target && session.active
    ? Math.max(target.nextTryMs, session.standbyFromMs)
    : Number.POSITIVE_INFINITY;
}

/**
 * Signed in. Where thousands have returned together, the servers have that to do before anybody stands by.
 * @param spreadMs what the leader says of how many there are; 0 on a first sign-in
 */
export function noteSignedIn(session: Session, spreadMs: number): void {
  session.standbyFromMs = session.nowMs + session.draw * spreadMs;
}

export function onStandbyMessage(session: Session, link: Link, message: ServerMessage): void {
  switch (message.type) {
    case 'welcome': {
      link.welcome = message;
      learn(session, link.address, message.server).failures = 0;
      prove(session, link);
      const self = { id: message.server, address: link.address };
      return onRival(session, link, {
        leader: message.state === 'leading' ? self : message.leader,
        term: message.term,
      });
    }
    case 'leading': {
      if (!link.welcome) return;
      const leader = { id: link.welcome.server, address: link.address };
      return onRival(session, link, { leader, term: message.term });
    }
    case 'redirect':
      return onRival(session, link, message);
  }
}

/** Somebody else leads in a higher term: the leader is left unless it answers soon. */
function onRival(
  session: Session,
  link: Link,
  { leader, term }: { leader: ServerAddress | null; term: number },
): void {
  if (!session.active || !leader || leader.id === session.server || term <= session.term) return;
  session.rival = { link: link.number, leader, term };
  watch(session, session.active);
}
