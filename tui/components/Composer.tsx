// Where one writes: prompt, text, counter. The terminal's own cursor stands in it, for input methods and
// screen readers.
import { Box, Text, useCursor } from 'ink';
import { TEXT_CHARS_MAX } from '../../lib/protocol/limits.ts';
import type { Model } from '../state/model.ts';
import { composerOf } from '../state/selectors.ts';
import { cellWidth, fit, fitStart } from '../text.ts';
import { Styled } from './Rows.tsx';

/** From here on the counter warns: a tenth is left. */
const NEAR_LIMIT_CHARS = TEXT_CHARS_MAX * 0.9;
const COUNTER_WIDTH = 8;

function Counter({ length }: { length: number }) {
  const isOver = length > TEXT_CHARS_MAX;
  const text = length === 0 ? '' : `${length}/${TEXT_CHARS_MAX / 1000}k`;
  return (
    <Styled look={isOver ? 'bad' : length >= NEAR_LIMIT_CHARS ? 'warning' : 'faint'}>
      {fitStart(text, COUNTER_WIDTH - 1)}
    </Styled>
  );
}

/** @param top row of the screen, from 0, on which the composer begins */
export function Composer({ model, top }: { model: Model; top: number }) {
  const { rows, cursorRow, cursorColumn, prompt, layout } = composerOf(model);
  const { setCursorPosition } = useCursor();
  const height = layout.composerHeight;
  // The rows around the cursor, where the text has more than fit.
  const first = Math.max(0, Math.min(cursorRow - height + 1, rows.length - height));
  const indent = 1 + cellWidth(prompt);
  const hasCursor = model.overlay === null;
  setCursorPosition(
    hasCursor ? { x: indent + cursorColumn, y: top + cursorRow - first } : undefined,
  );
  const length =
    model.rooms.find((view) => view.room.id === model.openRoom)?.draft.text.length ?? 0;
  const width = model.size.columns - indent - COUNTER_WIDTH;
  return (
    <Box flexDirection="column" height={height}>
      {rows.slice(first, first + height).map((row, index) => {
        const number = first + index;
        const isLast = index === Math.min(height, rows.length - first) - 1;
        return (
          <Text key={number} wrap="truncate">
            <Styled look="prompt">{number === 0 ? ` ${prompt}` : ' '.repeat(indent)}</Styled>
            {fit(row, Math.max(1, width))}
            {isLast ? <Counter length={length} /> : ''}
          </Text>
        );
      })}
    </Box>
  );
}
