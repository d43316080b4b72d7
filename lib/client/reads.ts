// How far the user has read, told to the leader: each place once, and again to a leader that does not know it.
import type { ServerMessage, SignedIn } from '../protocol/events.ts';
import { emit, type Session, send } from './session-state.ts';

type Place = Readonly<{ room: string; order: string }>;

/** @returns whether it is further than before */
function note({ reads }: Session, { room, order }: Place): boolean {
  if (order <= (reads.get(room) ?? '')) return false;
  reads.set(room, order);
  return true;
}

export function onReadHere(session: Session, { room, order }: Place): void {
  if (!note(session, { room, order })) return;
  if (session.active) send(session, session.active, { type: 'read', room, order });
}

export function onReadElsewhere(
  session: Session,
  { room, order }: Extract<ServerMessage, { type: 'read' }>,
): void {
  note(session, { room, order });
  emit(session, { type: 'read', room, order });
}

/** After a sign-in: what was read here and this leader has not heard. */
export function tellReads(session: Session, known: SignedIn['reads']): void {
  const there = new Map(known.map(({ room, order }) => [room, order]));
  for (const [room, order] of session.reads) {
    if (order <= (there.get(room) ?? '') || !session.active) continue;
    send(session, session.active, { type: 'read', room, order });
  }
}
