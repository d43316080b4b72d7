// What Enter does: posts, or runs the slash command that was written.
import { type Command, parseInput } from '../commands.ts';
import { answerNewest, deleteNewest, editNewest, reactToNewest, submitEdit } from './about-post.ts';
import type { Stamp } from './action.ts';
import { showCopyView } from './copy-view.ts';
import { writeTo } from './direct.ts';
import type { Model } from './model.ts';
import { toggleMouse } from './mouse.ts';
import { openOutbox } from './outbox-pane.ts';
import { post, remembered } from './posting.ts';
import { openRoom } from './rooms.ts';
import { searchFor } from './searching.ts';
import { ask, draftOf, hint, openRoomOf, type Step, stay } from './step.ts';
import { asksFirst, linesIn } from './writing.ts';

/** @param asked the text that Enter asked about just before */
export function submit(model: Model, stamp: Stamp, asked: string | null): Step {
  return submitText(model, draftOf(model).text, { stamp, asked });
}

/** @param text the draft of the open room, or, where none is open, what else was written */
export function submitText(
  model: Model,
  text: string,
  { stamp, asked }: Readonly<{ stamp: Stamp; asked: string | null }>,
): Step {
  const view = openRoomOf(model);
  if (text.trim() === '' && view?.writing?.type !== 'edit') return stay(model);
  if (view?.writing?.type === 'edit') return submitEdit(model, text);
  const parsed = parseInput(text, model.local !== null);
  // A mistake stays in the editor, where it can be mended.
  if (parsed.type === 'wrong') return stay(hint(model, parsed.reason));
  if (parsed.type === 'post') {
    if (view && asksFirst(view) && asked !== text) return askToSend(model, text);
    return post(model, parsed.text);
  }
  if (parsed.command.type === 'me') return post(model, parsed.command.text, true);
  if (parsed.command.type === 'msg') return writeTo(model, parsed.command, text);
  if (parsed.command.type === 'reply' && parsed.command.text !== '') {
    return answerNewestWith(model, parsed.command.text);
  }
  if (parsed.command.type === 'nick' && asked !== text)
    return askForNick(model, parsed.command.name, text);
  const done = run(remembered(model, text), parsed.command, stamp);
  return isRefused(done, model) ? stay(hint(model, done.model.hint?.text ?? '')) : done;
}

/** Nothing came of it but a word of why: what was typed stays, as a mistyped command does. */
function isRefused({ model, effects }: Step, before: Model): boolean {
  const isElsewhere = model.openRoom !== before.openRoom || model.selected !== before.selected;
  return effects.length === 0 && !isElsewhere && model.hint?.tone === 'warning';
}

function answerNewestWith(model: Model, text: string): Step {
  const answered = answerNewest(model);
  const isAnswer = openRoomOf(answered.model)?.writing?.type === 'reply';
  return isAnswer ? post(answered.model, text) : answered;
}

function askToSend(model: Model, text: string): Step {
  const question = `Enter sends ${linesIn(text)} lines · Ctrl+C drops`;
  return stay({ ...hint(model, question), sendAsked: text });
}

/** A name is an account of its own, with rooms and conversations of its own. */
function askForNick(model: Model, name: string, text: string): Step {
  const refused = whyNoNick(model, name);
  if (refused !== null) return stay(hint(model, refused));
  const question = `Enter again: ${name} is another account, with other rooms`;
  return stay({ ...hint(model, question), sendAsked: text });
}

function run(model: Model, command: Exclude<Command, { type: 'msg' }>, stamp: Stamp): Step {
  const room = model.openRoom ?? '';
  const request = (
    what: Extract<Parameters<typeof ask>[1], { type: 'request' }>['request'],
    open = false,
  ) => ask(model, { type: 'request', request: what, open });
  switch (command.type) {
    case 'create':
      return request(
        {
          type: 'createRoom',
          name: command.name,
          ...(command.topic === '' ? {} : { topic: command.topic }),
        },
        true,
      );
    case 'join':
      return join(model, command.name);
    case 'me':
      return post(model, command.text, true);
    case 'reply':
      return answerNewest(model);
    case 'search':
      return searchFor(model, command.query);
    case 'edit':
      return editNewest(model, command.text);
    case 'delete':
      return deleteNewest(model);
    case 'react':
      return reactToNewest(model, command.emoji);
    case 'leave':
      return leave(model, command.name);
    case 'topic':
      return request({ type: 'setTopic', room, topic: command.topic });
    case 'rooms':
      return ask(model, { type: 'listRooms', shown: true });
    case 'who':
      return who(model, command.name);
    case 'nick':
      return nick(model, command.name);
    case 'retry':
      return retry(model);
    case 'outbox':
      return openOutbox(model);
    case 'copy':
      return showCopyView(model);
    case 'mouse':
      return toggleMouse(model);
    case 'help':
      return stay({ ...model, overlay: { type: 'help', offset: 0, asked: '' } });
    case 'quit':
      return ask(model, { type: 'quit' });
    case 'room':
      return roomNumber(model, command.number);
    case 'server':
      return server(model, command, stamp);
  }
}

/** The open room, or the one of that name that this account is in. */
const namedRoom = (model: Model, name: string) =>
  name === ''
    ? openRoomOf(model)
    : model.rooms.find(({ room }) => !room.direct && room.name === name);

function whyNoRoom(model: Model, name: string): Step {
  const reason = name === '' ? 'no room is open: /join one' : `you are not in #${name}`;
  return stay(hint(model, reason));
}

function leave(model: Model, name: string): Step {
  const view = namedRoom(model, name);
  if (!view) return whyNoRoom(model, name);
  if (view.room.direct)
    return stay(hint(model, 'a conversation of two is not left: it stays in the list'));
  const request = { type: 'leaveRoom', room: view.room.id } as const;
  return ask(model, { type: 'request', request, open: false });
}

function who(model: Model, name: string): Step {
  const view = namedRoom(model, name);
  if (!view) return whyNoRoom(model, name);
  return ask(model, { type: 'people', room: view.room.id, shown: true });
}

function join(model: Model, name: string): Step {
  const known = model.rooms.find(({ room }) => !room.direct && room.name === name);
  if (known) return openRoom(model, known.room.id);
  return ask(model, { type: 'request', request: { type: 'joinRoom', name }, open: true });
}

function whyNoNick({ outbox, name: own, nameAsked, account }: Model, name: string): string | null {
  if (account !== null && nameAsked === null && name === own) return `you are ${name}`;
  const count = outbox.length;
  return count > 0 ? `${count} not answered yet: change the name when they are` : null;
}

function nick(model: Model, name: string): Step {
  const refused = whyNoNick(model, name);
  if (refused !== null) return stay(hint(model, refused));
  const before = { before: model.name, wanted: name, isBack: name === model.name };
  const nameAsked = model.account === null ? null : before;
  return ask({ ...model, nameAsked }, { type: 'signInAs', name });
}

function retry(model: Model): Step {
  const isUp = model.connection.type === 'connected';
  return isUp ? stay(hint(model, 'connected already', 'good')) : ask(model, { type: 'retry' });
}

/** Opens the nth room of the list, counted from 1. */
export function roomNumber(model: Model, number: number): Step {
  const view = model.rooms[number - 1];
  return view ? openRoom(model, view.room.id) : stay(hint(model, `there is no room ${number}`));
}

function server(model: Model, command: Extract<Command, { type: 'server' }>, _stamp: Stamp): Step {
  const ids = Object.keys(model.local ?? {});
  if (!ids.includes(command.id)) {
    return stay(hint(model, `no server ${command.id}: there are ${ids.sort().join(', ')}`));
  }
  return ask(model, { type: 'server', verb: command.verb, id: command.id });
}
