// The open room as plain text, for the terminal's own selection: no lists beside it, no rows cut or indented, and
// addresses in one piece.
import { clockTime, dayLabel, isSameDay } from '../line-rows.ts';
import { roomLabel } from '../room-label.ts';
import type { Line, Model } from './model.ts';
import { linesOf } from './selectors.ts';
import { ask, hint, openRoomOf, type Step, stay } from './step.ts';

/** More than anyone selects from at once; the terminal keeps them in its scrollback. */
const LINES_MAX = 500;

function textOf(line: Line): string | null {
  if (line.kind !== 'post') return null;
  const time = clockTime(line.time);
  if (line.deleted) return `${time} ${line.name}: (deleted)`;
  const quote = line.reply ? `> ${line.reply.name}: ${line.reply.text}\n` : '';
  return `${quote}${time} ${line.action ? `* ${line.name}` : `${line.name}:`} ${line.text}`;
}

export function showCopyView(model: Model): Step {
  const view = openRoomOf(model);
  if (!view) return stay(hint(model, 'no room is open yet'));
  const texts: string[] = [];
  let before: number | null = null;
  for (const line of linesOf(model, view).slice(-LINES_MAX)) {
    const text = textOf(line);
    if (text === null) continue;
    if (before === null || !isSameDay(before, line.time))
      texts.push(`--- ${dayLabel(line.time, line.time)}`);
    before = line.time;
    texts.push(text);
  }
  if (texts.length === 0) return stay(hint(model, 'nothing was said here yet'));
  return ask(model, { type: 'plainView', text: [roomLabel(view.room), ...texts].join('\n') });
}
