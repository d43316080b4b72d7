// A real terminal for tests: a pseudo-terminal with a program in it, and xterm's own parser and screen
// behind it, so that what a test reads is what a person would see.
import { type IPty, spawn } from '@lydell/node-pty';
import graphemes from '@xterm/addon-unicode-graphemes';
import xterm, { type IBufferCell } from '@xterm/headless';
import { type Cell, screenSvg } from './screen-svg.ts';
import { waitFor } from './wait-for.ts';

export type TerminalOptions = Readonly<{
  file: string;
  args: readonly string[];
  columns?: number;
  rows?: number;
  environment?: Readonly<Record<string, string>>;
  /** Where the program runs; here by default. */
  folder?: string;
  /** For what runs for long: `output` is empty. */
  keepsOutput?: boolean;
}>;

/** Keys by name, as xterm sends them. */
export const KEYS = {
  enter: '\r',
  escape: '\u001b',
  tab: '\t',
  backspace: '\u007f',
  up: '\u001b[A',
  down: '\u001b[B',
  pageUp: '\u001b[5~',
  pageDown: '\u001b[6~',
  end: '\u001b[F',
  home: '\u001b[H',
  ctrlC: '\u0003',
  ctrlG: '\u0007',
  ctrlJ: '\n',
  ctrlK: '\u000b',
  ctrlN: '\u000e',
  ctrlP: '\u0010',
} as const;

function colourOf(cell: IBufferCell | undefined): number | string | null {
  if (cell?.isFgPalette()) return cell.getFgColor();
  return cell?.isFgRGB() ? `#${cell.getFgColor().toString(16).padStart(6, '0')}` : null;
}

export class Terminal {
  private readonly pty: IPty;
  private readonly term: InstanceType<typeof xterm.Terminal>;
  /** Everything the program wrote, for what no screen shows: modes set and restored. */
  private readonly written: string[] = [];
  private exitCode: number | null = null;
  private readonly painters = new Set<(atMs: number) => void>();
  /** What the program wrote so far. */
  writtenChars = 0;
  private writtenMs = performance.now();

  constructor(options: TerminalOptions) {
    const { columns = 80, rows = 24 } = options;
    this.term = new xterm.Terminal({
      cols: columns,
      rows,
      allowProposedApi: true,
      scrollback: 200,
    });
    this.term.loadAddon(new graphemes.UnicodeGraphemesAddon());
    // CI makes Ink believe that nobody looks, NO_COLOR and FORCE_COLOR belong to whoever runs the tests.
    const { CI: _ci, NO_COLOR: _no, FORCE_COLOR: _force, ...environment } = process.env;
    this.pty = spawn(options.file, [...options.args], {
      name: options.environment?.TERM ?? 'xterm-256color',
      cols: columns,
      rows,
      ...(options.folder === undefined ? {} : { cwd: options.folder }),
      env: { ...environment, COLORTERM: 'truecolor', ...options.environment },
    });
    this.pty.onData((data) => {
      const atMs = performance.now();
      this.writtenMs = atMs;
      this.writtenChars += data.length;
      if (options.keepsOutput ?? true) this.written.push(data);
      this.term.write(data, () => {
        for (const painted of this.painters) painted(atMs);
      });
    });
    // Answers of the terminal to what the program asks it.
    this.term.onData((data) => this.exitCode === null && this.pty.write(data));
    this.pty.onExit(({ exitCode }) => {
      this.exitCode = exitCode;
    });
  }

  get pid(): number {
    return this.pty.pid;
  }

  /** What the program wrote so far, escape codes and all. */
  output(): string {
    return this.written.join('');
  }

  /**
   * Hears of every piece of output once the screen shows it, with the time at which the terminal got it.
   * @returns a function that ends it
   */
  onPaint(painted: (atMs: number) => void): () => void {
    this.painters.add(painted);
    return () => this.painters.delete(painted);
  }

  /** The rows as a person sees them, without trailing spaces. */
  screen(): string[] {
    const buffer = this.term.buffer.active;
    return Array.from(
      { length: this.term.rows },
      (_, row) => buffer.getLine(buffer.viewportY + row)?.translateToString(true) ?? '',
    );
  }

  text(): string {
    return this.screen().join('\n');
  }

  /** Where the terminal's own cursor stands, both from 0. */
  cursor(): { column: number; row: number } {
    const buffer = this.term.buffer.active;
    return { column: buffer.cursorX, row: buffer.cursorY };
  }

  /** What of the terminal's modes a program could leave behind. */
  modes() {
    const { bracketedPasteMode, mouseTrackingMode, sendFocusMode, wraparoundMode } =
      this.term.modes;
    return { bracketedPasteMode, mouseTrackingMode, sendFocusMode, wraparoundMode };
  }

  isOnMainScreen(): boolean {
    return this.term.buffer.active.type === 'normal';
  }

  isCursorShown(): boolean {
    const output = this.output();
    return output.lastIndexOf('\u001b[?25h') > output.lastIndexOf('\u001b[?25l');
  }

  get columns(): number {
    return this.term.cols;
  }

  /** Waits until nothing is written for so long from now on. */
  async settled(quietMs: number, timeoutMs = 10_000): Promise<void> {
    const fromMs = performance.now();
    const isQuiet = () => performance.now() - Math.max(fromMs, this.writtenMs) > quietMs;
    await waitFor(() => `a screen that stays:\n${this.text()}`, isQuiet, timeoutMs);
  }

  /** Rows that go on from the row above: none, where the program wraps by itself. */
  wrappedRows(): number {
    const buffer = this.term.buffer.active;
    const rows = Array.from({ length: this.term.rows }, (_, row) =>
      buffer.getLine(buffer.viewportY + row),
    );
    return rows.filter((row) => row?.isWrapped).length;
  }

  /** Something else writes on the same screen: `wall`, a job in the background. */
  scribble(text: string): void {
    this.term.write(text);
  }

  /** Presses keys, or types: one write each. */
  keys(...keys: readonly string[]): void {
    for (const key of keys) this.pty.write(key);
  }

  resize(columns: number, rows: number): void {
    this.term.resize(columns, rows);
    this.pty.resize(columns, rows);
  }

  /** Waits until the screen shows it. @throws Error with the screen as it is, when it does not come */
  async waitForText(pattern: RegExp | string, timeoutMs = 10_000): Promise<void> {
    const shows = () =>
      typeof pattern === 'string' ? this.text().includes(pattern) : pattern.test(this.text());
    const what = () => `${pattern} on the screen:\n${this.text()}\n(exit ${this.exitCode})`;
    await waitFor(what, shows, timeoutMs);
  }

  /** Waits until the screen does not show it any more. */
  async waitWithout(pattern: RegExp, timeoutMs = 10_000): Promise<void> {
    const what = () => `${pattern} to leave the screen:\n${this.text()}`;
    await waitFor(what, () => !pattern.test(this.text()), timeoutMs);
  }

  /** Waits until the program ends. @returns its exit code */
  async exited(timeoutMs = 15_000): Promise<number> {
    await waitFor(
      () => `the program to end:\n${this.text()}`,
      () => this.exitCode !== null,
      timeoutMs,
    );
    return this.exitCode as number;
  }

  kill(signal: NodeJS.Signals): void {
    if (this.exitCode === null) process.kill(this.pty.pid, signal);
  }

  /** Ends the program, if it still runs. */
  async close(): Promise<void> {
    if (this.exitCode === null) {
      this.kill('SIGTERM');
      await this.exited().catch(() => this.kill('SIGKILL'));
    }
    this.term.dispose();
  }

  /** The screen as a picture. */
  toSvg(title: string): string {
    const buffer = this.term.buffer.active;
    const rows = Array.from({ length: this.term.rows }, (_, row) =>
      this.cells(buffer.viewportY + row),
    );
    const cursor = this.isCursorShown() ? this.cursor() : null;
    return screenSvg({ rows, columns: this.term.cols, title, cursor });
  }

  /** The cells of the last place on the screen that shows a text of narrow characters; none when there is no such place. */
  cellsOf(text: string): Cell[] {
    const buffer = this.term.buffer.active;
    for (let row = this.term.rows - 1; row >= 0; row -= 1) {
      const cells = this.cells(buffer.viewportY + row).filter(({ width }) => width > 0);
      const line = cells.map((cell) => cell.text || ' ');
      const from = line.findLastIndex((_, column) => line.slice(column).join('').startsWith(text));
      if (from >= 0) return cells.slice(from, from + [...text].length);
    }
    return [];
  }

  private cells(row: number): Cell[] {
    const line = this.term.buffer.active.getLine(row);
    return Array.from({ length: this.term.cols }, (_, column): Cell => {
      const cell = line?.getCell(column);
      return {
        text: cell?.getChars() ?? '',
        width: cell?.getWidth() ?? 1,
        colour: colourOf(cell),
        // Flags of which one is the sign.
        bold: Boolean(cell?.isBold()),
        dim: Boolean(cell?.isDim()),
        inverse: Boolean(cell?.isInverse()),
        struck: Boolean(cell?.isStrikethrough()),
        italic: Boolean(cell?.isItalic()),
        underlined: Boolean(cell?.isUnderline()),
      };
    });
  }
}
