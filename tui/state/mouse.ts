// The mouse: the wheel scrolls what it is over, a click goes to a room or chooses a message.
import { roomAtRow } from '../chrome.ts';
import { lineAt } from '../timeline.ts';
import type { Action, Stamp } from './action.ts';
import { isBlocked, onKey } from './from-keys.ts';
import type { Model } from './model.ts';
import { openRoom, scroll } from './rooms.ts';
import { composerOf, sceneOf } from './selectors.ts';
import { ask, hint, openRoomOf, type Step, stay } from './step.ts';

/** Rows for one notch of the wheel, as most programs have it. */
const WHEEL_ROWS = 3;

/** Rows above the timeline: the title. */
const ABOVE = 1;

type Mouse = Extract<Action, { type: 'mouse' }>;

export function onMouse(model: Model, mouse: Mouse, stamp: Stamp): Step {
  if (isBlocked(model)) return stay(model);
  if (mouse.does === 'press') return explained(onPress(model, mouse), model);
  const step = mouse.does === 'wheelUp' ? -1 : 1;
  // What lies above the timeline is a list: the wheel goes through it as the arrows do.
  if (model.overlay) return onKey(model, step === -1 ? 'up' : 'down', stamp);
  return scroll(model, step * WHEEL_ROWS);
}

function onPress(model: Model, { x, y }: Mouse): Step {
  const { layout } = composerOf(model);
  const row = y - ABOVE;
  if (model.overlay || row < 0 || row >= layout.bodyHeight) return stay(model);
  if (x < layout.roomsWidth) {
    const view = roomAtRow(model, layout.bodyHeight, row);
    return view ? openRoom(model, view.room.id) : stay(model);
  }
  const left = layout.roomsWidth > 0 ? layout.roomsWidth + 2 : 0;
  const scene = sceneOf(model);
  const view = openRoomOf(model);
  if (!scene || !view || x < left || x >= left + layout.timelineWidth) return stay(model);
  const line = lineAt(scene, view.anchor, row);
  return stay({ ...model, selected: line?.kind === 'post' ? line.key : null });
}

/** Who presses may want to select text: said once. */
function explained(step: Step, before: Model): Step {
  if (before.mouseExplained) return step;
  const text = 'to select text hold Shift (Option on macOS) · /mouse turns the mouse off';
  return { ...step, model: { ...hint(step.model, text, 'good'), mouseExplained: true } };
}

export function setMouse(model: Model, on: boolean): Step {
  return ask({ ...model, mouse: on }, { type: 'mouse', on });
}

/** `/mouse` */
export function toggleMouse(model: Model): Step {
  const on = !model.mouse;
  const text = on
    ? 'the wheel scrolls, a click chooses; text is selected with Shift'
    : 'the terminal has the mouse again: text is selected as ever';
  return setMouse(hint(model, text, 'good'), on);
}
