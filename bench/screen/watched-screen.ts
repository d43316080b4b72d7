// The built screen in a pseudo-terminal, and how long it takes to show what was asked of it.
import { delimiter, dirname } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { TUI_MAIN } from '../../test/support/daemons.ts';
import { KEYS, Terminal } from '../../test/support/terminal.ts';
import { stampOf } from './words.ts';

const SIZE = { columns: 120, rows: 40 } as const;
/** Rows of the screen that are no part of the timeline: title above it; status, rule, composer and keys below. */
const ROWS_ABOVE = 1;
const ROWS_BELOW = 4;
/** From below. */
const COMPOSER_ROW = -2;
/** What takes longer than this is not waited for: it counts as having taken so long. */
const PATIENCE_MS = 5_000;
/** Between two keys: quick typing, at no fixed distance, so that no frame rate is met by chance. */
const KEY_PAUSE_MS = { min: 40, max: 110 } as const;
/** Between two pages: somebody who looks for something and hardly reads. */
const PAGE_PAUSE_MS = { min: 60, max: 140 } as const;
/** Without spaces: one at the end is no change that could be seen. */
const LETTERS = 'the_quick_brown_fox_jumps_over_the_lazy_dog_and_types_on';

/** Waits for what a paint brings. @returns when the terminal got it; null when it did not come */
function painted(terminal: Terminal, isThere: () => boolean): Promise<number | null> {
  const { promise, resolve } = Promise.withResolvers<number | null>();
  const stop = terminal.onPaint((atMs) => isThere() && resolve(atMs));
  const timer = setTimeout(() => resolve(null), PATIENCE_MS);
  return promise.finally(() => {
    stop();
    clearTimeout(timer);
  });
}

const pause = ({ min, max }: { min: number; max: number }, random: () => number) =>
  delay(min + random() * (max - min));

export class WatchedScreen {
  readonly terminal: Terminal;
  private readonly startedMs: number;
  private readonly random: () => number;

  constructor(fields: {
    args: readonly string[];
    environment: Readonly<Record<string, string>>;
    random: () => number;
    nodeFlags?: readonly string[];
  }) {
    const { args, environment, nodeFlags = [] } = fields;
    this.random = fields.random;
    this.startedMs = performance.now();
    this.terminal = new Terminal({
      // As people start it: it finds Node by itself.
      file: TUI_MAIN,
      args,
      environment: {
        PATH: [dirname(process.execPath), process.env.PATH].join(delimiter),
        ...(nodeFlags.length > 0 ? { NODE_OPTIONS: nodeFlags.join(' ') } : {}),
        ...environment,
      },
      ...SIZE,
      keepsOutput: false,
    });
  }

  get pid(): number {
    return this.terminal.pid;
  }

  /** From the start of the process until the screen shows it, in milliseconds. */
  async shownAfter(pattern: RegExp): Promise<number> {
    const isThere = () => pattern.test(this.terminal.text());
    const atMs = isThere() ? performance.now() : await painted(this.terminal, isThere);
    if (atMs === null) throw new Error(`${pattern} did not come:\n${this.terminal.text()}`);
    return atMs - this.startedMs;
  }

  private timeline(): string {
    return this.terminal.screen().slice(ROWS_ABOVE, -ROWS_BELOW).join('\n');
  }

  /** What stands behind the prompt. */
  private draft(): string {
    return (this.terminal.screen().at(COMPOSER_ROW) ?? '').split('❯ ')[1] ?? '';
  }

  /** Types letter after letter. @returns from each key to the frame that shows it, in milliseconds */
  async typeLetters(count: number): Promise<number[]> {
    const tookMs: number[] = [];
    let typed = '';
    for (let index = 0; index < count; index += 1) {
      if (typed.length === LETTERS.length) {
        await this.clearDraft();
        typed = '';
      }
      const letter = LETTERS.charAt(typed.length);
      typed += letter;
      const expected = typed;
      tookMs.push(await this.press(letter, () => this.draft().startsWith(expected)));
      await pause(KEY_PAUSE_MS, this.random);
    }
    await this.clearDraft();
    return tookMs;
  }

  private async clearDraft(): Promise<void> {
    // Ctrl+U: to the start of the line.
    await this.press('\u0015', () => this.draft().trim() === '');
  }

  private async press(key: string, isThere: () => boolean): Promise<number> {
    const fromMs = performance.now();
    const coming = painted(this.terminal, isThere);
    this.terminal.keys(key);
    const atMs = await coming;
    return (atMs ?? fromMs + PATIENCE_MS) - fromMs;
  }

  /** Reads upwards, page by page. @returns from each key to the frame that shows other posts, in milliseconds */
  async pageUp(count: number): Promise<number[]> {
    const tookMs: number[] = [];
    for (let index = 0; index < count; index += 1) {
      const before = this.timeline();
      tookMs.push(await this.press(KEYS.pageUp, () => this.timeline() !== before));
      await pause(PAGE_PAUSE_MS, this.random);
    }
    return tookMs;
  }

  /** Back to the newest posts. */
  async end(): Promise<void> {
    this.terminal.keys(KEYS.end);
    await delay(300);
  }

  /** How old the newest post is that the screen shows; null where none tells. */
  newestAgeMs(): number | null {
    const stamp = this.terminal.screen().reduce((newest: number | null, row) => {
      const found = stampOf(row);
      return found === null ? newest : Math.max(found, newest ?? 0);
    }, null);
    return stamp === null ? null : Date.now() - stamp;
  }

  close(): Promise<void> {
    return this.terminal.close();
  }
}
