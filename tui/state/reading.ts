// What counts as read, here or at another device, and what is counted as not read.
import type * as z from 'zod';
import { mentions } from '../../lib/mentions.ts';
import type { PostEvent, SignedIn } from '../../lib/protocol/events.ts';
import type { Model, PostLine, RoomView } from './model.ts';
import { roomOf, withRoom } from './step.ts';

export const newestOrder = (view: RoomView) => view.lines.at(-1)?.order ?? null;

/** Everything that is there counts as read. */
export function asRead(view: RoomView): RoomView {
  const read = newestOrder(view) ?? view.read;
  if (read === view.read && view.unread === 0) return view;
  return { ...view, read, unread: 0, mentions: 0 };
}

/** Whether a post is meant for this person: it names them, or they are the one it was written to. */
const calls = (model: Model, view: RoomView, text: string) =>
  view.room.direct !== undefined || mentions(text, model.name);

/** Whether everything after what was read is here. */
function reachesRead(view: RoomView): boolean {
  const oldest = view.lines.find((line) => line.kind === 'post');
  return view.loaded && (!view.moreAbove || (oldest?.order ?? '') <= (view.read ?? ''));
}

/** Counts what others wrote after what was read; never fewer than the server counted of what is not all here. */
export function recount(model: Model, view: RoomView): RoomView {
  const here = countHere(model, view);
  if (reachesRead(view)) return here;
  const unread = Math.max(here.unread, view.unread);
  return { ...here, unread, mentions: Math.max(here.mentions, view.mentions) };
}

function countHere(model: Model, view: RoomView): RoomView {
  let unread = 0;
  let called = 0;
  for (let index = view.lines.length - 1; index >= 0; index -= 1) {
    const line = view.lines[index];
    if (!line || line.order <= (view.read ?? '')) break;
    if (line.kind !== 'post' || line.own) continue;
    unread += 1;
    if (calls(model, view, line.text)) called += 1;
  }
  return { ...view, unread: unread + (view.below ?? 0), mentions: called };
}

export const isFollowed = (model: Model, view: RoomView) =>
  model.focused && model.openRoom === view.room.id && view.anchor === null;

/** Reads the open room where the reader follows its end; counts otherwise. */
export function settled(model: Model, id: string): Model {
  return withRoom(model, id, (view) =>
    isFollowed(model, view) ? asRead(view) : recount(model, view),
  );
}

/** Read further, perhaps elsewhere: what was counted before that no longer counts. */
function readFurther(model: Model, view: RoomView, order: string): RoomView {
  if (order <= (view.read ?? '')) return view;
  return recount(model, { ...view, read: order, unread: 0, mentions: 0 });
}

/** The account has read a room up to there at another device. */
export function onReadElsewhere(
  model: Model,
  { room, order }: Readonly<{ room: string; order: string }>,
): Model {
  return withRoom(model, room, (view) => readFurther(model, view, order));
}

/** What the server knows of what was read, here or elsewhere: the further of the two counts. */
export function onReads(model: Model, reads: SignedIn['reads']): Model {
  return reads.reduce((next, { room, order, unread = 0, mentions: called = 0 }) => {
    return withRoom(next, room, (view) => {
      const further = readFurther(next, view, order);
      // Counted from there by the server; the page that is under way counts anew.
      return further.loaded || further.read !== order
        ? further
        : { ...further, unread, mentions: called };
    });
  }, model);
}

/** The reader looks here again: what came meanwhile stands below the unread line, and is read. */
export function onFocus(model: Model, focused: boolean): Model {
  const next = { ...model, focused };
  return focused && model.openRoom !== null ? settled(next, model.openRoom) : next;
}

/** Whether a post is to be told to somebody who looks elsewhere. */
export function callsAway(model: Model, post: z.infer<typeof PostEvent>): boolean {
  const view = roomOf(model, post.room);
  if (!view || model.focused || post.account === model.account) return false;
  return post.order > (view.read ?? '') && calls(model, view, post.text);
}

/** One more; the whole is counted anew only with history, or a busy room would cost its square. */
export function countedUp(model: Model, view: RoomView, line: PostLine): RoomView {
  if (line.own || line.order <= (view.read ?? '')) return view;
  const called = calls(model, view, line.text) ? 1 : 0;
  return { ...view, unread: view.unread + 1, mentions: view.mentions + called };
}
