// Posting: what was written leaves the composer and goes into the outbox.
import { TEXT_CHARS_MAX } from '../../lib/protocol/limits.ts';
import { EMPTY_EDITOR, insert } from '../editor.ts';
import { draftGone, type Model } from './model.ts';
import { followEnd } from './rooms.ts';
import { ask, hint, openRoomOf, type Step, stay, then, withRoom } from './step.ts';

/** How many sent texts ↑ goes back through: more than anyone counts. */
const SENT_TEXTS_MAX = 100;

/** What stood in the composer leaves it, and is kept for ↑. */
export function remembered(model: Model, text: string): Model {
  const others = model.sentTexts.at(-1) === text ? model.sentTexts.slice(0, -1) : model.sentTexts;
  return {
    ...withRoom(model, model.openRoom, draftGone),
    roomless: EMPTY_EDITOR,
    sentTexts: [...others, text].slice(-SENT_TEXTS_MAX),
    completion: null,
  };
}

/** @returns null where it is short enough */
export function lengthProblem(text: string): string | null {
  return text.length > TEXT_CHARS_MAX
    ? `too long by ${text.length - TEXT_CHARS_MAX} characters`
    : null;
}

/** Posts to the open room what did not stand in its composer: a draft there stays. */
export function postTo(model: Model, room: string, text: string): Step {
  const read = withRoom(model, room, (view) => ({ ...view, unreadAfter: null }));
  const request = { type: 'post', room, text } as const;
  return then(followEnd(read), (next) => ask(next, { type: 'request', request, open: false }));
}

function whyNowhere({ account }: Model): string {
  return account === null
    ? 'no room is open yet: Enter sends it once one is'
    : 'no room is open: /join one';
}

/** Before there is a room, Enter ends a line: what is typed next is not to be glued to it. */
function keptForLater(model: Model): Model {
  return model.account === null ? { ...model, roomless: insert(model.roomless, '\n') } : model;
}

/** Posts to the open room; an answer where one is being written. */
export function post(model: Model, text: string, action = false): Step {
  const view = openRoomOf(model);
  const body = text.replace(/\s+$/u, '');
  if (!view) return stay(hint(keptForLater(model), whyNowhere(model)));
  const room = view.room.id;
  const tooLong = lengthProblem(body);
  if (tooLong !== null) return stay(hint(model, tooLong));
  const sent = remembered(model, view.draft.text);
  const read = withRoom(sent, room, (view) => ({ ...view, unreadAfter: null }));
  const { writing } = view;
  const request = {
    type: 'post',
    room,
    text: body,
    ...(writing?.type === 'reply' ? { reply: writing.post } : {}),
    ...(action ? { action: true as const } : {}),
  } as const;
  return then(followEnd(read), (next) => ask(next, { type: 'request', request, open: false }));
}
