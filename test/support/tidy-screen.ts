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
  const shown = truncate(left.replace(/[…~]$/, ''), room);
  const isCut = /[…~]$/.test(left) && !shown.endsWith('…');
  const cut = isCut ? truncate(`${shown}……`, room) : shown;
  // The sign for what is cut is another in ASCII, and so is the one before the leader.
  const kept = / [*o] /.test(right) ? cut.replace(/…$/, '~') : cut;
  return `${kept}${' '.repeat(room - cellWidth(kept) + 1)}${end}`;
}

/** `in 840 ms` and `in 1840 ms`: what stands behind it keeps its column, and is left out where the row cuts it. */
function recovered(row: string): string {
  return row
    .replace(/in \d+ ms [^│]*…/, 'in ### ms …')
    .replace(/in (\d+) ms([^│]*?)( *)(│|$)/, (_all, digits, words, spaces, end) => {
      const width = spaces.length + digits.length - 3;
      return `in ### ms${words}${' '.repeat(Math.max(0, width))}${end}`;
    })
    .trimEnd();
}

function row(text: string): string {
  return recovered(text)
    .replace(/\b\d+\.\d(?=s\b)/g, '#.#')
    .replace(/\b(try|Try) \d+/g, '$1 #')
    .replace(/lost \d+s ago/g, 'lost #s ago')
    .replace(/(127\.0\.0\.1|localhost):\d{5}/g, '$1:#####');
}

/** Also without the spaces at the end of a row, which may be written or not. @param rows the title first */
export function tidied(rows: readonly string[], columns: number): string[] {
  return rows.map((text, index) =>
    index === 0 ? title(text.trimEnd(), columns) : row(text.trimEnd()),
  );
}
