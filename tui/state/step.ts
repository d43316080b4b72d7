// What every handler of the screen's core gives back, and small moves on the model that several need.
import type { Room } from '../../lib/client/api.ts';
import type { Editor } from '../editor.ts';
import { cleanLine } from '../text.ts';
import type { Effect, Stamp } from './action.ts';
import { noticeLine } from './lines.ts';
import type { Model, NoticeLine, RoomView } from './model.ts';

export type Step = Readonly<{ model: Model; effects: readonly Effect[] }>;

export const stay = (model: Model): Step => ({ model, effects: [] });
export const ask = (model: Model, ...effects: readonly Effect[]): Step => ({ model, effects });

/** Feeds the outcome of one step to the next, effects in order. */
export function then(step: Step, next: (model: Model) => Step): Step {
  const after = next(step.model);
  return { model: after.model, effects: [...step.effects, ...after.effects] };
}

export function roomOf(model: Model, id: string | null): RoomView | undefined {
  return model.rooms.find((view) => view.room.id === id);
}

export const openRoomOf = (model: Model): RoomView | undefined => roomOf(model, model.openRoom);

/** What is being written: in the open room, or where none is open. */
export const draftOf = (model: Model): Editor => openRoomOf(model)?.draft ?? model.roomless;

/** Changes one room, if it is there. */
export function withRoom(
  model: Model,
  id: string | null,
  change: (view: RoomView) => RoomView,
): Model {
  const index = model.rooms.findIndex((view) => view.room.id === id);
  const view = model.rooms[index];
  if (!view) return model;
  const changed = change(view);
  return changed === view ? model : { ...model, rooms: model.rooms.with(index, changed) };
}

/** A room's texts with nothing in them that a terminal would obey. */
export function cleanRoom(room: Room): Room {
  return { ...room, name: cleanLine(room.name), topic: cleanLine(room.topic) };
}

let notices = 0;

/** Puts a line into a room's timeline, for this screen only; into the open room where none is named. */
export function notice(model: Model, text: string, stamp: Stamp, room = model.openRoom): Model {
  const line = noticeFor(model, text, stamp, room);
  return withRoom(model, room, (view) => ({ ...view, lines: [...view.lines, line] }));
}

/** Such a line, for later: it stands behind what is newest in the room now. */
export function noticeFor(
  model: Model,
  text: string,
  stamp: Stamp,
  room = model.openRoom,
): NoticeLine {
  // The key need only be unique in this life: the counter is no state that anything depends on.
  notices += 1;
  const key = `notice/${notices}`;
  return noticeLine(roomOf(model, room)?.lines ?? [], { text, time: stamp.wallMs, key });
}

export function hint(model: Model, text: string, tone: 'good' | 'warning' = 'warning'): Model {
  return { ...model, hint: { text: cleanLine(text), tone } };
}
