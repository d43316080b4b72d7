// The screen's core: `update(model, action) -> { model, effects }`. Pure but for memos; the shell stamps
// every action with the time and carries the effects out, in order.
import type { Room } from '../../lib/client/api.ts';
import type { Person } from '../../lib/protocol/events.ts';
import { roomLabel } from '../room-label.ts';
import type { Action, Stamp } from './action.ts';
import { onEntered } from './entered.ts';
import { onClientEvent, settleRecovery } from './from-client.ts';
import { ESCAPED_MS_MAX, onKey, onPasted, onTyped, QUIT_MS_MAX } from './from-keys.ts';
import type { Model } from './model.ts';
import { onMouse, setMouse } from './mouse.ts';
import { onCancelled } from './outbox-pane.ts';
import { loadPeople, sortedPeople } from './people.ts';
import { onFocus } from './reading.ts';
import { loadAhead, onHistory, onNewer } from './rooms.ts';
import { continueJump, onFound, onSearchFailed } from './searching.ts';
import {
  cleanRoom,
  hint,
  notice,
  openRoomOf,
  roomOf,
  type Step,
  stay,
  then,
  withRoom,
} from './step.ts';
import { expireTyping } from './typing.ts';
import { withUnreadAbove } from './unread-above.ts';
import { completeWithMore, onComposed, settleRoomless } from './writing.ts';

/** How long the status row shows that all is well again, in milliseconds. */
export const RECOVERED_SHOWN_MS = 5_000;

/** Takes one action; never throws on what came from outside. */
export function update(before: Model, action: Action, stamp: Stamp): Step {
  const model = seenHand({ ...before, nowMs: stamp.nowMs }, action);
  switch (action.type) {
    case 'key':
      return withUnreadAbove(before, onKey(model, action.key, stamp));
    case 'typed':
      return withUnreadAbove(before, onTyped(model, action.text));
    case 'pasted':
      return onPasted(model, action.text);
    case 'entered':
      return onEntered(model, action.text, stamp);
    case 'focused':
      return stay(onFocus(model, action.focused));
    case 'mouse':
      return withUnreadAbove(before, onMouse(model, action, stamp));
    case 'resized':
      return then(stay({ ...model, size: action.size }), (next) =>
        then(loadAhead(next), loadPeople),
      );
    case 'tick':
      return stay(onTick(model, stamp));
    case 'client':
      return then(onClientEvent(model, action.event, stamp), settleRoomless);
    case 'historyCame':
      return then(
        action.after === undefined
          ? onHistory(model, action.room, action.before, action.page)
          : onNewer(model, action.room, action.after, action.page),
        continueJump,
      );
    case 'found':
      return onFound(model, action);
    case 'searchFailed':
      return stay(onSearchFailed(model, action.query, action.reason));
    case 'historyFailed':
      return stay({
        ...withRoom(model, action.room, (view) => ({ ...view, loading: false })),
        jump: null,
      });
    case 'peopleCame':
      return stay(onPeople(model, action, stamp));
    case 'roomsCame':
      return onRoomList(model, action, stamp);
    case 'requested':
      return stay(action.open ? { ...model, openOnAnswer: action.item.number } : model);
    case 'settings':
      return onSettings(model, action);
    case 'cancelled':
      return stay(onCancelled(model, action));
    case 'composed':
      return onComposed(model, action.room, action.text);
    case 'nameChosen':
      return stay({ ...model, ofChosenName: action.saved });
    case 'localChanged':
      return stay({ ...model, local: action.local });
    case 'hint':
      return stay(hint(model, action.text, action.tone));
    case 'notice':
      return stay(openRoomOf(model) ? notice(model, action.text, stamp) : hint(model, action.text));
  }
}

/** Whoever sends something looks here, whatever the terminal told last. */
function seenHand(model: Model, action: Action): Model {
  const sends = action.type === 'key' && action.key === 'enter';
  return sends && !model.focused ? onFocus(model, true) : model;
}

function onSettings(
  model: Model,
  { settings, problem }: Extract<Action, { type: 'settings' }>,
): Step {
  const changed: Model = { ...model, settings };
  const told = problem === null ? hint(changed, 'settings read', 'good') : hint(changed, problem);
  return settings.mouse === model.settings.mouse
    ? stay(told)
    : setMouse(told, settings.mouse === 'on');
}

function onTick(model: Model, stamp: Stamp): Model {
  const { recovered, quitAskedMs } = model;
  const isOver = recovered && stamp.nowMs - recovered.sinceMs >= RECOVERED_SHOWN_MS;
  const settled = isOver ? settleRecovery(model) : model;
  const { escapedMs } = model;
  const isEscaped = escapedMs !== null && stamp.nowMs - escapedMs <= ESCAPED_MS_MAX;
  const isForgotten = quitAskedMs !== null && stamp.nowMs - quitAskedMs > QUIT_MS_MAX;
  const heard = { ...expireTyping(settled), escapedMs: isEscaped ? escapedMs : null };
  return isForgotten ? { ...heard, quitAskedMs: null, hint: null } : heard;
}

/** Whether something on the screen changes by itself as time goes on. */
export function needsTicks(model: Model): boolean {
  return (
    model.connection.type !== 'connected' ||
    model.recovered !== null ||
    model.quitAskedMs !== null ||
    model.escapedMs !== null ||
    model.rooms.some((view) => view.typing.length > 0)
  );
}

function onPeople(
  model: Model,
  action: { room: string; people: readonly Person[]; shown: boolean },
  stamp: Stamp,
): Model {
  const people = sortedPeople(action.people);
  const kept = withRoom(model, action.room, (view) => ({ ...view, people }));
  if (!action.shown) return kept;
  const here = people.filter((person) => person.state === 'here').map((person) => person.name);
  const named = (state: Person['state'], label: string) => {
    const names = people.filter((person) => person.state === state).map((person) => person.name);
    return names.length > 0 ? ` · ${label}: ${names.join(', ')}` : '';
  };
  const away = named('idle', 'idle') + named('gone', 'gone');
  const room = roomOf(kept, action.room)?.room;
  const where = room === undefined || action.room === model.openRoom ? '' : `${roomLabel(room)}: `;
  return told(kept, `${where}${here.length} here: ${here.join(', ')}${away}`, stamp);
}

function onRoomList(
  model: Model,
  { rooms, shown }: Readonly<{ rooms: readonly Room[]; shown: boolean }>,
  stamp: Stamp,
): Step {
  const listed = rooms.filter(({ direct }) => !direct).map(cleanRoom);
  const known = { ...model, roomNames: listed.map(({ name }) => name) };
  return shown ? stay(toldRooms(known, listed, stamp)) : completeWithMore(known);
}

function toldRooms(model: Model, listed: readonly Room[], stamp: Stamp): Model {
  const rows = listed.map((room) => {
    const topic = room.topic === '' ? '' : ` · ${room.topic}`;
    return `#${room.name} · ${room.members} in it${room.joined ? ' · joined' : ''}${topic}`;
  });
  return told(model, [`rooms: ${listed.length} · /join ROOM`, ...rows].join('\n'), stamp);
}

/** An answer stands where one is; where no room is open, in the row for what is to be said. */
function told(model: Model, text: string, stamp: Stamp): Model {
  if (openRoomOf(model)) return notice(model, text, stamp);
  return hint(model, text.replaceAll('\n', ' · '), 'good');
}
