// A whole line that was written where there is no editor: a post or a command, as Enter would take it. The draft that a
// screen left in the room stays as it was.
import { EMPTY_EDITOR, editorOf } from '../editor.ts';
import { cleanLine, cleanText } from '../text.ts';
import { NOTHING_TO_UNDO } from '../undo.ts';
import { endWriting } from './about-post.ts';
import type { Stamp } from './action.ts';
import { type Aside, asideOf, type Model, type RoomView } from './model.ts';
import { hint, openRoomOf, type Step, stay, withRoom } from './step.ts';
import { submitText } from './submit.ts';

/** Of what a question or an answer is about. */
const QUOTED_CHARS_MAX = 60;

export function onEntered(before: Model, line: string, stamp: Stamp): Step {
  const text = cleanText(line).replace(/\n/g, ' ');
  // Asked again, what was asked about is done.
  const deleteAsked = text.trim().toLowerCase() === '/delete' ? before.deleteAsked : null;
  const base = { ...before, hint: null, overlay: null, selected: null, deleteAsked };
  // What was begun by the line before takes words, and no command.
  const model = /^\/(?!\/)/.test(text) ? endWriting(base) : base;
  if (text.trim() === '') return stay(dropped(model));
  const room = openRoomOf(model);
  const kept = room ? asideOf(room) : NOTHING_ASIDE;
  const written = withRoom(model, model.openRoom, (view) => ({ ...view, draft: editorOf(text) }));
  const step = submitText(written, text, { stamp, asked: text });
  const restored: Model = {
    ...withRoom(step.model, model.openRoom, (view) => withAside(view, kept)),
    // Lines of a script are nothing that a person goes back through.
    sentTexts: before.sentTexts,
  };
  const { toSay } = restored;
  const isNew = toSay !== null && toSay !== before.toSay;
  return {
    ...step,
    model: explained(isNew ? { ...restored, toSay: { ...toSay, typed: null } } : restored),
  };
}

/** An empty line takes back what the line before began. */
function dropped(model: Model): Model {
  return openRoomOf(model)?.writing ? hint(endWriting(model), 'left as it was', 'good') : model;
}

const NOTHING_ASIDE: Aside = { draft: EMPTY_EDITOR, recall: null, undo: NOTHING_TO_UNDO };

function withAside(view: RoomView, aside: Aside): RoomView {
  const { writing } = view;
  if (writing?.type !== 'edit') return { ...view, ...aside, pasted: false, anchor: null };
  const plain = { ...view, ...NOTHING_ASIDE, pasted: false, anchor: null };
  return { ...plain, writing: { ...writing, aside } };
}

/** What the screen shows by where it stands, in words. */
function explained(model: Model): Model {
  const view = openRoomOf(model);
  const textOf = (key: string) => {
    const line = view?.lines.find((each) => each.key === key);
    return line?.kind === 'post'
      ? cleanLine(line.text).slice(0, QUOTED_CHARS_MAX).toWellFormed()
      : '';
  };
  if (model.deleteAsked !== null) {
    return hint(
      model,
      `delete "${textOf(model.deleteAsked)}" for everyone? /delete again does`,
      'good',
    );
  }
  const { writing } = view ?? {};
  if (writing?.type === 'edit') {
    const was = textOf(writing.post);
    return hint(model, `the next line takes the place of "${was}"; an empty one leaves it`, 'good');
  }
  if (writing?.type === 'reply') {
    const { name, post } = writing;
    return hint(
      model,
      `the next line answers ${name}: "${textOf(post)}"; an empty one leaves it`,
      'good',
    );
  }
  return model;
}
