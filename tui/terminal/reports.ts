// What the terminal reports that is no key: the mouse (1000 and 1006), and whether it has the keyboard (1004). Ink
// keeps these to itself, so they are read beside it: whoever listens to `data` hears what Ink reads.

export type Report = Readonly<
  /** Cells from the top left, from 0. */
  | { type: 'mouse'; does: 'wheelUp' | 'wheelDown' | 'press'; x: number; y: number }
  | { type: 'focused'; focused: boolean }
>;

// biome-ignore lint/suspicious/noControlCharactersInRegex: ESC is what is looked for
const REPORT = /\u001b\[(?:<(\d{1,5});(\d{1,5});(\d{1,5})([Mm])|([IO]))/g;
/** The beginning of one, at the end of what was read. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: ESC is what is looked for
const BEGUN = /\u001b(?:\[(?:<[\d;]{0,17})?)?$/;

/** Buttons that mean something here. */
const BUTTONS: Readonly<Record<string, 'wheelUp' | 'wheelDown' | 'press'>> = {
  '0': 'press',
  '64': 'wheelUp',
  '65': 'wheelDown',
};

/** @returns the reports in a piece of input, and what of its end may be the beginning of one */
export function reportsIn(text: string): { reports: Report[]; rest: string } {
  const reports: Report[] = [];
  for (const [, button, x, y, end, focus] of text.matchAll(REPORT)) {
    if (focus !== undefined) reports.push({ type: 'focused', focused: focus === 'I' });
    const does = BUTTONS[button ?? ''];
    if (does && end === 'M')
      reports.push({ type: 'mouse', does, x: Number(x) - 1, y: Number(y) - 1 });
  }
  return { reports, rest: BEGUN.exec(text)?.[0] ?? '' };
}

/**
 * Listens beside Ink, which must listen first: it decides when the input flows.
 * @returns a function that ends it; to be called before somebody else has the terminal
 */
export function listenForReports(
  stdin: NodeJS.ReadStream,
  onReport: (report: Report) => void,
): () => void {
  let rest = '';
  const onData = (chunk: string | Buffer) => {
    const found = reportsIn(rest + chunk.toString());
    rest = found.rest;
    for (const report of found.reports) onReport(report);
  };
  stdin.on('data', onData);
  return () => stdin.off('data', onData);
}
