// Loaded before the program that a test starts (`node --import`): its wall clock stands still at ten minutes past ten
// on Monday, 23 November 2026 (UTC), so that what it draws is the same on every day. And its durations pass at a pace
// that the story chooses, CLOCK_PACE: on a busy machine a server that has to wait for a processor is not dead.
import { STAGE_MORNING_MS } from './stage-time.ts';

const NOW_MS = STAGE_MORNING_MS + 10 * 60_000;
const RealDate = globalThis.Date;

class FixedDate extends RealDate {
  constructor(...given: unknown[]) {
    super(...((given.length === 0 ? [NOW_MS] : given) as [number]));
  }

  static override now(): number {
    return NOW_MS;
  }
}

globalThis.Date = FixedDate as DateConstructor;

const pace = Number(process.env.CLOCK_PACE ?? 1);
const realNow = performance.now.bind(performance);
performance.now = () => realNow() * pace;
