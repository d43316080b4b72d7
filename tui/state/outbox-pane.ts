// The outbox as a pane: what is not stored yet, to be taken back, written anew, or tried again at once.
import type { OutboxItem } from '../../lib/client/api.ts';
import { editorOf } from '../editor.ts';
import { keysFor } from '../key-names.ts';
import { keptWhole } from '../kill-ring.ts';
import { roomLabel } from '../room-label.ts';
import { cleanLine } from '../text.ts';
import type { Model, Overlay } from './model.ts';
import { ask, hint, roomOf, type Step, stay, withRoom } from './step.ts';

type OutboxOverlay = Extract<Overlay, { type: 'outbox' }>;

export function openOutbox(model: Model): Step {
  return stay({ ...model, overlay: { type: 'outbox', selected: 0 } });
}

/** A request in one line: what it is, where, and its words. */
export function requestText(model: Model, { request }: OutboxItem): string {
  const view = 'room' in request ? roomOf(model, request.room) : undefined;
  const room = view ? roomLabel(view.room) : '#?';
  switch (request.type) {
    case 'post':
      return `${room} ${request.action ? '/me ' : ''}${cleanLine(request.text)}`;
    case 'editPost':
      return `${room} edit: ${cleanLine(request.text)}`;
    case 'deletePost':
      return `${room} delete a message`;
    case 'react':
      return `${room} ${request.on ? 'react' : 'react no longer'} ${request.emoji}`;
    case 'createRoom':
      return `create #${request.name}`;
    case 'joinRoom':
      return `join #${request.name}`;
    case 'leaveRoom':
      return `leave ${room}`;
    case 'setTopic':
      return `${room} topic: ${cleanLine(request.topic)}`;
    case 'openDirect':
      return `write to ${request.name}`;
  }
}

function moved(model: Model, overlay: OutboxOverlay, step: number): Step {
  const last = Math.max(0, model.outbox.length - 1);
  const selected = Math.max(0, Math.min(last, overlay.selected + step));
  return stay({ ...model, overlay: { ...overlay, selected } });
}

export function onOutboxKey(model: Model, overlay: OutboxOverlay, key: string): Step {
  if (key === 'up' || key === 'ctrl+p') return moved(model, overlay, -1);
  if (key === 'down' || key === 'ctrl+n') return moved(model, overlay, 1);
  if (key === 'enter') return onOutboxLetter(model, overlay, 'e');
  if (key === 'delete' || key === 'backspace') return onOutboxLetter(model, overlay, 'd');
  const closes = key === 'escape' || key === 'ctrl+c' || key === 'ctrl+o';
  return stay(closes ? { ...model, overlay: null } : model);
}

export function onOutboxLetter(model: Model, overlay: OutboxOverlay, letter: string): Step {
  const item = model.outbox[overlay.selected];
  switch (letter) {
    case 'k':
      return moved(model, overlay, -1);
    case 'j':
      return moved(model, overlay, 1);
    case 'r':
      return ask(hint(model, 'trying again', 'good'), { type: 'retry' });
    case 'd':
      return item ? ask(model, { type: 'cancel', item, edit: false }) : stay(model);
    case 'e': {
      if (item?.request.type !== 'post') return stay(hint(model, 'only messages can be edited'));
      const view = roomOf(model, item.request.room);
      if (!view) return stay(hint(model, 'its room is not here at the moment: d drops it'));
      if (view.writing?.type === 'edit')
        return stay(hint(model, `an edit stands in ${roomLabel(view.room)}: end it first`));
      if (view.draft.text !== '')
        return stay(hint(model, `another draft stands in ${roomLabel(view.room)}: send it first`));
      return ask(model, { type: 'cancel', item, edit: true });
    }
    default:
      return stay(hint(model, `${letter} does nothing here: Esc goes back to writing`));
  }
}

/** Something has left the outbox: what is chosen is there still. */
export function clampedOutbox(model: Model): Model {
  const { overlay, outbox } = model;
  if (overlay?.type !== 'outbox' || overlay.selected < Math.max(1, outbox.length)) return model;
  return { ...model, overlay: { ...overlay, selected: Math.max(0, outbox.length - 1) } };
}

/** Its words can be put in again, as what is cut can. */
function dropped(model: Model, request: OutboxItem['request']): Model {
  if (request.type !== 'post') return hint(model, 'dropped', 'good');
  const [key] = keysFor(model.settings.bindings, 'yank');
  const how = key === undefined ? '' : ` · ${key} puts its text in`;
  const kept = { ...model, kills: keptWhole(model.kills, request.text) };
  return hint(kept, `dropped${how}`, 'good');
}

/** It is out of the outbox; what is to be written anew is in its room's composer. */
export function onCancelled(
  model: Model,
  { item, edit }: Readonly<{ item: OutboxItem; edit: boolean }>,
): Model {
  const { request } = item;
  if (!edit || request.type !== 'post') return dropped(model, request);
  // Its room has left the list meanwhile, or something else is written there.
  const view = roomOf(model, request.room);
  if (!view || view.writing?.type === 'edit' || view.draft.text !== '')
    return dropped(model, request);
  const closed: Model = { ...model, overlay: null, openRoom: request.room };
  return withRoom(closed, request.room, (view) => ({ ...view, draft: editorOf(request.text) }));
}
