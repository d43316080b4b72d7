// The shell of the screen: feeds keys, client events and time to the core, carries its effects out, and
// has Ink draw. Every way out goes through here and leaves the terminal as it was.
import { setTimeout as delay } from 'node:timers/promises';
import { render, useApp } from 'ink';
import { useEffect } from 'react';
import type { ChatClient } from '../lib/client/api.ts';
import { App, type Source } from './components/App.tsx';
import type { Size } from './layout.ts';
import type { LocalCluster } from './local-cluster.ts';
import { save, savedOf } from './saved-state.ts';
import type { Loaded, Settings } from './settings/settings.ts';
import { loadSettings, problemsText, watchSettings } from './settings/settings-file.ts';
import type { Action, Effect } from './state/action.ts';
import { initialModel, type Model, type Saved } from './state/model.ts';
import { HISTORY_POSTS } from './state/rooms.ts';
import { needsTicks, update } from './state/update.ts';
import { alert } from './terminal/alerts.ts';
import { copyToClipboard } from './terminal/clipboard.ts';
import { watchIdleness } from './terminal/idleness.ts';
import { restoreAll, restoreModes, setModes, setMouse } from './terminal/modes.ts';
import { editOutside } from './terminal/outside-editor.ts';
import { showPlain } from './terminal/plain-view.ts';
import { listenForReports } from './terminal/reports.ts';

/** How often what counts by itself is drawn: a tenth of a second is the finest that is shown. */
const TICK_MS = 100;
/** Drafts and read positions are written this long after a change: a crash costs a second of typing. */
const SAVE_DELAY_MS = 1_000;
/** Frames a second: a key is drawn within 9 ms. */
const FRAMES_MAX = 120;
/** Between two letters of somebody who types: shorter than a person notices. */
const SEARCH_PAUSE_MS = 80;
const SENT_ALREADY = 'sent already: it cannot be taken back here';
/** A screenful and some. */
const FOUND_POSTS = 50;
/** The stop arrives within this. */
const STOPPED_MS = 50;
/** A size is needed before the terminal has told one. */
const SIZE_DEFAULT = { columns: 80, rows: 24 };

export type ScreenParts = Readonly<{
  /** Known servers to a client that tries them. */
  connect: (servers: readonly string[], name: string) => Promise<ChatClient>;
  servers: readonly string[];
  name: string;
  /** The user's data folder. */
  folder: string;
  saved: Saved;
  local: LocalCluster | null;
  startLocal: (progress: (line: string) => void) => Promise<LocalCluster>;
  /** Told in the timeline once there is one: what happened before the screen covered it. */
  told: readonly string[];
  /** What counts now, what is wrong with the file, and how to hear of the next save. */
  settings: Loaded & Readonly<{ path: string; defaults: Settings }>;
}>;

/** What only somebody who sits there does. */
const BY_HAND: ReadonlySet<Action['type']> = new Set(['key', 'typed', 'pasted']);

function createStore(
  initial: Model,
  { perform, onHand }: { perform: (effect: Effect) => void; onHand: () => void },
): Source {
  let model = initial;
  const listeners = new Set<() => void>();
  return {
    model: () => model,
    dispatch: (action) => {
      const stamp = { nowMs: performance.now(), wallMs: Date.now() };
      if (BY_HAND.has(action.type)) onHand();
      const step = update(model, action, stamp);
      model = step.model;
      for (const effect of step.effects) perform(effect);
      for (const listener of listeners) listener();
    },
    subscribe: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

type Suspend = (callback: () => Promise<void>) => Promise<void>;

/** Hands out what only a component may ask Ink for. Draws nothing. */
function Suspender({ onSuspend }: { onSuspend: (suspend: Suspend) => void }) {
  const { suspendTerminal } = useApp();
  useEffect(() => onSuspend(suspendTerminal), [onSuspend, suspendTerminal]);
  return null;
}

/**
 * Shows the screen until it is left.
 * @returns when the terminal is restored, the client closed and the servers started here ended
 */
export async function runScreen(parts: ScreenParts): Promise<void> {
  const quit = Promise.withResolvers<void>();
  let local = parts.local;
  const untold = [...parts.told];
  let client = await parts.connect(parts.servers, parts.name);
  let suspendTerminal: Suspend | null = null;
  let unsubscribe = () => {};
  let stopReports = () => {};
  let searches = 0;

  const report = (error: unknown) =>
    store.dispatch({ type: 'hint', text: (error as Error).message, tone: 'warning' });

  function attach(next: ChatClient): void {
    client = next;
    unsubscribe = next.subscribe((event) => store.dispatch({ type: 'client', event }));
    store.dispatch({ type: 'client', event: { type: 'connection', state: next.connection } });
    store.dispatch({ type: 'client', event: { type: 'outbox', items: next.outbox } });
  }

  /** Servers started from the notice that none answers may be on other ports than those that were tried. */
  async function startLocal(): Promise<void> {
    if (local) return client.retryNow();
    store.dispatch({ type: 'hint', text: 'starting three servers…', tone: 'good' });
    local = await parts.startLocal((line) => untold.push(line));
    watchLocal(local);
    unsubscribe();
    await client.close();
    attach(await parts.connect(local.addresses, store.model().name));
  }

  function watchLocal(cluster: LocalCluster): void {
    const tell = () => {
      const servers = cluster.servers();
      if (servers) store.dispatch({ type: 'localChanged', local: servers });
    };
    cluster.onChange(tell);
    tell();
  }

  async function history(effect: Extract<Effect, { type: 'history' }>): Promise<void> {
    const { room, before } = effect;
    try {
      const { limit = HISTORY_POSTS } = effect;
      const query = { room, limit, ...(before === null ? {} : { before }) };
      const page = await client.history(query);
      store.dispatch({ type: 'historyCame', room, before, page });
      // Not before: a notice stands behind what is newest, and must not end up above all of it.
      if (room === store.model().openRoom) {
        for (const text of untold.splice(0)) store.dispatch({ type: 'notice', text });
      }
    } catch {
      // Lost with the connection: the next sign-in, or the next look upwards, asks again.
      store.dispatch({ type: 'historyFailed', room });
    }
  }

  /** Only what was typed last is asked for, once nothing more is typed for a moment. */
  async function search(effect: Extract<Effect, { type: 'search' }>): Promise<void> {
    const { query, request, isMore } = effect;
    searches += 1;
    const mine = searches;
    if (!isMore) await delay(SEARCH_PAUSE_MS);
    if (mine !== searches) return;
    const found = await client.search({ ...request, limit: FOUND_POSTS });
    store.dispatch({ type: 'found', query, found, isMore });
  }

  async function people(effect: Extract<Effect, { type: 'people' }>): Promise<void> {
    const found = await client.people(effect.room);
    store.dispatch({ ...effect, type: 'peopleCame', people: found });
  }

  function request(effect: Extract<Effect, { type: 'request' }>): void {
    const item = client.request(effect.request);
    store.dispatch({ type: 'requested', item, open: effect.open });
  }

  async function suspend(): Promise<void> {
    stopReports();
    await suspendTerminal?.(async () => {
      restoreModes();
      // The whole job, as the terminal itself would: with npm before it the shell waits for that too.
      process.kill(0, 'SIGTSTP');
      // Time stands still for a stopped process. Where no shell could wake it, the system does not stop it,
      // and it goes on after this.
      await delay(STOPPED_MS);
    });
    takeTerminalBack();
  }

  async function plainView({ text }: Extract<Effect, { type: 'plainView' }>): Promise<void> {
    stopReports();
    try {
      await suspendTerminal?.(async () => {
        restoreModes();
        await showPlain(text, process);
      });
    } finally {
      takeTerminalBack();
    }
  }

  /** After somebody else had the terminal. */
  function takeTerminalBack(): void {
    setModes(store.model());
    stopReports = listenForReports(process.stdin, store.dispatch);
    store.dispatch({ type: 'focused', focused: true });
    store.dispatch({ type: 'resized', size: terminalSize() });
  }

  async function compose({ room, text }: Extract<Effect, { type: 'compose' }>): Promise<void> {
    let written = text;
    stopReports();
    try {
      await suspendTerminal?.(async () => {
        restoreModes();
        written = await editOutside(text);
      });
    } finally {
      takeTerminalBack();
    }
    store.dispatch({ type: 'composed', room, text: written });
  }

  const performers: {
    [Type in Effect['type']]: (effect: Extract<Effect, { type: Type }>) => void | Promise<void>;
  } = {
    request,
    history,
    search,
    people,
    listRooms: async () => store.dispatch({ type: 'roomsCame', rooms: await client.rooms() }),
    typing: ({ room }) => client.typing(room),
    retry: () => client.retryNow(),
    cancel: ({ item, edit }) => {
      if (client.cancel(item.number)) store.dispatch({ type: 'cancelled', item, edit });
      else store.dispatch({ type: 'hint', text: SENT_ALREADY, tone: 'warning' });
    },
    signInAs: ({ name }) => client.signInAs(name),
    startLocal,
    server: async ({ verb, id }) => {
      const text = await (local?.act(verb, id) ?? 'no server was started here');
      store.dispatch({ type: 'notice', text });
    },
    suspend,
    plainView,
    compose,
    alert: (words) => alert(words, store.model().settings.alerts),
    mouse: ({ on }) => setMouse(on),
    copy: ({ text }) => copyToClipboard(text),
    quit: () => quit.resolve(),
  };

  /** One at a time and never within an update: an effect may dispatch. */
  function perform(effect: Effect): void {
    const performer = performers[effect.type] as (given: Effect) => void | Promise<void>;
    queueMicrotask(async () => {
      try {
        await performer(effect);
      } catch (error) {
        report(error);
      }
    });
  }

  const idleness = watchIdleness((isIdle) => client.setIdle(isIdle));
  const store = createStore(
    initialModel({
      name: parts.name,
      size: terminalSize(),
      nowMs: performance.now(),
      saved: parts.saved,
      local: local?.servers() ?? null,
      settings: parts.settings.settings,
    }),
    { perform, onHand: () => idleness.touch() },
  );
  const stopSaving = keepSaved(store, parts.folder);
  const stopTicking = tickWhileNeeded(store);
  const stopWatching = followSettings(store, parts.settings);
  setModes(store.model());
  const tree = (
    <>
      <App source={store} />
      <Suspender
        onSuspend={(given) => {
          suspendTerminal = given;
        }}
      />
    </>
  );
  const ink = render(tree, {
    alternateScreen: true,
    incrementalRendering: true,
    // A set but empty CI would make the screen blank (TUI.md).
    interactive: true,
    exitOnCtrlC: false,
    maxFps: FRAMES_MAX,
    kittyKeyboard: { mode: 'auto' },
  });
  stopReports = listenForReports(process.stdin, store.dispatch);
  const stopSizing = followSize(store, () => ink.rerender(tree));
  const stopGuarding = guardTerminal(() => ink.unmount(), quit.resolve);
  attach(client);
  if (local) watchLocal(local);
  try {
    await quit.promise;
  } finally {
    unsubscribe();
    idleness.stop();
    stopTicking();
    stopWatching();
    stopReports();
    stopSizing();
    stopSaving();
    ink.unmount();
    await ink.waitUntilExit();
    restoreModes();
    stopGuarding();
    if (local?.servers()) process.stdout.write('ending the servers…\n');
    await Promise.allSettled([client.close(), local?.stop()]);
  }
}

/** Says what is wrong with the settings, and takes them anew when they are saved. */
function followSettings(
  store: Source,
  { path, defaults, problems }: ScreenParts['settings'],
): () => void {
  const wrong = problemsText(problems);
  if (wrong !== null) store.dispatch({ type: 'hint', text: wrong, tone: 'warning' });
  return watchSettings(path, () => {
    const loaded = loadSettings(path, { defaults, now: store.model().settings });
    const { settings } = loaded;
    store.dispatch({ type: 'settings', settings, problem: problemsText(loaded.problems) });
  });
}

/** Writes drafts and read positions a while after they changed, and at the end. */
function keepSaved(store: Source, folder: string): () => void {
  let timer: NodeJS.Timeout | null = null;
  let written = '';
  const write = () => {
    timer = null;
    const model = store.model();
    if (model.account === null) return;
    const saved = savedOf(model);
    const text = JSON.stringify(saved);
    if (text === written) return;
    written = text;
    try {
      save(folder, model.name, saved);
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

function terminalSize(): Size {
  const { columns, rows } = process.stdout;
  return columns > 0 && rows > 0 ? { columns, rows } : SIZE_DEFAULT;
}

/**
 * Tells the core of every new size.
 * @param redraw draws at once: Ink's own listener would else first draw a frame of the old size on the new
 *   screen, which scrolls it
 */
function followSize(store: Source, redraw: () => void): () => void {
  const tell = () => {
    store.dispatch({ type: 'resized', size: terminalSize() });
    redraw();
  };
  process.stdout.prependListener('resize', tell);
  return () => process.stdout.off('resize', tell);
}

/** Time passes on the screen only where something counts: an idle screen costs nothing. */
function tickWhileNeeded(store: Source): () => void {
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

/** A signal leaves in good order; a crash restores the terminal first and then says what happened. */
function guardTerminal(unmount: () => void, quit: () => void): () => void {
  const crash = (error: unknown) => {
    try {
      unmount();
    } finally {
      restoreAll();
    }
    process.stderr.write(`syncnet-tui: ${(error as Error)?.stack ?? error}\n`);
    process.exit(1);
  };
  const signals = ['SIGTERM', 'SIGHUP', 'SIGINT'] as const;
  for (const signal of signals) process.on(signal, quit);
  process.on('uncaughtException', crash);
  process.on('unhandledRejection', crash);
  return () => {
    for (const signal of signals) process.off(signal, quit);
    process.off('uncaughtException', crash);
    process.off('unhandledRejection', crash);
  };
}
