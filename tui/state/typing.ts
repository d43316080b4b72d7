// Who writes at the moment: told to others while one types, and shown for a few seconds.
import type * as z from 'zod';
import type { TypingEvent } from '../../lib/protocol/events.ts';
import { cleanLine } from '../text.ts';
import type { Model, RoomView } from './model.ts';
import { ask, openRoomOf, type Step, stay, withRoom } from './step.ts';

/** Somebody who goes on is told of this often. */
const TOLD_EVERY_MS = 3_000;
/** Twice that: one that is late, or lost in a failover, does not make it flicker. */
const SHOWN_MS = 6_000;

/** Tells the others, where what is written is for them. */
export function tellTyping(model: Model): Step {
  const view = openRoomOf(model);
  if (!view || view.writing?.type === 'edit' || /^\/(?!\/)/.test(view.draft.text))
    return stay(model);
  if (model.connection.type !== 'connected') return stay(model);
  if (model.nowMs - model.typingToldMs < TOLD_EVERY_MS) return stay(model);
  return ask({ ...model, typingToldMs: model.nowMs }, { type: 'typing', room: view.room.id });
}

export function onTypingEvent(model: Model, event: z.infer<typeof TypingEvent>): Model {
  const { account } = event;
  if (account === model.account) return model;
  const writer = { account, name: cleanLine(event.name), untilMs: model.nowMs + SHOWN_MS };
  return withRoom(model, event.room, (view) => ({
    ...view,
    typing: [...view.typing.filter((each) => each.account !== account), writer],
  }));
}

/** What somebody wrote has come. */
export function typedNoMore(view: RoomView, account: string): RoomView {
  const typing = view.typing.filter((each) => each.account !== account);
  return typing.length === view.typing.length ? view : { ...view, typing };
}

/** Whoever has not gone on writes no more. */
export function expireTyping(model: Model): Model {
  return model.rooms.reduce((next, { room }) => {
    return withRoom(next, room.id, (view) => {
      const typing = view.typing.filter((each) => each.untilMs > model.nowMs);
      return typing.length === view.typing.length ? view : { ...view, typing };
    });
  }, model);
}

/** `bob is typing`; empty where nobody is. */
export function typingText(view: RoomView | undefined): string {
  const names = (view?.typing ?? []).map(({ name }) => name);
  if (names.length === 0) return '';
  if (names.length === 1) return `${names[0]} is typing`;
  return names.length > 3 ? 'several people are typing' : `${names.join(' and ')} are typing`;
}
