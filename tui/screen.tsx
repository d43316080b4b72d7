// The shell of the screen: feeds keys, client events and time to the core, carries its effects out, and has the
// frames drawn. Every way out goes through here and leaves the terminal as it was.
import { setTimeout as delay } from 'node:timers/promises';
import { render } from 'ink';
import { Keyboard, type Suspend } from './components/Keyboard.tsx';
import { Conversation, type ConversationParts, performWith } from './conversation.ts';
import { startDrawing } from './drawing.ts';
import type { Size } from './layout.ts';
import type { Loaded, Settings } from './settings/settings.ts';
import { loadSettings, problemsText, watchSettings } from './settings/settings-file.ts';
import type { Effect } from './state/action.ts';
import { initialModel } from './state/model.ts';
import { createStore, keepSaved, type Source, tickWhileNeeded } from './store.ts';
import { alert } from './terminal/alerts.ts';
import { copyToClipboard } from './terminal/clipboard.ts';
import { watchIdleness } from './terminal/idleness.ts';
import { isTerminalLost, watchForLoss } from './terminal/loss.ts';
import { restoreAll, restoreModes, setModes, setMouse } from './terminal/modes.ts';
import { editOutside } from './terminal/outside-editor.ts';
import { showPlain } from './terminal/plain-view.ts';
import { listenForReports } from './terminal/reports.ts';
import { followTitle } from './terminal/title.ts';

/** Ink is done within this; most often at once. */
const UNMOUNTED_MS_MAX = 1_000;
/** The stop arrives within this. */
const STOPPED_MS = 50;
/** A size is needed before the terminal has told one. */
const SIZE_DEFAULT = { columns: 80, rows: 24 };

export type ScreenParts = ConversationParts &
  Readonly<{
    /** What counts now, what is wrong with the file, and how to hear of the next save. */
    settings: Loaded & Readonly<{ path: string; defaults: Settings }>;
  }>;

/**
 * Shows the screen until it is left.
 * @returns when the terminal is restored, the client closed and the servers started here ended
 */
export async function runScreen(parts: ScreenParts): Promise<void> {
  const quit = Promise.withResolvers<void>();
  let suspendTerminal: Suspend | null = null;
  let stopReports = () => {};
  let isHandedOver = false;
  const conversation = await Conversation.open(parts, () => store);

  const report = (error: unknown) =>
    store.dispatch({ type: 'hint', text: (error as Error).message, tone: 'warning' });

  /** Somebody else has the terminal for a while. */
  async function handOver(work: () => void | Promise<void>): Promise<void> {
    stopReports();
    drawing.pause();
    isHandedOver = true;
    try {
      await suspendTerminal?.(async () => {
        restoreModes();
        await work();
      });
    } finally {
      isHandedOver = false;
      setModes(store.model());
      title.again();
      stopReports = listenForReports(process.stdin, store.dispatch);
      store.dispatch({ type: 'focused', focused: true });
      store.dispatch({ type: 'resized', size: terminalSize() });
      drawing.resume();
    }
  }

  function suspend(): Promise<void> {
    return handOver(() => {
      // The whole job, as the terminal itself would: with npm before it the shell waits for that too.
      process.kill(0, 'SIGTSTP');
      // Time stands still for a stopped process. Where no shell could wake it, the system does not stop it,
      // and it goes on after this.
      return delay(STOPPED_MS);
    });
  }

  function redraw(): void {
    setModes(store.model());
    drawing.whole();
  }

  const plainView = ({ text }: Extract<Effect, { type: 'plainView' }>) =>
    handOver(() => showPlain(text, process));

  async function compose({ room, text }: Extract<Effect, { type: 'compose' }>): Promise<void> {
    let written = text;
    await handOver(async () => {
      written = await editOutside(text);
    });
    store.dispatch({ type: 'composed', room, text: written });
  }

  const perform = performWith(
    {
      ...conversation.performers,
      suspend,
      redraw,
      plainView,
      compose,
      alert: (words) => alert(words, store.model().settings.alerts),
      mouse: ({ on }) => setMouse(on),
      copy: ({ text }) => copyToClipboard(text),
      quit: () => quit.resolve(),
    },
    report,
  );

  const idleness = watchIdleness((isIdle) => conversation.client.setIdle(isIdle));
  const store = createStore(
    initialModel({
      name: parts.name,
      size: terminalSize(),
      nowMs: performance.now(),
      saved: parts.saved,
      local: parts.local?.servers() ?? null,
      settings: parts.settings.settings,
    }),
    { perform, onHand: () => idleness.touch() },
  );
  const stopSaving = keepSaved(store, parts.folder);
  const stopTicking = tickWhileNeeded(store);
  const stopWatching = followSettings(store, parts.settings);
  setModes(store.model());
  const title = followTitle(store);
  const onSuspend = (given: Suspend) => {
    suspendTerminal = given;
  };
  const ink = render(<Keyboard source={store} onSuspend={onSuspend} />, {
    alternateScreen: true,
    // A set but empty CI would make Ink believe that nobody looks.
    interactive: true,
    exitOnCtrlC: false,
    kittyKeyboard: { mode: 'auto' },
  });
  const drawing = startDrawing(store, process.stdout);
  stopReports = listenForReports(process.stdin, store.dispatch);
  const stopSizing = followSize(store, drawing.whole);
  const stopWaking = followWaking(() => {
    if (isHandedOver) return; // it ends with all of this
    // Off and on, or nothing would be set: it is believed to be on.
    for (const raw of [false, true]) process.stdin.setRawMode(raw);
    setModes(store.model());
    title.again();
    store.dispatch({ type: 'resized', size: terminalSize() });
    drawing.whole();
  });
  const stopGuarding = guardTerminal(() => ink.unmount(), quit.resolve);
  const stopLooking = watchForLoss(process.stdin, () => isHandedOver, quit.resolve);
  conversation.begin();
  // Rejects where a frame cannot be drawn: that ends the screen as any crash does.
  const drawn = ink.waitUntilExit();
  try {
    await Promise.race([quit.promise, drawn, conversation.failure]);
  } finally {
    conversation.end();
    idleness.stop();
    stopTicking();
    title.stop();
    stopWatching();
    stopReports();
    stopSizing();
    stopWaking();
    stopSaving();
    drawing.stop();
    stopLooking();
    ink.unmount();
    // Where the terminal is lost, Ink may not come to its end.
    await Promise.race([drawn.catch(() => undefined), delay(UNMOUNTED_MS_MAX)]);
    restoreModes();
    const servers = Object.values(conversation.local?.servers() ?? {});
    if (servers.some((state) => state !== 'stopped')) process.stdout.write('ending the servers…\n');
    await conversation.close();
    const { length: left } = store.model().outbox;
    if (left > 0)
      process.stdout.write(`${left} not sent yet: kept, and sent with the next start\n`);
    stopGuarding();
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

function terminalSize(): Size {
  const { columns, rows } = process.stdout;
  return columns > 0 && rows > 0 ? { columns, rows } : SIZE_DEFAULT;
}

/** Tells the core of every new size. Ink, which listened first, has erased what it believes to be there by then. */
function followSize(store: Source, redraw: () => void): () => void {
  const tell = () => {
    store.dispatch({ type: 'resized', size: terminalSize() });
    redraw();
  };
  process.stdout.on('resize', tell);
  return () => process.stdout.off('resize', tell);
}

/** Stopped from outside, and going on: whoever had the terminal meanwhile may have written there and changed its modes. */
function followWaking(onAwake: () => void): () => void {
  process.on('SIGCONT', onAwake);
  return () => process.off('SIGCONT', onAwake);
}

/** A signal leaves in good order; a crash restores the terminal first and then says what happened. */
function guardTerminal(unmount: () => void, quit: () => void): () => void {
  const crash = (error: unknown) => {
    if (isTerminalLost(error)) return quit();
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
  process.stdin.on('error', crash);
  return () => {
    process.stdin.off('error', crash);
    for (const signal of signals) process.off(signal, quit);
    process.off('uncaughtException', crash);
    process.off('unhandledRejection', crash);
  };
}
