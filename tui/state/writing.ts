// What keys do to the draft of the open room: typing, cutting and putting back, undo, earlier input, completion.
import { choicesAt } from '../completion.ts';
import {
  EDITS,
  type Edit,
  type Editor,
  EMPTY_EDITOR,
  editorOf,
  insert,
  moveLine,
} from '../editor.ts';
import { cutBy, kept, keptWhole, yanked } from '../kill-ring.ts';
import { cleanText } from '../text.ts';
import { changed, type redone, undone } from '../undo.ts';
import { editNeighbour, endWriting, isUntouched } from './about-post.ts';
import { stillStands } from './direct.ts';
import type { Model, RoomView } from './model.ts';
import { ask, draftOf, hint, openRoomOf, type Step, stay, withRoom } from './step.ts';
import { tellTyping } from './typing.ts';

/** A paste of more lines than this is asked about before it is sent. */
const PASTE_LINES_QUIET_MAX = 3;

/** As many as fit in a row of 80 columns, mostly. */
const CHOICES_SHOWN = 8;

export const linesIn = (text: string) => text.trimEnd().split(/\r\n?|\n/).length;

/** Changes a room's draft; what it was before can be had back. */
function written(
  model: Model,
  room: string | null,
  { draft, joins }: { draft: Editor; joins: boolean },
): Model {
  if (!openRoomOf(model)) return { ...model, completion: null, roomless: draft };
  return withRoom({ ...model, completion: null }, room, (view) => ({
    ...view,
    draft,
    undo: changed(view.undo, { before: view.draft, after: draft, joins }),
  }));
}

const write = (model: Model, draft: Editor, joins = false) =>
  written(model, model.openRoom, { draft, joins });

/** @param chain what the key before did */
export function edit(model: Model, name: Edit, chain: Model['chain']): Step {
  const draft = draftOf(model);
  const cut = cutBy(name, draft);
  const edited = write(model, EDITS[name](draft));
  if (cut === null) return stay(edited);
  const kills = kept(model.kills, { cut, edit: name, joins: chain?.type === 'cut' });
  return stay({ ...edited, kills, chain: { type: 'cut' } });
}

export function typedInto(model: Model, text: string, chain: Model['chain']): Step {
  const view = openRoomOf(model);
  if (!view) return stay(write(model, insert(model.roomless, text)));
  const joins = chain?.type === 'typing' && !/^\s/u.test(text);
  const typed = write(model, insert(view.draft, text), joins);
  return tellTyping({ ...typed, chain: { type: 'typing' } });
}

/** Nothing that is typed is lost, not even before there is a room for it: it goes into the first that is opened. */
export function settleRoomless(model: Model): Step {
  const text = model.roomless.text.replace(/\n+$/, '');
  if (text === '' || !openRoomOf(model)) return stay(model);
  // It waits for a conversation of its own.
  if (model.toSay?.room === null && stillStands(model, model.toSay)) return stay(model);
  return typedInto({ ...model, roomless: EMPTY_EDITOR }, text, null);
}

/** A paste never sends: it becomes text, however many lines it has. */
export function pastedInto(model: Model, text: string): Step {
  const pasted = typedInto(model, text.replace(/[\r\n]+$/, ''), null);
  const lines = linesIn(text);
  if (lines <= PASTE_LINES_QUIET_MAX || !openRoomOf(model)) return pasted;
  const marked = withRoom(pasted.model, model.openRoom, (view) => ({ ...view, pasted: true }));
  return stay(hint(marked, `${lines} lines pasted · Enter asks first · Ctrl+C drops them`));
}

/** Whether Enter is to ask first: many lines were pasted, and they are still there. */
export function asksFirst(view: RoomView): boolean {
  return view.pasted && linesIn(view.draft.text) > PASTE_LINES_QUIET_MAX;
}

/**
 * Ctrl+C: nothing is written, or once more what was begun before something sent was taken up again. What is dropped can
 * be put in again, as what is cut can.
 */
export function clear(model: Model): Step {
  const { recall, draft: dropped } = openRoomOf(model) ?? { recall: null, draft: model.roomless };
  const draft = recall?.unsent ?? EMPTY_EDITOR;
  const isOwn = dropped.text !== '' && dropped.text !== recall?.text;
  const kills = isOwn ? keptWhole(model.kills, dropped.text) : model.kills;
  return stay(
    withRoom(write({ ...model, kills }, draft), model.openRoom, (view) => ({
      ...view,
      recall: null,
      pasted: view.pasted && draft.text !== '',
    })),
  );
}

export function takeBack(model: Model, move: typeof undone | typeof redone): Step {
  const view = openRoomOf(model);
  const moved = view && move(view.undo, view.draft);
  if (!moved) return stay(hint(model, move === undone ? 'nothing to undo' : 'nothing to redo'));
  return stay(
    withRoom({ ...model, completion: null }, model.openRoom, (each) => ({
      ...each,
      ...moved,
      // Back at what was begun there is nothing to come back to.
      recall: moved.draft.text === each.recall?.unsent.text ? null : each.recall,
    })),
  );
}

export function yank(model: Model, chain: Model['chain']): Step {
  const view = openRoomOf(model);
  if (!view) return stay(model);
  const last = chain?.type === 'yank' ? chain.yank : null;
  const put = yanked(model.kills, view.draft, last);
  if (!put) return stay(hint(model, 'nothing was cut yet: Ctrl+W cuts a word'));
  return stay({
    ...write(model, put.draft, last !== null),
    chain: { type: 'yank', yank: put.yank },
  });
}

export function compose(model: Model): Step {
  const view = openRoomOf(model);
  if (!view) return stay(hint(model, 'no room is open yet'));
  return ask(model, { type: 'compose', room: view.room.id, text: view.draft.text });
}

export function onComposed(model: Model, room: string, text: string): Step {
  return stay(written(model, room, { draft: editorOf(cleanText(text)), joins: false }));
}

/** To the line above or below; where there is none, through what was sent before. */
export function vertical(model: Model, step: -1 | 1): Step {
  const view = openRoomOf(model);
  if (!view) return stay(model);
  if (isUntouched(model) || (step === -1 && view.draft.text === '' && view.recall === null)) {
    const edited = editNeighbour(model, step);
    if (edited) return edited;
    if (view.writing?.type === 'edit') return stay(recalledFrom(endWriting(model), step));
  }
  const moved = moveLine(view.draft, step);
  if (moved && view.recall === null) return stay(write(model, moved));
  return stay(recalledFrom(model, step));
}

/** Above the first message that can be edited stands earlier input. */
function recalledFrom(model: Model, step: -1 | 1): Model {
  const view = openRoomOf(model);
  return view ? recalled(model, view, step) : model;
}

/** Earlier input by ↑, and back by ↓ to what was not sent yet. */
function recalled(model: Model, view: RoomView, step: -1 | 1): Model {
  const unsent = view.recall?.unsent ?? view.draft;
  const { length } = model.sentTexts;
  const index = Math.min(view.recall?.index ?? length, length) + step;
  if (index < 0 || (view.recall === null && step === 1)) return model;
  const isBack = index >= length;
  const text = model.sentTexts[index] ?? '';
  const draft = isBack ? unsent : editorOf(text);
  const recall = isBack ? null : { index, text, unsent };
  return withRoom(write(model, draft), model.openRoom, (each) => ({ ...each, recall }));
}

export function complete(model: Model): Step {
  const view = openRoomOf(model);
  if (!view) return stay(model);
  const next = completed(model, view, model.completion ?? begin(model, view));
  // The rooms that one has not joined are asked for, and are offered too once they are told.
  const asks =
    model.completion === null &&
    model.connection.type === 'connected' &&
    choicesAt(view.draft, model).areRooms === true;
  return asks ? ask(next, { type: 'listRooms', shown: false }) : stay(next);
}

/** The rooms were told: what Tab goes through has more of them, behind those that were there. */
export function completeWithMore(model: Model): Step {
  const { completion } = model;
  const view = openRoomOf(model);
  if (!completion || !view) return stay(model);
  const { choices, areRooms } = choicesAt(completion.draft, model);
  if (!areRooms) return stay(model);
  const more = choices.filter((choice) => !completion.choices.includes(choice));
  const wider = { ...completion, choices: [...completion.choices, ...more] };
  if (more.length === 0) return stay(model);
  if (completion.choices.length > 0) return stay({ ...model, completion: wider });
  return stay(completed({ ...model, completion: null, hint: null }, view, wider));
}

type Completion = NonNullable<Model['completion']>;

/** The draft with the next choice in it. */
function completed(model: Model, view: RoomView, begun: Completion): Model {
  if (begun.choices.length === 0)
    return { ...hint(model, 'nothing to complete'), completion: begun };
  const index = model.completion ? (begun.index + 1) % begun.choices.length : 0;
  const text = view.draft.text.slice(0, begun.start) + begun.choices[index];
  const draft = { text: text + begun.rest, cursor: text.length };
  const written = write(model, draft, model.completion !== null);
  const told =
    begun.choices.length > 1 ? hint(written, choicesText(begun.choices, index), 'good') : written;
  return { ...told, completion: { ...begun, index } };
}

/** What Tab goes through, from the present choice on. */
function choicesText(choices: readonly string[], index: number): string {
  const round = [...choices.slice(index), ...choices.slice(0, index)].slice(0, CHOICES_SHOWN);
  return `Tab: ${round.map((choice) => choice.trim()).join(' · ')}`;
}

function begin(model: Model, { draft }: RoomView): Completion {
  const { start, choices } = choicesAt(draft, model);
  return { start, choices, rest: draft.text.slice(draft.cursor), index: 0, draft };
}
