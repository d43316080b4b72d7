// The screens of one flow, one below the other, each under a caption that says how it came about: a golden that a
// person can read like a comic strip. A screen is waited for: it has to become what the golden says, whatever is
// drawn on the way there.
import assert from 'node:assert/strict';
import { goldenText, isUpdating, writeGolden } from './golden.ts';
import type { Terminal } from './terminal.ts';
import { tidied } from './tidy-screen.ts';
import { waitFor } from './wait-for.ts';

/** Stands before every caption; no screen draws it at the start of a row. */
const CAPTION = '▌ ';
/** A screen that has not changed for this long stays, when goldens are written anew. */
const SETTLED_MS = 300;
/** Long enough for a machine that does other things beside. */
const SHOWN_MS_MAX = 15_000;

export class Storyboard {
  private readonly name: string;
  private readonly terminalNow: () => Terminal;
  private readonly expected: ReadonlyMap<string, string>;
  private readonly shown = new Map<string, string>();
  private readonly missing: string[] = [];

  /** @param name of the golden, below test/goldens/pty @param terminal the one that runs now */
  constructor(name: string, terminal: () => Terminal) {
    this.name = `pty/${name}`;
    this.terminalNow = terminal;
    this.expected = partsOf(goldenText(this.name) ?? '');
  }

  private get terminal(): Terminal {
    return this.terminalNow();
  }

  /**
   * Waits until the screen is that of the golden.
   * @param caption how it came about; unique in this storyboard
   * @param pattern what it must show, wherever its rows are cut; waited for before a golden is written anew
   */
  async shows(caption: string, pattern: RegExp): Promise<void> {
    assert.ok(!this.shown.has(caption), `two screens under one caption: ${caption}`);
    const { terminal } = this;
    const what = () => `${pattern} on the screen:\n${terminal.text()}`;
    const shows = () => pattern.test(terminal.text().replace(/\s+/g, ' '));
    if (isUpdating()) {
      // All that is missing is told at the end, so that one run finds it.
      await waitFor(what, shows, SHOWN_MS_MAX).catch((error) => this.missing.push(String(error)));
      await this.stays();
    } else {
      await waitFor(what, shows, SHOWN_MS_MAX);
      await this.becomes(caption);
    }
    this.shown.set(caption, this.screen());
  }

  /** Waits until the screen, as a golden has it, has not changed for a while. */
  private async stays(): Promise<void> {
    let last = { screen: '', sinceMs: 0 };
    const isQuiet = () => {
      const screen = this.screen();
      const nowMs = performance.now();
      if (screen !== last.screen) last = { screen, sinceMs: nowMs };
      return nowMs - last.sinceMs > SETTLED_MS;
    };
    await waitFor('a screen that stays', isQuiet, SHOWN_MS_MAX);
  }

  private async becomes(caption: string): Promise<void> {
    const expected = this.expected.get(caption);
    assert.ok(
      expected,
      `${this.name} has no “${caption}”: UPDATE_GOLDENS=1 writes it, then read it`,
    );
    await waitFor('the golden', () => this.screen() === expected, SHOWN_MS_MAX).catch(() =>
      assert.equal(this.screen(), expected, `${this.name}, “${caption}”`),
    );
  }

  /** Whether the golden has these screens and no others; writes it, where goldens are written anew. */
  end(): void {
    assert.deepEqual(this.missing, []);
    if (isUpdating()) writeGolden(this.name, textOf(this.shown));
    const captions = [...this.shown.keys()];
    assert.deepEqual(captions, [...partsOf(goldenText(this.name) ?? '').keys()], this.name);
  }

  /** The rows, and where the cursor stands if it is shown. */
  private screen(): string {
    const { terminal } = this;
    const { column, row } = terminal.cursor();
    const cursor = terminal.isCursorShown()
      ? [`(cursor in row ${row + 1}, column ${column + 1})`]
      : [];
    return [...tidied(terminal.screen(), terminal.columns), ...cursor].join('\n');
  }
}

function partsOf(text: string): Map<string, string> {
  const parts = text.split(new RegExp(`^${CAPTION}`, 'mu')).slice(1);
  return new Map(
    parts.map((part) => {
      const end = part.indexOf('\n');
      return [part.slice(0, end), part.slice(end + 1).replace(/\n\n?$/, '')];
    }),
  );
}

function textOf(screens: ReadonlyMap<string, string>): string {
  return [...screens].map(([caption, screen]) => `${CAPTION}${caption}\n${screen}\n`).join('\n');
}
