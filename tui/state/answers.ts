// What was sent: how it waits in the outbox, and what becomes of the screen when it is answered.
import type { Answer, OutboxItem } from '../../lib/client/api.ts';
import { editorOf } from '../editor.ts';
import { cleanLine, cleanText } from '../text.ts';
import type { Stamp } from './action.ts';
import { onDirectOpened } from './direct.ts';
import { placeLine } from './kept-lines.ts';
import type { Model, PendingPost, PostLine, RoomView } from './model.ts';
import { clampedOutbox } from './outbox-pane.ts';
import { onRoom, openRoom } from './rooms.ts';
import { hint, notice, roomOf, type Step, stay, then, withRoom } from './step.ts';

/** Order of a line that waits: behind every order that a server gives. */
const ORDER_PENDING = '\uffff';

/** What a post of one's own was sent with, as far as this screen knows what it answers. */
function sentWith(
  model: Model,
  { room, reply, action }: Extract<OutboxItem['request'], { type: 'post' }>,
): Pick<PostLine, 'action' | 'reply'> {
  const line = roomOf(model, room)?.lines.find(({ key }) => key === reply);
  const quote =
    line?.kind === 'post'
      ? { id: line.key, name: line.name, text: cleanLine(line.text), order: line.order }
      : null;
  return { ...(action ? { action } : {}), ...(quote ? { reply: quote } : {}) };
}

/** The posts of the outbox as lines; a line that has not changed stays the same object. */
export function onOutbox(model: Model, items: readonly OutboxItem[], stamp: Stamp): Model {
  const known = new Map(model.pending.map((post) => [post.line.key, post]));
  const pending = items.flatMap((item): PendingPost[] => {
    if (item.request.type !== 'post') return [];
    const key = item.id === '' ? `pending/${item.number}` : item.id;
    const before = known.get(key);
    if (before?.line.mark === item.state) return [before];
    const line: PostLine = {
      kind: 'post',
      key,
      order: ORDER_PENDING,
      // Its time is the leader's to give; until then it is when it was written.
      time: before?.line.time ?? stamp.wallMs,
      account: model.account ?? '',
      name: model.name,
      text: cleanText(item.request.text),
      own: true,
      mark: item.state,
      ...sentWith(model, item.request),
    };
    return [{ room: item.request.room, line }];
  });
  return clampedOutbox({ ...model, outbox: items, pending });
}

export function onAnswer(model: Model, answer: Answer, item: OutboxItem, stamp: Stamp): Step {
  if (answer.type === 'refused') return stay(onRefused(model, answer, item, stamp));
  const { request } = item;
  if (request.type === 'post') return stay(onPostStored(model, answer, request));
  const joined = answer.room ? onRoom(model, answer.room) : stay(model);
  if (request.type === 'openDirect') {
    return then(joined, (next) => onDirectOpened(next, { answer, item }));
  }
  if (request.type === 'leaveRoom') {
    const view = roomOf(joined.model, request.room);
    return view ? onRoom(joined.model, { ...view.room, joined: false }) : joined;
  }
  if (item.number !== model.openOnAnswer || !answer.room) return joined;
  const id = answer.room.id;
  return then(joined, (next) => openRoom({ ...next, openOnAnswer: null }, id));
}

function onPostStored(
  model: Model,
  answer: Extract<Answer, { type: 'stored' }>,
  request: Extract<OutboxItem['request'], { type: 'post' }>,
): Model {
  const line: PostLine = {
    kind: 'post',
    key: answer.id,
    order: answer.order,
    time: answer.time,
    account: model.account ?? '',
    name: model.name,
    text: cleanText(request.text),
    own: true,
    mark: 'stored',
    ...sentWith(model, request),
    ...(answer.copies < (model.cluster?.servers.length ?? 0) ? { copies: answer.copies } : {}),
  };
  return withRoom(model, request.room, (view) => {
    const follows = view.anchor === null && model.openRoom === request.room;
    const read = follows && answer.order > (view.read ?? '') ? answer.order : view.read;
    // It may stand further down already, where another leader stored it as well.
    return { ...view, lines: placeLine(view, line), read };
  });
}

/** Whether what was refused can be given back into the composer. */
function mayTakeBack({ draft, writing }: RoomView): boolean {
  return draft.text === '' && writing?.type !== 'edit';
}

function onEditRefused(
  model: Model,
  { room, text }: Extract<OutboxItem['request'], { type: 'editPost' }>,
  { reason, stamp }: { reason: string; stamp: Stamp },
): Model {
  const view = roomOf(model, room);
  const isFree = view !== undefined && mayTakeBack(view);
  // Whoever has begun something else finds it in the timeline, or is in another room.
  const kept = isFree ? '' : `\n${cleanText(text)}`;
  const shown = view ? room : model.openRoom;
  const told = notice(model, `not edited: ${reason}${kept}`, stamp, shown);
  return withRoom(hint(told, reason), room, (view) =>
    isFree ? { ...view, draft: editorOf(text) } : view,
  );
}

/** A refusal says why, and gives back what was written. */
function onRefused(
  model: Model,
  answer: Extract<Answer, { type: 'refused' }>,
  item: OutboxItem,
  stamp: Stamp,
): Model {
  const { request } = item;
  const isUnknown = request.type === 'joinRoom' && answer.code === 'no-such-room';
  const reason = isUnknown
    ? `there is no room #${request.name}: /create ${request.name} makes it`
    : cleanLine(answer.reason);
  if (request.type === 'editPost') return onEditRefused(model, request, { reason, stamp });
  if (request.type === 'openDirect') {
    const { toSay } = model;
    const lost = toSay?.typed === null ? ` · not sent: ${toSay.text}` : '';
    return hint({ ...model, toSay: null }, reason + lost);
  }
  if (request.type !== 'post') return hint(notice(model, `refused: ${reason}`, stamp), reason);
  if (!roomOf(model, request.room)) {
    // Not into the line of another room: it may be meant for one person.
    const text = `not sent, its room is not here: ${reason}\n${cleanText(request.text)}`;
    return hint(notice(model, text, stamp), reason);
  }
  return withRoom(model, request.room, (view) => {
    const line: PostLine = {
      kind: 'post',
      key: `refused/${answer.number}`,
      order: view.lines.at(-1)?.order ?? '',
      time: stamp.wallMs,
      account: model.account ?? '',
      name: model.name,
      text: cleanText(request.text),
      own: true,
      mark: 'refused',
      reason: `not sent: ${reason}`,
    };
    const draft = mayTakeBack(view) ? editorOf(request.text) : view.draft;
    return { ...view, lines: [...view.lines, line], draft };
  });
}
