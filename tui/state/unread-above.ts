// Whoever opens a room sees its end, and what came since they were there last may begin above that: it is said how
// much of it, and which key goes there.
import { keysFor } from '../key-names.ts';
import { windowOf } from '../timeline.ts';
import type { Model } from './model.ts';
import { sceneOf } from './selectors.ts';
import { hint, openRoomOf, type Step } from './step.ts';

/** Posts of others that came since, above the first row. */
function countAbove(model: Model): number {
  const view = openRoomOf(model);
  const scene = sceneOf(model);
  const after = view?.unreadAfter ?? null;
  if (!view || !scene || after === null || view.anchor !== null) return 0;
  const above = scene.lines.slice(0, windowOf(scene, null).linesAbove);
  const read = above.findLastIndex(({ order }) => order <= after);
  return above.slice(read + 1).filter((line) => line.kind === 'post' && !line.own).length;
}

/** What a key has done, and, where that has opened a room, how much of the news stands above. */
export function withUnreadAbove(before: Model, step: Step): Step {
  const { model } = step;
  if (model.openRoom === before.openRoom || model.hint !== null) return step;
  const count = countAbove(model);
  if (count === 0) return step;
  const [key] = keysFor(model.settings.bindings, 'firstUnread');
  const how = key === undefined ? '' : ` · ${key} goes there`;
  return { ...step, model: hint(model, `↑ ${count} unread above${how}`, 'good') };
}
