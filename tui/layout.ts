// How the terminal's cells are shared out. The one place that knows at which widths panes appear.

export type Size = Readonly<{ columns: number; rows: number }>;

export type Layout = Readonly<{
  /** Width of the room list, without the rule beside it; 0 where there is none. */
  roomsWidth: number;
  peopleWidth: number;
  timelineWidth: number;
  /** Rows of the timeline and the lists beside it. */
  bodyHeight: number;
  composerHeight: number;
  nameWidth: number;
}>;

/** From here on there is a room list; below, the timeline needs every column. */
export const ROOM_LIST_FROM_COLUMNS = 70;
/** From here on there is a list of people, and the title shows every server. */
export const PEOPLE_FROM_COLUMNS = 110;
/** ` 1 #general    4`: what fits most names at 80 columns. */
const ROOMS_WIDTH_MIN = 15;
const ROOMS_WIDTH_MAX = 24;
const PEOPLE_WIDTH = 18;
/** A rule and a space between two panes. */
const GAP = 2;
/** Title, status, rule, hints. */
const FIXED_ROWS = 4;
/** Below this nothing useful fits; the frame is drawn for this size and cut by the terminal. */
const COLUMNS_MIN = 20;
const ROWS_MIN = 6;

/** Most rows that the composer takes: a third of the screen, so that one still sees what one answers. */
export function composerHeightMax(rows: number): number {
  return Math.max(1, Math.min(8, Math.floor(rows / 3) - 1));
}

/**
 * Shares out the screen.
 * @param composerRows rows that the text being written would like, at least 1
 */
export function layoutOf(size: Size, composerRows: number): Layout {
  const columns = Math.max(COLUMNS_MIN, size.columns);
  const rows = Math.max(ROWS_MIN, size.rows);
  const composerHeight = Math.min(composerRows, composerHeightMax(rows));
  const roomsWidth =
    columns >= ROOM_LIST_FROM_COLUMNS
      ? Math.min(ROOMS_WIDTH_MAX, Math.max(ROOMS_WIDTH_MIN, Math.floor(columns / 5) - 1))
      : 0;
  const peopleWidth = columns >= PEOPLE_FROM_COLUMNS ? PEOPLE_WIDTH : 0;
  const taken = (roomsWidth && roomsWidth + GAP) + (peopleWidth && peopleWidth + GAP);
  const timelineWidth = columns - taken;
  return {
    roomsWidth,
    peopleWidth,
    timelineWidth,
    bodyHeight: Math.max(1, rows - FIXED_ROWS - composerHeight),
    composerHeight,
    nameWidth: timelineWidth < 50 ? 6 : timelineWidth < 75 ? 8 : 12,
  };
}
