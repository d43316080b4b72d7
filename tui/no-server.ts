// The full-screen notice where no server answers at the start: what was tried, what came of it, what to do.
import type { ConnectionState } from '../lib/client/api.ts';
import type { Row } from './line-rows.ts';
import { seconds } from './status-row.ts';
import { fit, wrapText } from './text.ts';
import type { LookName } from './theme.ts';

/** Rows of the notice. @param nowMs of the client's clock */
export function noServerRows(
  state: Extract<ConnectionState, { type: 'noServer' }>,
  nowMs: number,
  width: number,
): Row[] {
  const paragraph = (text: string, look: LookName = 'text'): Row[] =>
    wrapText(text, width - 2).map((row) => [{ text: ` ${row}`, look }]);
  const addressWidth = Math.min(24, Math.floor(width / 2));
  const tried = state.tried.flatMap(({ address, result }): Row[] =>
    wrapText(result, Math.max(8, width - addressWidth - 5)).map((row, index) => [
      { text: `   ${fit(index === 0 ? address : '', addressWidth)} `, look: 'text' },
      { text: row, look: 'warning' },
    ]),
  );
  const choice = (key: string, about: string): Row => [
    { text: `   ${fit(key, 3)}`, look: 'prompt' },
    { text: about, look: 'text' },
  ];
  return [
    [],
    ...paragraph('✗ NO SERVER ANSWERS', 'bad'),
    [],
    ...paragraph(
      `Tried (${state.attempt} so far, next in ${seconds(state.nextAttemptMs - nowMs)}):`,
    ),
    ...tried,
    [],
    choice('l', 'start three servers here, on this machine'),
    choice('r', 'try again now'),
    choice('q', 'quit'),
    [],
    ...paragraph('or start some elsewhere:', 'faint'),
    ...paragraph('  docker compose up -d', 'faint'),
    ...paragraph('  syncnet-tui --servers HOST:PORT,…', 'faint'),
  ];
}
