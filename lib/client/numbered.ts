// Numbered requests: sent in order, as far as the window goes, until each is answered; and each post shown once.
import type { ServerMessage } from '../protocol/events.ts';
import { REQUESTS_IN_FLIGHT_MAX } from '../protocol/limits.ts';
import type { RefusalCode } from '../protocol/refusals.ts';
import type { OutboxItem } from './api.ts';
import { lose } from './liveness.ts';
import { fail } from './search.ts';
import { emit, type Link, type Session, send } from './session-state.ts';

/** Refusals of a request that say nothing of the request: it is sent again after the next sign-in. */
const RESENT: ReadonlySet<RefusalCode> = new Set([
  'not-leading',
  'shutting-down',
  'not-signed-in',
  'too-many-requests',
  'out-of-sequence',
]);

/** A request is on the disks of all that are in sync. */
export function onStored(
  session: Session,
  message: Extract<ServerMessage, { type: 'stored' }>,
): void {
  if (message.stamp !== undefined) session.stamp = message.stamp;
  const item = session.items.get(message.number);
  if (!item) return; // the answer to an earlier try came already
  const { number, id, time, copies, room } = message;
  // It may be on the screen already, in a lower place: an earlier leader stored it too.
  const known = session.recent.orderOf(id);
  const order = known !== undefined && known < message.order ? known : message.order;
  // What is shown as stored is not shown again when a resumption sends it.
  session.recent.note({ id, order });
  const answer = { type: 'stored' as const, number, id, time, order, copies, room };
  settle(session, item);
  emit(session, { type: 'answer', answer, item });
  maybeRecovered(session);
}

/** A query or a request is refused: told to whoever asked, or sent again when it says nothing of the request. */
export function onRefused(
  session: Session,
  link: Link,
  message: Extract<ServerMessage, { type: 'refused' }>,
): void {
  const { number, query, code, reason } = message;
  if (query !== undefined) {
    if (!session.asked.delete(query)) return;
    session.outputs.push({ type: 'queryFailed', number: query, code, reason });
    return;
  }
  const item = number === undefined ? undefined : session.items.get(number);
  if (!item) return;
  if (code === 'behind-refused') return sendLater(session, item);
  // It followed a sign-in that was answered with a redirect, and the one that is under way it is sent along behind anew.
  if (code === 'not-signed-in' && link.signInMs !== null) return;
  if (RESENT.has(code) && !isPassedOver(session, { item, code })) {
    if (session.active) lose(session, session.nowMs);
    return fail(session, link, reason);
  }
  settle(session, item);
  emit(session, {
    type: 'answer',
    answer: { type: 'refused', number: item.number, code, reason },
    item,
  });
  maybeRecovered(session);
}

/**
 * Nothing that is not answered comes before it, and still it is out of sequence: a later one is stored. The
 * answer to it, a refusal, was lost with the leader that gave it; sending it again would never end.
 */
function isPassedOver(
  session: Session,
  { item, code }: { item: OutboxItem; code: RefusalCode },
): boolean {
  const isLowest = session.items.keys().next().value === item.number;
  return code === 'out-of-sequence' && isLowest;
}

/** One before it was refused, and the server did not know that this is known here: it is to be sent again. */
function sendLater(session: Session, item: OutboxItem): void {
  if (item.state === 'sent') session.sentCount -= 1;
  session.items.set(item.number, { ...item, state: 'queued' });
  pump(session);
}

/** A request is answered: forgotten, and the next one may go. */
export function settle(session: Session, item: OutboxItem): void {
  session.items.delete(item.number);
  session.resend?.left.delete(item.number);
  if (item.state === 'sent') session.sentCount -= 1;
  const { number } = item;
  session.outputs.push({ type: 'forget', number, stamp: session.stamp }, { type: 'outboxChanged' });
  pump(session);
}

/** Sends what waits, in order, as far as the window goes. */
export function pump(session: Session): void {
  session.outputs.push({ type: 'outboxChanged' });
  const { active, items } = session;
  if (!active || session.sentCount >= REQUESTS_IN_FLIGHT_MAX) return;
  const lowest = items.keys().next().value;
  if (lowest === undefined) return;
  for (const item of items.values()) {
    if (item.state === 'sent') continue;
    if (session.sentCount >= REQUESTS_IN_FLIGHT_MAX) return;
    const isGap = active.sentNumber > 0 && item.number !== active.sentNumber + 1;
    // One was taken back, or is sent again: a server begins anew once all that was sent before is answered.
    if (isGap && session.sentCount > 0) return;
    items.set(item.number, { ...item, state: 'sent' });
    session.sentCount += 1;
    active.sentNumber = item.number;
    send(session, active, { ...item.request, number: item.number, lowest });
  }
}

/** The failover is over for the user when all that waited is answered. */
export function maybeRecovered(session: Session): void {
  const { resend } = session;
  if (!resend || resend.left.size > 0) return;
  session.resend = null;
  if (resend.tookMs === null) return;
  const leader = session.server ?? '';
  emit(session, { type: 'recovered', tookMs: resend.tookMs, leader, resent: resend.total });
}

// A post that two sides of a split stored has two places, and a leader tells of the lower one that it holds. A screen
// keeps it in the lowest that it was told, and where a page, which is read anew, has put it.

/**
 * A post is shown once; one that was stored on two sides of a split is moved to the lower of its places. One that comes
 * again may have been changed by somebody on a side that did not have it.
 */
export function onPost(session: Session, post: Extract<ServerMessage, { type: 'post' }>): void {
  const known = session.recent.orderOf(post.id);
  if (known !== undefined && known <= post.order)
    return emit(session, { type: 'changed', post: { ...post, order: known } });
  session.recent.note(post);
  emit(session, { type: known === undefined ? 'post' : 'moved', post });
}

/**
 * What became of a post, wherever it stands here: the present leader may hold only the higher copy of it, and one that
 * holds a lower copy tells of it by this.
 */
export function onPostChanged(
  session: Session,
  { post }: Extract<ServerMessage, { type: 'postChanged' }>,
): void {
  const known = session.recent.orderOf(post.id);
  if (known === undefined || known === post.order) return emit(session, { type: 'changed', post });
  if (known < post.order)
    return emit(session, { type: 'changed', post: { ...post, order: known } });
  session.recent.note(post);
  emit(session, { type: 'moved', post });
}

/** A page puts its posts where this leader has them: one with a higher place there may be moved down again. */
export function onPage(
  session: Session,
  { posts }: Extract<ServerMessage, { type: 'page' }>,
): void {
  for (const post of posts) session.recent.note(post);
}
