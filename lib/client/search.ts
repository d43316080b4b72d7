// The search for the leader: tries every known address side by side, goes where servers point, waits on
// those that know of no leader, and signs in on the first that leads. No step waits for a dead server.
//
// Whoever stood by is signed in to at once, before it leads, and what is not answered follows on the same link: it is
// all there when that server begins to lead. Should another lead instead, its answer comes first.

import { signInText } from '../ids.ts';
import type { ServerAddress } from '../protocol/events.ts';
import { PROTOCOL_VERSION, REQUESTS_IN_FLIGHT_MAX } from '../protocol/limits.ts';
import type { Prove } from '../protocol/requests.ts';
import { type Link, type Session, send, type Target } from './session-state.ts';

/** A server on the same continent greets within this, in milliseconds. */
const GREETING_MS_MAX = 1_000;
/** A sign-in may wait for a change of view and for the disks of all servers; a frozen leader for ever. */
const SIGN_IN_MS_MAX = 1_500;
/** A server that waits with us pushes what it hears; asked again in case that was lost with its loop. */
const POLL_MS = 250;
/** First wait after a failed try: a cluster on one machine fails over within some 20 ms. */
const RETRY_MS_MIN = 5;
/** Longest wait between two tries of one address. */
const RETRY_MS_MAX = 2_000;
const RETRY_GROWTH = 1.5;
/** On a fresh start one address is tried after the other, this far apart (RFC 8305 uses 250). */
const STAGGER_MS = 50;
/** A failover is over by then, as a rule. */
const ALONG_MS_MAX = 500;
/** A leader that is pointed at but has just refused is not tried again sooner than this. */
const POINTED_AGAIN_MS = 20;
/** Addresses that are known at most: as many as a cluster file has servers. */
const TARGETS_MAX = 64;

/** Makes an address known; an id that moved takes its new address. */
export function learn(session: Session, address: string, id: string | null): Target {
  const known = session.targets.get(address);
  if (known) {
    known.id = id ?? known.id;
    return known;
  }
  const target: Target = {
    address,
    id,
    nextTryMs: session.nowMs,
    failures: 0,
    failedMs: Number.NEGATIVE_INFINITY,
    result: 'not tried yet',
  };
  if (session.targets.size < TARGETS_MAX) session.targets.set(address, target);
  return target;
}

/**
 * Begins to search: one after the other on a fresh start; after a loss everywhere, a moment later where somebody stands
 * by. That one leads next, or is told who does, and a room full of clients does not call every server just then.
 */
export function beginSearch(session: Session): void {
  session.phase = 'searching';
  const next = [...session.links.values()].find((link) => standsBy(session, link));
  if (next) signIn(session, next, true);
  const patienceMs = hasGreeted(session) ? STAGGER_MS : 0;
  let index = 0;
  for (const target of session.targets.values()) {
    target.failures = 0;
    target.nextTryMs = session.nowMs + (session.everSignedIn ? patienceMs : index * STAGGER_MS);
    index += 1;
  }
  advance(session);
}

/** Greeted, and not the leader that was lost. */
function standsBy(session: Session, { welcome }: Link): boolean {
  return session.everSignedIn && welcome !== null && welcome.server !== session.server;
}

function hasGreeted({ links }: Session): boolean {
  return [...links.values()].some(({ welcome }) => welcome !== null);
}

const linkTo = (session: Session, address: string): Link | undefined =>
  [...session.links.values()].find((link) => link.address === address);

export function open(session: Session, target: Target): void {
  session.linksOpened += 1;
  const number = session.linksOpened;
  session.links.set(number, {
    number,
    address: target.address,
    openedMs: session.nowMs,
    heardMs: session.nowMs,
    welcome: null,
    isProved: false,
    signature: null,
    leader: null,
    signInMs: null,
    isAhead: false,
    polledMs: session.nowMs,
    sentNumber: 0,
    closing: null,
  });
  session.outputs.push({ type: 'open', link: number, address: target.address });
}

/** Gives a link up; its address is tried again after a while that grows. */
export function fail(session: Session, link: Link, reason: string): void {
  if (session.links.delete(link.number)) {
    session.outputs.push({ type: 'close', link: link.number });
  }
  const target = session.targets.get(link.address);
  if (!target) return;
  const grown = Math.min(RETRY_MS_MAX, RETRY_MS_MIN * RETRY_GROWTH ** target.failures);
  target.failures += 1;
  target.failedMs = session.nowMs;
  target.result = reason;
  target.nextTryMs = session.nowMs + grown * (0.5 + session.draw / 2);
  if (session.phase === 'searching' && session.everSignedIn && !hasGreeted(session))
    tryAll(session);
}

/** Nobody is left who could say who leads: those that were not tried in this search are tried now. */
function tryAll({ targets, nowMs }: Session): void {
  for (const target of targets.values())
    if (target.failures === 0) target.nextTryMs = Math.min(target.nextTryMs, nowMs);
}

/** Does what is due: gives up on the silent, tries what is to be tried, asks those that wait. */
export function advance(session: Session): void {
  if (session.phase !== 'searching') return;
  const { nowMs } = session;
  for (const link of [...session.links.values()]) {
    const late = lateness(link, nowMs);
    if (late !== null) fail(session, link, late);
    else if (isPolled(link) && nowMs - link.polledMs >= POLL_MS) {
      link.polledMs = nowMs;
      session.queries += 1;
      send(session, link, { type: 'status', query: session.queries });
    }
  }
  for (const target of session.targets.values()) {
    if (target.nextTryMs <= nowMs && !linkTo(session, target.address)) open(session, target);
  }
}

/** Whether it is asked who leads: it has not been told to do anything else, or may follow another leader after all. */
function isPolled({ welcome, signInMs, isAhead }: Link): boolean {
  return welcome !== null && (signInMs === null || isAhead);
}

/** When a server must have greeted; infinity once it has. */
export function greetingDueMs(link: Link): number {
  return link.welcome ? Number.POSITIVE_INFINITY : link.openedMs + GREETING_MS_MAX;
}

function lateness(link: Link, nowMs: number): string | null {
  if (!link.welcome) return nowMs >= greetingDueMs(link) ? 'no answer' : null;
  if (link.signInMs !== null && !link.isAhead) {
    return nowMs - link.signInMs >= SIGN_IN_MS_MAX ? 'no answer to the sign-in' : null;
  }
  return nowMs - link.heardMs >= POLL_MS + GREETING_MS_MAX ? 'silent' : null;
}

/** When `advance` has something to do next; infinity when nothing is due by itself. */
export function searchWakeMs(session: Session): number {
  let wakeMs = Number.POSITIVE_INFINITY;
  for (const link of session.links.values()) {
    const answerDueMs =
      link.signInMs === null || link.isAhead
        ? Number.POSITIVE_INFINITY
        : link.signInMs + SIGN_IN_MS_MAX;
    const pollMs = isPolled(link) ? link.polledMs + POLL_MS : Number.POSITIVE_INFINITY;
    wakeMs = Math.min(wakeMs, greetingDueMs(link), answerDueMs, pollMs);
  }
  for (const target of session.targets.values()) {
    if (!linkTo(session, target.address)) wakeMs = Math.min(wakeMs, target.nextTryMs);
  }
  return wakeMs;
}

/**
 * Signs in on a greeted link, unless a sign-in to a leader is under way, or one to that very server, whatever the address.
 * @param isAhead before it leads
 */
export function signIn(session: Session, link: Link, isAhead = false): void {
  if (session.phase !== 'searching' || !link.welcome) return;
  const { cursor, at, stamp } = session;
  const { server } = link.welcome;
  const underWay = [...session.links.values()].filter(({ signInMs }) => signInMs !== null);
  // It was signed in to ahead, and is said to lead now.
  if (!isAhead) link.isAhead = false;
  if (underWay.some((each) => !each.isAhead || each.welcome?.server === server)) return;
  // A server gives the session to the connection opened last, and takes the others from it for good.
  if (link.number < (session.signInLinks.get(server) ?? 0))
    return fail(session, link, 'older than the connection last signed in on');
  session.signInLinks.set(server, link.number);
  link.signInMs = session.nowMs;
  link.isAhead = isAhead;
  send(session, link, {
    type: 'signIn',
    protocol: PROTOCOL_VERSION,
    ...proofOn(session, link, link.welcome),
    ...(cursor === null ? {} : { cursor, at }),
    ...(stamp === null ? {} : { stamp }),
    ...(session.isIdle ? { idle: true as const } : {}),
  });
  link.sentNumber = 0;
  sendAlong(session, link);
}

/** Who this is, signed for that connection. */
function proofOn(
  { self, signer }: Session,
  link: Link,
  { server, nonce }: NonNullable<Link['welcome']>,
): Omit<Prove, 'type'> {
  const text = signInText({ nonce, server, name: self.name, session: self.seed });
  link.signature ??= signer.sign(text);
  return { key: signer.key, name: self.name, session: self.seed, signature: link.signature };
}

/** Has a server check now who this is, in case it leads some day. */
export function prove(session: Session, link: Link): void {
  if (!link.welcome) return;
  link.isProved = true;
  send(session, link, { type: 'prove', ...proofOn(session, link, link.welcome) });
}

/** What is asked for meanwhile follows the sign-ins that are under way; where it takes longer, it can be taken back. */
export function sendMoreAlong(session: Session): void {
  for (const link of session.links.values()) {
    const { signInMs } = link;
    if (signInMs !== null && session.nowMs - signInMs <= ALONG_MS_MAX) sendAlong(session, link);
  }
}

/** Sends what is not answered behind a sign-in that is under way: as far as the window goes, and up to a gap. */
function sendAlong(session: Session, link: Link): void {
  const lowest = session.items.keys().next().value;
  if (lowest === undefined) return;
  for (const { number, request } of session.items.values()) {
    if (number <= link.sentNumber) continue;
    if (number !== lowest && number !== link.sentNumber + 1) return;
    if (number - lowest >= REQUESTS_IN_FLIGHT_MAX) return;
    send(session, link, { ...request, number, lowest });
    link.sentNumber = number;
  }
}

/** A server says that it leads itself: a sign-in elsewhere, on somebody's word, no longer stands in the way. */
export function onLeading(session: Session, link: Link, term: number): void {
  session.term = Math.max(session.term, term);
  for (const each of session.links.values())
    if (each !== link && each.signInMs !== null) each.isAhead = true;
  signIn(session, link);
}

/** Whether a request follows a sign-in that is under way: it may be stored already. */
export function isSentAlong({ links }: Session, number: number): boolean {
  return [...links.values()].some(
    ({ signInMs, sentNumber }) => signInMs !== null && number <= sentNumber,
  );
}

/** A server names the leader, or says that there is none: goes there at once. */
export function follow(
  session: Session,
  link: Link,
  leader: ServerAddress | null,
  term: number,
): void {
  link.leader = leader?.id ?? null;
  session.term = Math.max(session.term, term);
  if (!leader) return;
  if (leader.id === link.welcome?.server) return signIn(session, link);
  const target = learn(session, leader.address, leader.id);
  const there = linkTo(session, leader.address);
  if (there) return signIn(session, there);
  if (session.nowMs - target.failedMs >= POINTED_AGAIN_MS) target.nextTryMs = session.nowMs;
  // Its address may not lead anywhere from here: those at which its id was met before are tried as well.
  for (const other of session.targets.values()) {
    if (other.id === leader.id && other !== target && target.failures > 0) {
      other.nextTryMs = Math.min(other.nextTryMs, session.nowMs + STAGGER_MS);
    }
  }
  advance(session);
}
