// Draws the frame: one Text for each row, so that Ink has as few nodes to lay out as there are rows.
import { Box, Text, type TextProps, useCursor, useInput, usePaste } from 'ink';
import { memo, useSyncExternalStore } from 'react';
import { frameOf } from '../frame.ts';
import { type GlyphSet, inGlyphs } from '../glyphs.ts';
import { keyPresses } from '../keys.ts';
import type { Row, Segment } from '../line-rows.ts';
import type { Style } from '../markdown.ts';
import type { Model } from '../state/model.ts';
import type { Source } from '../store.ts';
import { lookOf, type ThemeName } from '../theme.ts';

type RowProps = Readonly<{ row: Row; theme: ThemeName; glyphs: GlyphSet }>;

function isSameRow(one: RowProps, other: RowProps): boolean {
  return (
    one.theme === other.theme &&
    one.glyphs === other.glyphs &&
    one.row.length === other.row.length &&
    one.row.every((segment, index) => {
      const against = other.row[index];
      const isSame = segment.text === against?.text && segment.look === against.look;
      return isSame && JSON.stringify(segment.style) === JSON.stringify(against.style);
    })
  );
}

function styleProps(style: Style | undefined): TextProps {
  if (!style) return {};
  const { bold, italic, struck, link } = style;
  return {
    ...(bold ? { bold } : {}),
    ...(italic ? { italic } : {}),
    ...(struck ? { strikethrough: true } : {}),
    ...(link === undefined ? {} : { underline: true }),
  };
}

/** OSC 8: the terminal shows the address to whoever points at it. The address has only printable ASCII in it. */
function linked({ text, style, said }: Segment, glyphs: GlyphSet): string {
  if (!said) return inGlyphs(text, glyphs);
  if (style?.link === undefined) return text;
  return `\u001b]8;;${style.link}\u0007${text}\u001b]8;;\u0007`;
}

const RowText = memo(function RowText({ row, theme, glyphs }: RowProps) {
  return (
    <Text wrap="truncate">
      {row.map((segment, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a segment is nothing but its place in the row
        <Text key={index} {...lookOf(segment.look, theme)} {...styleProps(segment.style)}>
          {linked(segment, glyphs)}
        </Text>
      ))}
    </Text>
  );
}, isSameRow);

/** The screen of a model; it holds no state of its own. */
export function Screen({ model }: { model: Model }) {
  const { rows, cursor } = frameOf(model);
  const { theme, glyphs } = model.settings;
  const { setCursorPosition } = useCursor();
  setCursorPosition(cursor ?? undefined);
  return (
    <Box flexDirection="column" width={model.size.columns} height={model.size.rows}>
      {rows.map((row, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a row of the screen is its place
        <RowText key={index} row={row} {...{ theme, glyphs }} />
      ))}
    </Box>
  );
}

/** The one place where keys come in. */
export function App({ source }: { source: Source }) {
  const model = useSyncExternalStore(source.subscribe, source.model);
  useInput((input, key) => {
    for (const press of keyPresses(input, key)) source.dispatch(press);
  });
  usePaste((text) => source.dispatch({ type: 'pasted', text }));
  return <Screen model={model} />;
}
