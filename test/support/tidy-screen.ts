// Takes out of a screen what no two runs have in common: round trips, durations, ports. What is put in its place has
// the same width, so that the columns stay where they were.
import { cellWidth, truncate } from '../../tui/text.ts';

/** As wide as the widest round trip that a test takes: `<1ms` and `12ms`. */
const TRIP = '12ms';

/** The title, whose left part is cut where the round trip leaves no room for it. */
function title(row: string, columns: number): string {
  const found = /^(.*?)( +)(\S+ [●◌*o] .*?)(?:<1|\d{1,2})ms$/u.exec(row);
  if (!found) return row;
  const [, left = '', , right = ''] = found;
  const end = `${right}${TRIP}`;
  // One column is left free behind it.
  const room = columns - cellWidth(end) - 2;
  const shown = truncate(left.replace(/…$/, ''), room);
  const isCut = left.endsWith('…') && !shown.endsWith('…');
  const kept = isCut ? truncate(`${shown}……`, room) : shown;
  return `${kept}${' '.repeat(room - cellWidth(kept) + 1)}${end}`;
}

function row(text: string): string {
  return text
    .replace(/\b\d+\.\d(?=s\b)/g, '#.#')
    .replace(/\b(try|Try) \d+/g, '$1 #')
    .replace(/lost \d+s ago/g, 'lost #s ago')
    .replace(/in \d+ ms/g, 'in ### ms')
    .replace(/(127\.0\.0\.1|localhost):\d{5}/g, '$1:#####');
}

/** Also without the spaces at the end of a row, which may be written or not. @param rows the title first */
export function tidied(rows: readonly string[], columns: number): string[] {
  return rows.map((text, index) =>
    index === 0 ? title(text.trimEnd(), columns) : row(text.trimEnd()),
  );
}
