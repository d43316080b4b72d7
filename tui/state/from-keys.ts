// What keys do: to the editor, to the room list, to the place in the timeline, and in what lies above them.

import { UserName } from '../../lib/protocol/fields.ts';
import { fuzzyMatches } from '../fuzzy.ts';
import type { Intent } from '../keys.ts';
import { cleanLine, graphemes } from '../text.ts';
import { redone, undone } from '../undo.ts';
import {
  answerNewest,
  choose,
  emojiChoices,
  leaveWriting,
  onChosenKey,
  onChosenLetter,
  react,
  showPost,
} from './about-post.ts';
import type { Stamp } from './action.ts';
import { showCopyView } from './copy-view.ts';
import type { Model, Overlay, RoomView } from './model.ts';
import { onOutboxKey, onOutboxLetter, openOutbox } from './outbox-pane.ts';
import { followEnd, openRoom, scroll } from './rooms.ts';
import { goToFirstUnread, goToFound, moveInFound, searchFor } from './searching.ts';
import { sceneOf } from './selectors.ts';
import { ask, draftOf, hint, openRoomOf, type Step, stay, then } from './step.ts';
import { roomNumber, submit } from './submit.ts';
import {
  clear,
  complete,
  compose,
  edit,
  pastedInto,
  takeBack,
  typedInto,
  vertical,
  yank,
} from './writing.ts';

/** Ctrl+C a second time within this quits, in milliseconds: long enough to read the question. */
export const QUIT_MS_MAX = 3_000;

/** A digit later than this after Esc is text. */
export const ESCAPED_MS_MAX = 700;

/** Rows that help moves by with ↑ and ↓, and with PgUp and PgDn. */
const HELP_STEPS: Readonly<Record<string, number>> = { up: -1, down: 1, pageup: -8, pagedown: 8 };

/** Each key forgets what only the key before it meant. */
function fresh(model: Model): Model {
  return {
    ...model,
    hint: null,
    marked: null,
    escapedMs: null,
    quitAskedMs: null,
    chain: null,
    sendAsked: null,
    deleteAsked: null,
  };
}

/** Alt and a sign that is bound to nothing is Escape and the sign, which a slow line brought in one piece. */
const ALT_AND_SIGN = /^alt\+([^\p{L}\p{N}])$/u;

/** A key by its name in keys.ts. */
export function onKey(model: Model, key: string, stamp: Stamp): Step {
  const sign = model.settings.bindings[key] ? undefined : ALT_AND_SIGN.exec(key)?.[1];
  if (sign !== undefined) return then(onKey(model, 'escape', stamp), (next) => onTyped(next, sign));
  if (isBlocked(model)) return onBlockedKey(model, key);
  if (model.overlay?.type === 'search') {
    return onSearchKey(fresh(model), model.overlay, { key, stamp });
  }
  if (model.overlay?.type === 'outbox') return onOutboxKey(fresh(model), model.overlay, key);
  if (model.overlay) return onOverlayKey(fresh(model), model.overlay, key);
  if (model.selected !== null) {
    const chosen = onChosenKey(fresh(model), key);
    if (chosen) return chosen;
    // Any other key does what it does anywhere, and writing goes on.
    if (key === 'escape' || key === 'ctrl+c') return stay({ ...fresh(model), selected: null });
  }
  const intent = model.settings.bindings[key];
  if (!intent) return stay(model);
  if (intent.do === 'interrupt') return interrupt(model, stamp);
  return perform(fresh(model), intent, { stamp, was: model });
}

/** Whether a full-screen notice stands where the rooms would be. */
export function isBlocked(model: Model): boolean {
  const { type } = model.connection;
  if (model.account !== null) return false;
  // Servers that were started here are not offered to be started.
  return type === 'refused' || (type === 'noServer' && model.local === null);
}

function onBlockedKey(model: Model, key: string): Step {
  if (key === 'ctrl+c' || key === 'ctrl+d') return ask(model, { type: 'quit' });
  if (model.connection.type !== 'refused') return stay(model);
  if (key === 'backspace') return stay({ ...model, nameDraft: model.nameDraft.slice(0, -1) });
  if (key === 'ctrl+u') return stay({ ...model, nameDraft: '' });
  return key === 'enter' ? otherName(model) : stay(model);
}

/** After a refused sign-in: tries the name that was typed instead. */
function otherName(model: Model): Step {
  const parsed = UserName.safeParse(model.nameDraft.trim().normalize('NFKC'));
  if (!parsed.success) return stay(hint(model, parsed.error.issues[0]?.message ?? 'no such name'));
  const name = parsed.data;
  return ask({ ...model, name, nameDraft: '', hint: null }, { type: 'signInAs', name });
}

/** Whether letters are keys at the moment, and no text. */
function takesLetters(model: Model): boolean {
  const { overlay, selected } = model;
  return overlay === null ? selected !== null || isEscaped(model) : overlay.type === 'outbox';
}

/** Whether a digit opens a room now. */
const isEscaped = ({ escapedMs, nowMs }: Model) =>
  escapedMs !== null && nowMs - escapedMs <= ESCAPED_MS_MAX;

export function onTyped(model: Model, text: string): Step {
  if (isBlocked(model)) return onBlockedLetter(model, text);
  const [first = '', ...rest] = takesLetters(model) ? graphemes(text) : [];
  // Fast typing comes in one piece: each letter is a key by itself.
  if (rest.length > 0) return then(onTyped(model, first), (after) => onTyped(after, rest.join('')));
  const before = fresh(model);
  if (model.overlay?.type === 'help') {
    // A message may begin with what opened it.
    const closed: Model = { ...before, overlay: null };
    return model.overlay.asked === '' ? stay(closed) : typedInto(closed, `?${text}`, null);
  }
  if (model.overlay?.type === 'outbox') return onOutboxLetter(before, model.overlay, text);
  if (model.overlay) {
    const query = model.overlay.query + cleanLine(text);
    if (model.overlay.type === 'search') return searchFor(before, query);
    return stay({ ...before, overlay: { ...model.overlay, query, selected: 0 } });
  }
  // What is asked about a post is forgotten by any key but the one that answers.
  if (model.selected !== null) {
    const deleteAsked = text === 'd' ? model.deleteAsked : null;
    return onChosenLetter({ ...before, deleteAsked }, text);
  }
  // Of a room that is not there it is text like any other.
  if (isEscaped(model) && /^[1-9]$/.test(text) && model.rooms[Number(text) - 1])
    return roomNumber(before, Number(text));
  if (text === '?' && draftOf(model).text === '') {
    return stay({ ...before, overlay: { type: 'help', offset: 0, asked: text } });
  }
  return typedInto(before, text, model.chain);
}

function onBlockedLetter(model: Model, text: string): Step {
  if (model.connection.type === 'refused') {
    return stay({ ...model, nameDraft: cleanLine(model.nameDraft + text) });
  }
  const letter = text.slice(0, 1).toLowerCase();
  if (letter === 'l') return ask(model, { type: 'startLocal' });
  if (letter === 'r') return ask(model, { type: 'retry' });
  return letter === 'q' ? ask(model, { type: 'quit' }) : stay(model);
}

/** A paste never sends; where no text is written it does nothing. */
export function onPasted(model: Model, text: string): Step {
  const takesText = model.overlay?.type !== 'help' && model.overlay?.type !== 'outbox';
  if (isBlocked(model) || !takesText) return stay(model);
  if (model.overlay?.type === 'search') return onTyped(model, text.replace(/\s+/g, ' '));
  if (model.overlay) return onTyped(model, text.replace(/\s+/g, ''));
  return pastedInto(fresh(model), text);
}

/** @param was before this key: it may go on with what the key before began */
function perform(
  model: Model,
  intent: Intent,
  { stamp, was }: Readonly<{ stamp: Stamp; was: Model }>,
): Step {
  switch (intent.do) {
    case 'edit':
      return edit(model, intent.edit, was.chain);
    case 'room':
      return roomNumber(model, intent.number);
    case 'send':
      return submit(model, stamp, was.sendAsked);
    case 'up':
      return vertical(model, -1);
    case 'down':
      return vertical(model, 1);
    case 'nextRoom':
      return neighbour(model, 1);
    case 'previousRoom':
      return neighbour(model, -1);
    case 'nextUnread':
      return nextUnread(model);
    case 'firstUnread':
      return goToFirstUnread(model);
    case 'switcher':
      return stay({ ...model, overlay: { type: 'switcher', query: '', selected: 0 } });
    case 'pageUp':
      return scroll(model, -pageRows(model));
    case 'pageDown':
      return scroll(model, pageRows(model));
    case 'endKey':
      return endKey(model);
    case 'complete':
      return complete(model);
    case 'undo':
      return takeBack(model, undone);
    case 'redo':
      return takeBack(model, redone);
    case 'yank':
      return yank(model, was.chain);
    case 'compose':
      return compose(model);
    case 'copyView':
      return showCopyView(model);
    case 'outbox':
      return openOutbox(model);
    case 'search':
      return searchFor(model, '');
    case 'select':
      return was.marked === null
        ? choose(model, 0)
        : showPost({ ...model, selected: was.marked }, was.marked);
    case 'reply':
      return answerNewest(model);
    case 'escape':
      return stay({ ...escaped(model), completion: null });
    case 'interrupt':
      return interrupt(model, stamp);
    case 'suspend':
      return ask(model, { type: 'suspend' });
    case 'redraw':
      return ask(model, { type: 'redraw' });
  }
}

/** Esc leaves what is begun; where nothing is, a digit behind it opens a room. */
function escaped(model: Model): Model {
  const left = leaveWriting(model);
  return left === model ? { ...model, escapedMs: model.nowMs } : left;
}

/** A page less two rows: the eye keeps something to hold on to. */
const pageRows = (model: Model) => Math.max(1, (sceneOf(model)?.height ?? 1) - 2);

/** End goes to the end of the line; where it stands there already, the timeline follows its end again. */
function endKey(model: Model): Step {
  const view = openRoomOf(model);
  if (view?.anchor) return followEnd(model);
  return edit(model, 'end', null);
}

function interrupt(model: Model, stamp: Stamp): Step {
  const cleared = fresh(model);
  const { writing } = openRoomOf(model) ?? {};
  // Or the next message would take the place of an old one.
  if (writing?.type === 'edit') return stay(leaveWriting(cleared));
  if (writing?.type === 'reply') {
    return draftOf(model).text === '' ? stay(leaveWriting(cleared)) : clear(leaveWriting(cleared));
  }
  const isBegun = (openRoomOf(model)?.recall?.unsent.text ?? '') !== '';
  if (isBegun || draftOf(model).text !== '') return clear(cleared);
  const asked = model.quitAskedMs;
  if (asked !== null && stamp.nowMs - asked <= QUIT_MS_MAX) return ask(cleared, { type: 'quit' });
  const runs = Object.values(model.local ?? {}).some((state) => state !== 'stopped');
  const what = runs ? 'quits, and ends the servers that run here' : 'quits';
  return stay({ ...hint(cleared, `Ctrl+C again ${what}`), quitAskedMs: stamp.nowMs });
}

function neighbour(model: Model, step: -1 | 1): Step {
  const { rooms } = model;
  if (rooms.length === 0) return stay(model);
  const index = rooms.findIndex((view) => view.room.id === model.openRoom);
  const target = rooms[(index + step + rooms.length) % rooms.length];
  return target ? openRoom(model, target.room.id) : stay(model);
}

/** The next room, going round, that called; else the next with anything unread. */
function nextUnread(model: Model): Step {
  const index = model.rooms.findIndex((view) => view.room.id === model.openRoom);
  const round = [...model.rooms.slice(index + 1), ...model.rooms.slice(0, Math.max(0, index))];
  const target = round.find((view) => view.mentions > 0) ?? round.find((view) => view.unread > 0);
  return target ? openRoom(model, target.room.id) : stay(hint(model, 'nothing unread', 'good'));
}

/** The rooms that the switcher lists, best first. */
export function switcherRooms(model: Model, query: string): RoomView[] {
  return fuzzyMatches(query.replace(/^[#@]/, ''), model.rooms, (view) => view.room.name);
}

type SearchOverlay = Extract<Overlay, { type: 'search' }>;

/** Rows that the results move by with PgUp and PgDn. */
const FOUND_PAGE = 8;

function onSearchKey(
  model: Model,
  overlay: SearchOverlay,
  { key, stamp }: Readonly<{ key: string; stamp: Stamp }>,
): Step {
  const keys: Readonly<Record<string, () => Step>> = {
    up: () => moveInFound(model, -1),
    'ctrl+p': () => moveInFound(model, -1),
    down: () => moveInFound(model, 1),
    'ctrl+n': () => moveInFound(model, 1),
    pageup: () => moveInFound(model, -FOUND_PAGE),
    pagedown: () => moveInFound(model, FOUND_PAGE),
    enter: () => goToFound(model, stamp),
    backspace: () => searchFor(model, graphemes(overlay.query).slice(0, -1).join('')),
    'ctrl+w': () => searchFor(model, overlay.query.replace(/\S+\s*$|\s+$/u, '')),
    'ctrl+u': () => searchFor(model, ''),
  };
  const handler = keys[key];
  if (handler) return handler();
  const closes = key === 'escape' || key === 'ctrl+c' || key === 'ctrl+r';
  return stay(closes ? { ...model, overlay: null } : model);
}

type Pickable = Readonly<{ pick(model: Model): Step }>;

/** What Enter would pick in a list that is narrowed down by typing. */
function pickable(
  model: Model,
  overlay: Extract<Overlay, { type: 'switcher' | 'react' }>,
): readonly Pickable[] {
  if (overlay.type === 'react') {
    const { post, query } = overlay;
    return emojiChoices(query).map((emoji) => ({ pick: (closed) => react(closed, post, emoji) }));
  }
  const rooms = switcherRooms(model, overlay.query);
  return rooms.map(({ room }) => ({ pick: (closed) => openRoom(closed, room.id) }));
}

function onOverlayKey(
  model: Model,
  overlay: Exclude<Overlay, { type: 'search' | 'outbox' }>,
  key: string,
): Step {
  if (overlay.type === 'help') {
    const step = HELP_STEPS[key];
    const offset = Math.max(0, overlay.offset + (step ?? 0));
    const moved = step === undefined ? null : { type: 'help' as const, offset, asked: '' };
    return stay({ ...model, overlay: moved });
  }
  const closed = { ...model, overlay: null };
  const found = pickable(model, overlay);
  const move = (step: number) => {
    const count = Math.max(1, found.length);
    const selected = (overlay.selected + step + count) % count;
    return stay({ ...model, overlay: { ...overlay, selected } });
  };
  const target = found[overlay.selected];
  const keys: Readonly<Record<string, () => Step>> = {
    up: () => move(-1),
    'ctrl+p': () => move(-1),
    down: () => move(1),
    'ctrl+n': () => move(1),
    tab: () => move(1),
    enter: () => (target ? target.pick(closed) : stay(closed)),
    backspace: () => {
      const query = [...overlay.query].slice(0, -1).join('');
      return stay({ ...model, overlay: { ...overlay, query, selected: 0 } });
    },
    'ctrl+u': () => stay({ ...model, overlay: { ...overlay, query: '', selected: 0 } }),
  };
  const handler = keys[key];
  if (handler) return handler();
  return key === 'escape' || key === 'ctrl+c' || key === 'ctrl+k' || key === 'ctrl+t'
    ? stay(closed)
    : stay(model);
}
