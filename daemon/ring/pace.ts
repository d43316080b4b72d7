// How fast a server gets a history from far behind. While rooms talk they come first: it asks for little at a time, and
// rests in between, so that neither the processors nor the disks of those who serve are busy with it when somebody says
// something. While they are silent, and where they say more than a server at rest would ever catch up with, at full speed.
import {
  CATCH_UP_LOG_MS,
  PACED_GAIN_MIN,
  PACED_PULL_ENTRIES,
  PACED_REST_MS,
  ROOMS_SILENT_MS,
} from './settings.ts';
import { log, type Turn } from './state.ts';

/**
 * An answer came to a pull from far behind.
 * @param answer its entries, and how many more the answerer holds
 * @returns when the next pull is due, on the monotonic clock
 */
export function paceAfter(
  turn: Turn,
  { entries, remaining }: Readonly<{ entries: readonly unknown[]; remaining: number }>,
): number {
  const { ring, nowMs } = turn;
  const { pace } = ring;
  const got = entries.length;
  const said = pace.lacking === null ? 0 : remaining + got - pace.lacking;
  if (said > 0) pace.talkedMs = nowMs;
  pace.lacking = remaining;
  pace.isResting =
    nowMs - pace.talkedMs < ROOMS_SILENT_MS && got >= PACED_GAIN_MIN * Math.max(0, said);
  if (nowMs - pace.loggedMs >= CATCH_UP_LOG_MS) {
    pace.loggedMs = nowMs;
    log(turn, 'info', 'catching up', { entries: ring.entryCount, remaining });
  }
  return pace.isResting ? nowMs + PACED_REST_MS : nowMs;
}

/** It is not far behind, or nobody answers: what was known is of another time. */
export function forgetPace({ ring }: Turn): void {
  ring.pace.lacking = null;
  ring.pace.isResting = false;
}

/** Most entries to ask for; undefined for as many as an answer has. */
export function pacedLimit({ ring }: Turn): number | undefined {
  return ring.pace.isResting ? PACED_PULL_ENTRIES : undefined;
}
