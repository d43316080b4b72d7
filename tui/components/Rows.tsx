// Rows of cells as Ink draws them: the one place where a meaning becomes a colour.
import { Text } from 'ink';
import { createContext, useContext } from 'react';
import type { Row } from '../line-rows.ts';
import { type LookName, lookOf } from '../theme.ts';

/** Whether hues are drawn: not with NO_COLOR. */
export const Colours = createContext(true);

/** A text with a meaning. It takes as many cells as it has; whoever draws it has cut it before. */
export function Styled({ look, children }: { look: LookName; children: string }) {
  return <Text {...lookOf(look, useContext(Colours))}>{children}</Text>;
}

/** One row. Ink may cut it, never wrap it: a width disagreement must not shift the frame. */
export function RowText({ row }: { row: Row }) {
  return (
    <Text wrap="truncate">
      {row.length === 0 ? ' ' : ''}
      {row.map((segment, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a segment is nothing but its place in the row
        <Styled key={index} look={segment.look}>
          {segment.text}
        </Styled>
      ))}
    </Text>
  );
}

/** Rows from top to bottom. */
export function RowList({ rows }: { rows: readonly Row[] }) {
  return (
    <>
      {rows.map((row, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a row is nothing but its place on the screen
        <RowText key={index} row={row} />
      ))}
    </>
  );
}
