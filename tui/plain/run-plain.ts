// The shell of the plain lines: lines in, lines out, by the same client and the same core as the screen, and nothing
// that a terminal would have to understand. In a pipe it ends when the input has, once everything is answered.
import { createInterface } from 'node:readline';
import { setImmediate as turn } from 'node:timers/promises';
import { Conversation, type ConversationParts, performWith } from '../conversation.ts';
import { type GlyphSet, inGlyphs } from '../glyphs.ts';
import { EXIT, HeadlessError, type Io, whileServed, whyUnreached } from '../headless/reach.ts';
import type { Settings } from '../settings/settings.ts';
import type { Effect } from '../state/action.ts';
import { initialModel, type Model } from '../state/model.ts';
import { openRoomOf } from '../state/step.ts';
import { createStore, keepSaved, type Source, tickWhileNeeded } from '../store.ts';
import { copyToClipboard } from '../terminal/clipboard.ts';
import { watchIdleness } from '../terminal/idleness.ts';
import { PlainWriter } from './plain-writer.ts';

export type PlainParts = ConversationParts &
  Readonly<{
    settings: Settings;
    /** How long nobody may answer; Infinity to wait for the next server however long it takes. */
    timeoutMs: number;
    /** A person types: lines are taken as they come, and the end of the input leaves at once. */
    isTyped: boolean;
  }>;

/** No pane is laid out, and none is asked to be filled. */
const SIZE = { columns: 80, rows: 24 };

/** What does not wait for answers: it is about those that do not come. */
const URGENT = /^\/(retry|outbox|help|kill|stop|pause|start)\b/i;

class Plain {
  readonly store: Source;
  readonly quit = Promise.withResolvers<void>();
  /** Lines that were not carried out, and posts that were refused. */
  failures = 0;
  /** Effects that have not brought what they are to bring. */
  private underWay = 0;
  private readonly io: Io;
  private readonly writer = new PlainWriter();
  private readonly glyphs: GlyphSet;
  private isWriting = false;
  private readonly searchMsMax: number;
  private searchUntilMs = 0;

  constructor(parts: PlainParts, conversation: () => Conversation, io: Io) {
    this.io = io;
    this.glyphs = parts.settings.glyphs;
    this.searchMsMax = parts.timeoutMs;
    const report = (error: unknown) =>
      this.store.dispatch({ type: 'hint', text: (error as Error).message, tone: 'warning' });
    const perform = performWith(
      {
        ...conversation().performers,
        search: (effect) => this.search(effect, conversation()),
        suspend: () => {},
        redraw: () => {},
        compose: () => {},
        mouse: () => report(new Error('there is no mouse here')),
        alert: () => {},
        copy: ({ text }) => copyToClipboard(text),
        plainView: ({ text }) => this.write(text.split('\n').map((line) => `- ${line}`)),
        quit: () => this.quit.resolve(),
      },
      report,
      (change) => {
        this.underWay += change;
      },
    );
    const idleness = watchIdleness((isIdle) =>
      conversation().client.setIdle(parts.isTyped && isIdle),
    );
    this.quit.promise.finally(() => idleness.stop());
    this.store = createStore(
      initialModel({
        name: parts.name,
        size: SIZE,
        nowMs: performance.now(),
        saved: parts.saved,
        local: parts.local?.servers() ?? null,
        settings: parts.settings,
      }),
      { perform, onHand: () => idleness.touch() },
    );
    this.store.subscribe(() => this.writeSoon());
  }

  write(lines: readonly string[]): void {
    if (lines.length === 0) return;
    this.io.stdout.write(`${lines.map((line) => inGlyphs(line, this.glyphs)).join('\n')}\n`);
  }

  /** What changes in one turn is written together: half of it would be misleading. */
  private async writeSoon(): Promise<void> {
    if (this.isWriting) return;
    this.isWriting = true;
    await turn();
    this.writeNow();
  }

  writeNow(): void {
    this.isWriting = false;
    this.write(this.writer.next(this.store.model()));
  }

  /** Takes one line. */
  enter(text: string): void {
    this.store.dispatch({ type: 'entered', text });
    if (this.store.model().hint?.tone === 'warning') this.failures += 1;
  }

  /** A script is kept waiting for a server that still reads its history no longer than for one that is not there. */
  private async search(
    effect: Extract<Effect, { type: 'search' }>,
    { performers }: Conversation,
  ): Promise<void> {
    if (!effect.isAgain) this.searchUntilMs = performance.now() + this.searchMsMax;
    if (performance.now() < this.searchUntilMs) return performers.search(effect);
    this.write(this.writer.foundSoFar(this.store.model()));
  }

  /** Waits until the model is so, and what was asked for has come. */
  async until(isSo: (model: Model) => boolean): Promise<void> {
    for (;;) {
      await turn();
      if (this.underWay === 0 && isSo(this.store.model())) return;
      const changed = Promise.withResolvers<void>();
      const unsubscribe = this.store.subscribe(() => changed.resolve());
      await changed.promise;
      unsubscribe();
    }
  }
}

const isReady = (model: Model) =>
  model.account !== null && (model.rooms.length === 0 || openRoomOf(model)?.loaded === true);
const isAnswered = (model: Model) => model.outbox.length === 0;
/** Whether the room that was asked for is there. */
const isArrived = (model: Model) =>
  !model.outbox.some(({ number }) => number === model.openOnAnswer);

/** In a pipe every line sees what the ones before it have done. */
async function takeTurn(plain: Plain, line: string): Promise<void> {
  if (URGENT.test(line)) return plain.until(() => true);
  const isCommand = /^\/(?!\/)/.test(line);
  await plain.until((model) => isArrived(model) && (!isCommand || isAnswered(model)));
}

/** @returns when the input has ended, or the lines say so */
async function takeLines(plain: Plain, io: Io, isTyped: boolean): Promise<void> {
  const lines = createInterface({ input: io.stdin, crlfDelay: Number.POSITIVE_INFINITY });
  plain.quit.promise.then(() => lines.close());
  for await (const line of lines) {
    if (!isTyped) await takeTurn(plain, line);
    if (!isTyped && line.trim().toLowerCase() === '/quit') break;
    plain.enter(line);
  }
  if (!isTyped) await plain.until(isAnswered);
}

/** A reader that went away (`| head`), or a signal, is an end like any other. */
function watchEnds(io: Io, quit: () => void): () => void {
  const signals = ['SIGTERM', 'SIGHUP', 'SIGINT'] as const;
  for (const signal of signals) process.on(signal, quit);
  io.stdout.on('error', quit);
  return () => {
    for (const signal of signals) process.off(signal, quit);
    io.stdout.off('error', quit);
  };
}

/** What is not answered is on the disk, and not lost. */
function unreached(error: HeadlessError, model: Model, client: Conversation['client']): string {
  if (error.exitCode !== EXIT.noServer) return error.message;
  if (model.account === null) return `${whyUnreached(client)}; no line of the input was taken`;
  const waiting = model.outbox.length;
  return waiting === 0
    ? 'every server is gone'
    : `every server is gone; ${waiting} not sent yet: kept, and sent with the next start`;
}

/**
 * Talks in lines until the input has ended, or it is left.
 * @returns the exit code: 0 left as asked, 1 something was refused in a pipe, 3 no server reached
 */
export async function runPlain(parts: PlainParts, io: Io): Promise<number> {
  const conversation: Conversation = await Conversation.open(parts, () => plain.store);
  const plain = new Plain(parts, () => conversation, io);
  const stopSaving = keepSaved(plain.store, parts.folder);
  const stopTicking = tickWhileNeeded(plain.store);
  const stopWatching = watchEnds(io, () => plain.quit.resolve());
  conversation.begin();
  const { client } = conversation;
  client.subscribe((event) => {
    if (event.type === 'answer' && event.answer.type === 'refused') plain.failures += 1;
  });
  const talk = async () => {
    await plain.until(isReady);
    await takeLines(plain, io, parts.isTyped);
  };
  let exitCode: number = EXIT.done;
  try {
    await whileServed(client, Promise.race([talk(), plain.quit.promise]), {
      goneMsMax: parts.timeoutMs,
      outlivesRefusal: () => parts.isTyped && plain.store.model().account !== null,
    });
    if (!parts.isTyped && plain.failures > 0) exitCode = EXIT.failed;
  } catch (error) {
    if (!(error instanceof HeadlessError)) throw error;
    exitCode = error.exitCode;
    io.stderr.write(`syncnet-tui: ${unreached(error, plain.store.model(), client)}\n`);
  } finally {
    plain.quit.resolve();
    conversation.end();
    stopTicking();
    stopSaving();
    plain.writeNow();
    await conversation.close();
    stopWatching();
  }
  return exitCode;
}
