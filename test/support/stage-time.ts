/** Ten o'clock on Monday, 23 November 2026, in UTC: when the stories of the golden screens begin. */
export const STAGE_MORNING_MS = Date.UTC(2026, 10, 23, 10, 0);
