// Writing to one person: `/msg`. Who is not in the list yet is asked for; what was written stays in the composer until
// there is a conversation for it, so that neither a lost connection nor a wrong name loses it.
import type { Answer, OutboxItem } from '../../lib/client/api.ts';
import { EMPTY_EDITOR } from '../editor.ts';
import { directWith } from '../room-label.ts';
import { draftGone, type Model } from './model.ts';
import { lengthProblem, postTo, remembered } from './posting.ts';
import { openRoom } from './rooms.ts';
import { ask, hint, roomOf, type Step, stay, then, withRoom } from './step.ts';

type Message = Readonly<{ name: string; text: string }>;

/** @param typed what stands in the composer */
export function writeTo(model: Model, { name, text }: Message, typed: string): Step {
  const tooLong = lengthProblem(text);
  if (tooLong !== null) return stay(hint(model, tooLong));
  const known = directWith(model.rooms, name);
  if (known) {
    const opened = openRoom(remembered(model, typed), known.room.id);
    return text === '' ? opened : then(opened, (next) => postTo(next, known.room.id, text));
  }
  const isAsked = model.outbox.some(
    ({ request }) => request.type === 'openDirect' && request.name === name,
  );
  if (isAsked) return stay(hint(model, `the servers are still asked for ${name}`));
  const request = { type: 'openDirect', name } as const;
  const room = model.openRoom;
  const next: Model = text === '' ? remembered(model, typed) : model;
  const toSay = text === '' ? null : { name, text, typed, room };
  return ask({ ...next, toSay }, { type: 'request', request, open: true });
}

type Opened = Readonly<{ answer: Extract<Answer, { type: 'stored' }>; item: OutboxItem }>;

/** There is a conversation: opened, and what was written for it said. Whoever has written on meanwhile stays. */
export function onDirectOpened(model: Model, { answer, item }: Opened): Step {
  const { toSay } = model;
  const id = answer.room?.id;
  if (id === undefined || item.number !== model.openOnAnswer) return stay(model);
  const free: Model = { ...model, openOnAnswer: null, toSay: null };
  if (!toSay) return openRoom(free, id);
  const isComposed = toSay.typed !== null;
  const isChanged = isComposed && !stillStands(model, toSay);
  if (isChanged || roomOf(model, id) === undefined) {
    return stay(hint(free, `${toSay.name} is in the list now`, 'good'));
  }
  const said = isComposed ? withoutDraft(free, toSay.room) : free;
  return then(openRoom(said, id), (next) => postTo(next, id, toSay.text));
}

/** Whether what is to be said stands where it was written, as it was. */
export function stillStands(model: Model, { room, typed }: NonNullable<Model['toSay']>): boolean {
  const draft = room === null ? model.roomless : roomOf(model, room)?.draft;
  return draft?.text === typed;
}

function withoutDraft(model: Model, room: string | null): Model {
  return room === null ? { ...model, roomless: EMPTY_EDITOR } : withRoom(model, room, draftGone);
}
