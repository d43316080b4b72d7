// The model of the moment, who is told of each change of it, and what is kept of it across restarts. What draws it,
// or writes it out, is told by whoever asks.
import { save, savedOf, withoutDrafts } from './saved-state.ts';
import type { Action, Effect } from './state/action.ts';
import type { Model, Saved } from './state/model.ts';
import { needsTicks, update } from './state/update.ts';

export type Source = Readonly<{
  /** Tells of each action once it is in the model. */
  subscribe(listener: (action: Action) => void): () => void;
  model(): Model;
  dispatch(action: Action): void;
}>;

/** How often what counts by itself is told: a tenth of a second is the finest that is shown. */
const TICK_MS = 100;
/** Drafts, read positions and what was sent are written this long after a change: a crash costs a second of typing. */
const SAVE_DELAY_MS = 1_000;

/** Between two tellings of what was read, while the reader stays where they are. */
const READ_TOLD_MS = 2_000;

/** What only somebody who sits there does. */
const BY_HAND: ReadonlySet<Action['type']> = new Set(['key', 'typed', 'pasted', 'entered']);

/** @param perform carries an effect out, after the dispatch that asked for it */
export function createStore(
  initial: Model,
  { perform, onHand }: { perform: (effect: Effect) => void; onHand: () => void },
): Source {
  let model = initial;
  const listeners = new Set<(action: Action) => void>();
  return {
    model: () => model,
    dispatch: (action) => {
      const stamp = { nowMs: performance.now(), wallMs: Date.now() };
      if (BY_HAND.has(action.type)) onHand();
      const step = update(model, action, stamp);
      model = step.model;
      for (const effect of step.effects) perform(effect);
      for (const listener of listeners) listener(action);
    },
    subscribe: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

/** Writes drafts, read positions and what was sent a while after they changed, and at the end. @returns ends it */
export function keepSaved(store: Source, folder: string): () => void {
  let timer: NodeJS.Timeout | null = null;
  let written = '';
  let last: Readonly<{ account: string; name: string; saved: Saved }> | null = null;
  const write = () => {
    timer = null;
    const model = store.model();
    const { account, name } = model;
    if (account === null) return;
    const saved = savedOf(model);
    const text = JSON.stringify([account, saved]);
    if (text === written) return;
    written = text;
    try {
      // They went along with the person, and are not to come back from here as well.
      if (last && last.account !== account) save(folder, last.name, withoutDrafts(last.saved));
      save(folder, name, saved);
      last = { account, name, saved };
    } catch (error) {
      const reason = `drafts cannot be kept: ${(error as Error).message}`;
      store.dispatch({ type: 'hint', text: reason, tone: 'warning' });
    }
  };
  const unsubscribe = store.subscribe(() => {
    timer ??= setTimeout(write, SAVE_DELAY_MS);
  });
  return () => {
    unsubscribe();
    if (timer) clearTimeout(timer);
    write();
  };
}

/**
 * Tells how far each room was read: a while after that changed, and at once when the reader leaves a room or looks
 * elsewhere, perhaps at another device; and at the end.
 * @param read is told every place that may be new
 * @returns `now` tells what is not told yet, `stop` does so and ends it
 */
export function tellReads(
  store: Source,
  read: (room: string, order: string) => void,
): { now(): void; stop(): void } {
  const told = new Map<string, string>();
  let timer: NodeJS.Timeout | null = null;
  let { openRoom: readRoom, focused: wasFocused } = store.model();
  const tell = () => {
    if (timer) clearTimeout(timer);
    timer = null;
    const { account, connection, rooms } = store.model();
    // While another name signs in, what was read is still that of the one before.
    if (account === null || connection.type !== 'connected') return;
    for (const { room, read: place } of rooms) {
      const key = `${account} ${room.id}`;
      if (place === null || told.get(key) === place) continue;
      told.set(key, place);
      read(room.id, place);
    }
  };
  const unsubscribe = store.subscribe(() => {
    const { openRoom, focused } = store.model();
    const leaves = openRoom !== readRoom || (wasFocused && !focused);
    readRoom = openRoom;
    wasFocused = focused;
    if (leaves) tell();
    else timer ??= setTimeout(tell, READ_TOLD_MS);
  });
  const stop = () => {
    unsubscribe();
    tell();
  };
  return { now: tell, stop };
}

/** Time passes only where something counts: an idle screen costs nothing. @returns ends it */
export function tickWhileNeeded(store: Source): () => void {
  let timer: NodeJS.Timeout | null = null;
  const check = () => {
    if (needsTicks(store.model())) {
      timer ??= setInterval(() => store.dispatch({ type: 'tick' }), TICK_MS);
    } else if (timer) {
      clearInterval(timer);
      timer = null;
    }
  };
  const unsubscribe = store.subscribe(check);
  check();
  return () => {
    unsubscribe();
    if (timer) clearInterval(timer);
  };
}
