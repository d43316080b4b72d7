// What the client core tells, taken into the model.

import type * as z from 'zod';
import type { ClientEvent, Cluster, ConnectionState, Room, Tried } from '../../lib/client/api.ts';
import { timeOfOrder } from '../../lib/ids.ts';
import type { PostEvent, PresenceEvent } from '../../lib/protocol/events.ts';
import { keptWhole } from '../kill-ring.ts';
import { cleanLine } from '../text.ts';
import type { Effect, Stamp } from './action.ts';
import { onAnswer, onOutbox } from './answers.ts';
import { lacks } from './kept-lines.ts';
import { insertLine, insertMember } from './lines.ts';
import { carriedOver, type Line, type Model, type RoomView } from './model.ts';
import { followMembers, sortedPeople } from './people.ts';
import { callsAway, onReadElsewhere, onReads } from './reading.ts';
import { onChanged, onMoved, onPost, onReset, onRoom, onRooms } from './rooms.ts';
import { searchAgain } from './searching.ts';
import { startingServers } from './selectors.ts';
import { ask, hint, notice, noticeFor, roomOf, type Step, stay, then, withRoom } from './step.ts';
import { onTypingEvent, typedNoMore } from './typing.ts';

export function onClientEvent(model: Model, event: ClientEvent, stamp: Stamp): Step {
  switch (event.type) {
    case 'connection':
      return asBefore(tellUnreached(onConnection(model, event.state), stamp));
    case 'signedIn':
      // What was asked for may have been lost with the connection.
      return then(then(onSignedIn(model, event, stamp), searchAgain), (next) =>
        // Signed in anew as who one was, one is told nothing of what was missed: all is read again.
        model.nameAsked !== null && model.account === event.account ? onReset(next) : stay(next),
      );
    case 'cluster':
      return stay(onCluster(model, cleanCluster(event.cluster)));
    case 'recovered':
      return stay(onRecovered(model, event, stamp));
    case 'post':
      return onNewPost(model, event.post, stamp);
    case 'moved':
      return stay(onMoved(model, event.post));
    case 'changed':
      return stay(onChanged(model, event.post));
    case 'member':
      return stay(onMember(model, event.member));
    case 'room':
      return onRoomEvent(model, event.room, stamp);
    case 'presence':
      return stay(onPresence(model, event.presence));
    case 'typing':
      return stay(onTypingEvent(model, event.typing));
    case 'read':
      return stay(onReadElsewhere(model, event));
    case 'renamed':
      return stay(onRenamed(model, event.renamed, stamp));
    case 'reset':
      return onReset(model);
    case 'outbox':
      return asBefore(onOutbox(model, event.items, stamp));
    case 'answer':
      return onAnswer(model, event.answer, event.item, stamp);
  }
}

/** Another topic is told where people look, too. */
function onRoomEvent(model: Model, room: Room, stamp: Stamp): Step {
  const before = roomOf(model, room.id)?.room;
  const step = then(onRoom(model, room), (next) => followMembers(next, room.id));
  const topic = cleanLine(room.topic);
  if (before === undefined || !room.joined || before.topic === topic) return step;
  const text = topic === '' ? 'the topic was taken away' : `the topic is now: ${topic}`;
  return { ...step, model: notice(step.model, text, stamp, room.id) };
}

function onNewPost(model: Model, post: z.infer<typeof PostEvent>, stamp: Stamp): Step {
  const heard = withRoom(model, post.room, (view) => typedNoMore(view, post.account));
  const next = onPost(heard, post, stamp.wallMs);
  return next === heard ? stay(heard) : ask(next, ...alertsFor(model, post));
}

function alertsFor(model: Model, post: z.infer<typeof PostEvent>): Effect[] {
  if (!callsAway(model, post)) return [];
  const room = roomOf(model, post.room)?.room;
  const where = room?.direct ? 'writes to you' : `in #${room?.name ?? ''}`;
  return [{ type: 'alert', title: `${cleanLine(post.name)} ${where}`, text: cleanLine(post.text) }];
}

/** Another name was asked for, and is refused: one stays who one was. */
function asBefore(model: Model): Step {
  const { connection, nameAsked, outbox } = model;
  if (connection.type !== 'refused' || !nameAsked || nameAsked.isBack) return stay(model);
  // What was written under that name is nobody else's: whoever wrote it drops it, or tries yet another name.
  if (outbox.length > 0)
    return stay(hint(model, 'Ctrl+O, then d, drops what waits under that name'));
  const { before } = nameAsked;
  const [why] = connection.reason.split(':');
  const told = hint(model, `${why}: you are still ${before}`);
  return ask(
    { ...told, nameAsked: { ...nameAsked, isBack: true } },
    { type: 'signInAs', name: before },
  );
}

function onConnection(model: Model, state: ConnectionState): Model {
  const roundTripMs =
    state.type === 'connected' ? (state.roundTripMs ?? model.roundTripMs) : model.roundTripMs;
  const next: Model = { ...model, connection: cleanConnection(state), roundTripMs };
  const isLost = state.type !== 'connected' && state.type !== 'resending';
  return isLost && model.recovered ? settleRecovery(next) : next;
}

/** Nobody is back after this long: somebody has to do something. */
const UNREACHED_TOLD_MS = 10_000;

/** Once in an outage that lasts: what was tried, and what there is to do. */
function tellUnreached(model: Model, stamp: Stamp): Model {
  const { connection: state } = model;
  if (state.type === 'connected')
    return model.toldUnreached ? { ...model, toldUnreached: false } : model;
  if (state.type !== 'reconnecting' || model.toldUnreached || !state.tried) return model;
  if (stamp.nowMs - state.lostMs < UNREACHED_TOLD_MS) return model;
  const tried = state.tried.map(({ address, result }) => `${address} ${result}`).join(' · ');
  // Whoever led last has all there is.
  const start = model.local ? `/start ${state.server ?? 'server3'}` : 'docker compose up -d';
  const text = `no server answers: ${tried}\n${start}, or leave and come back with --servers host:port or --local: what is queued is kept`;
  return notice({ ...model, toldUnreached: true }, text, stamp);
}

/** Reasons and ids in a state come from servers. */
function cleanConnection(state: ConnectionState): ConnectionState {
  switch (state.type) {
    case 'refused':
      return { ...state, reason: cleanLine(state.reason) };
    case 'leaderLost':
      return { ...state, server: state.server === null ? null : cleanLine(state.server) };
    case 'reconnecting':
      return {
        ...state,
        server: state.server === null ? null : cleanLine(state.server),
        tried: cleanTried(state.tried ?? []),
      };
    case 'noServer':
      return {
        ...state,
        tried: cleanTried(state.tried),
      };
    default:
      return state;
  }
}

const cleanTried = (tried: readonly Tried[]): Tried[] =>
  tried.map(({ address, result }) => ({ address: cleanLine(address), result: cleanLine(result) }));

function cleanCluster(cluster: Cluster): Cluster {
  const leader = cluster.leader && { ...cluster.leader, id: cleanLine(cluster.leader.id) };
  const servers = cluster.servers.map((server) => ({ ...server, id: cleanLine(server.id) }));
  return { ...cluster, leader, servers };
}

/** Another server in sync may be the one that has what was missing. */
function onCluster(model: Model, cluster: Cluster): Model {
  const { behind } = model;
  const next = cluster.copies === cluster.servers.length ? copiedEverywhere(model) : model;
  if (!behind) return { ...next, cluster };
  const present = cluster.servers.flatMap(({ id, inSync }) => (inSync ? [id] : []));
  const known = behind.known ?? present;
  const isAnother = present.some((id) => !known.includes(id));
  return { ...next, cluster, behind: isAnother ? null : { ...behind, known } };
}

/** Whoever is in sync has everything that was stored before: where all are, no post has fewer copies any longer. */
function copiedEverywhere(model: Model): Model {
  const isShort = (line: Line) => line.kind === 'post' && line.copies !== undefined;
  if (!model.rooms.some(({ lines }) => lines.some(isShort))) return model;
  const rooms = model.rooms.map((view) => {
    if (!view.lines.some(isShort)) return view;
    const lines = view.lines.map((line) => {
      if (line.kind !== 'post' || line.copies === undefined) return line;
      const { copies: _, ...copied } = line;
      return copied;
    });
    return { ...view, lines };
  });
  return { ...model, rooms };
}

/** Whether this screen shows posts that are newer than all that the server has of a room. */
function seesMore(model: Model, event: Extract<ClientEvent, { type: 'signedIn' }>): boolean {
  return event.rooms.some(({ id, latest }) => {
    const newest = roomOf(model, id)?.lines.findLast(
      (line) => line.kind === 'post' && line.mark !== 'refused',
    );
    if (!newest || newest.order <= (latest ?? '')) return false;
    return timeOfOrder(newest.order) >= event.prunedBelow;
  });
}

function onSignedIn(
  before: Model,
  event: Extract<ClientEvent, { type: 'signedIn' }>,
  stamp: Stamp,
): Step {
  const name = cleanLine(event.name);
  const isNew = before.account !== null && before.account !== event.account;
  const model = isNew ? before : noteBehind(before, event, stamp);
  const carried = isNew ? carriedOver(model) : { rooms: restoredAs(model), rest: [] };
  const rooms = isNew ? [] : model.rooms;
  const signed = {
    ...model,
    account: event.account,
    name,
    nameAsked: null,
    rooms,
    restored: carried.rooms,
    kills: carried.rest.reduce(keptWhole, model.kills),
    ofChosenName: null,
    sentTexts: sentBefore(model),
  };
  const listed = onRooms(signed, event.rooms);
  const loaded = { ...listed, model: onReads(listed.model, event.reads) };
  if (isNew) return { ...loaded, model: hint(loaded.model, `you are ${name} now`, 'good') };
  if (model.account === null && name !== model.name) {
    return { ...loaded, model: hint(loaded.model, `you are shown as ${name}`) };
  }
  // A merge settled it while this screen was on its way from one server to the next.
  if (!isNew && before.account !== null && name !== before.name) {
    return { ...loaded, model: notice(loaded.model, ownRename(before.name, name), stamp) };
  }
  return loaded;
}

/** Whoever was refused at the start, and chose another name, has what that name left behind. */
function restoredAs({ account, ofChosenName, restored }: Model): Model['restored'] {
  return account === null && ofChosenName !== null ? ofChosenName.rooms : restored;
}

/** Of both names, where somebody goes on under another one. */
function sentBefore({ account, ofChosenName, sentTexts }: Model): readonly string[] {
  if (ofChosenName === null) return sentTexts;
  if (account === null) return ofChosenName.sent;
  return [...ofChosenName.sent.filter((text) => !sentTexts.includes(text)), ...sentTexts];
}

/** After a failover to a stale server: says that what was seen here is not there for the moment. */
function noteBehind(
  model: Model,
  event: Extract<ClientEvent, { type: 'signedIn' }>,
  stamp: Stamp,
): Model {
  const server = cleanLine(event.server);
  // Signed in there anew, one knows no more of what it lacks than that server does.
  if (model.behind?.server === server) return model;
  if (!event.lacks && !seesMore(model, event)) return { ...model, behind: null };
  const text = `${server} lacks newer messages that you have seen: they return with a server that has them`;
  return notice({ ...model, behind: { server, known: null } }, text, stamp);
}

function onRecovered(
  model: Model,
  event: Extract<ClientEvent, { type: 'recovered' }>,
  stamp: Stamp,
): Model {
  // Servers that are started here change the lead until the highest is up: nothing was lost.
  if (startingServers(model).length > 0) return model;
  const settled = model.recovered ? settleRecovery(model) : model;
  const recovered = {
    sinceMs: stamp.nowMs,
    tookMs: event.tookMs,
    leader: cleanLine(event.leader),
    resent: event.resent,
    room: settled.openRoom,
  };
  const line = noticeFor(settled, recoveryText(recovered), stamp);
  return { ...settled, recovered: { ...recovered, line } };
}

/** The recovery leaves the status row and becomes a line of the timeline, where it happened. */
export function settleRecovery(model: Model): Model {
  if (!model.recovered) return model;
  const { room, line } = model.recovered;
  return withRoom({ ...model, recovered: null }, room, (view) => ({
    ...view,
    lines: insertLine(view.lines, line),
  }));
}

/** `12 ms`, `8400 ms`, `85 s`. */
export const tookText = (ms: number): string =>
  ms < 10_000 ? `${Math.round(ms)} ms` : `${Math.round(ms / 1_000)} s`;

type Recovery = Pick<NonNullable<Model['recovered']>, 'tookMs' | 'leader' | 'resent'>;

export function recoveryText(recovered: Recovery): string {
  const { tookMs, leader, resent } = recovered;
  const again = resent > 0 ? ` · ${resent} resent` : '';
  return `RECOVERED in ${tookText(tookMs)} · leader ${leader}${again}`;
}

function onMember(model: Model, member: Extract<ClientEvent, { type: 'member' }>['member']): Model {
  return withRoom(model, member.room, (view) => ({
    ...view,
    lines: lacks(view, member.order) ? view.lines : insertMember(view.lines, member),
    isStirred:
      view.isStirred || (member.room !== model.openRoom && member.account !== model.account),
    people: changedPeople(view.people, member),
  }));
}

function changedPeople(
  people: RoomView['people'],
  member: Extract<ClientEvent, { type: 'member' }>['member'],
): RoomView['people'] {
  if (people === null) return null;
  const others = people.filter((person) => person.account !== member.account);
  if (member.change === 'left') return others;
  const name = cleanLine(member.name);
  return sortedPeople([...others, { account: member.account, name, state: 'here' }]);
}

/** The mark before the name of whoever one writes to. */
function withPresence(view: RoomView, { account, state }: z.infer<typeof PresenceEvent>): RoomView {
  const { direct } = view.room;
  if (direct?.account !== account || direct.state === state) return view;
  return { ...view, room: { ...view.room, direct: { account, state } } };
}

function onPresence(model: Model, presence: z.infer<typeof PresenceEvent>): Model {
  const rooms = model.rooms.map((each) => {
    const view = withPresence(each, presence);
    const known = view.people?.find((person) => person.account === presence.account);
    if (!view.people || !known || known.state === presence.state) return view;
    const people = view.people.map((person) =>
      person === known ? { ...person, state: presence.state } : person,
    );
    return { ...view, people: sortedPeople(people) };
  });
  return { ...model, rooms };
}

const ownRename = (was: string, name: string) =>
  `the name ${was} belonged to someone else on the other side of the split: you are ${name} now`;

function onRenamed(
  model: Model,
  renamed: Extract<ClientEvent, { type: 'renamed' }>['renamed'],
  stamp: Stamp,
): Model {
  const name = cleanLine(renamed.name);
  const isSelf = renamed.account === model.account;
  const text = isSelf
    ? ownRename(cleanLine(renamed.was), name)
    : `${cleanLine(renamed.was)} is now ${name}`;
  return notice(isSelf ? { ...model, name } : model, text, stamp);
}
