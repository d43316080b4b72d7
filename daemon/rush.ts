// What may be put off is, while much is said: for some seconds, and then until it has caught up. What is put off so is
// cheaper in the end, since it is done in larger pieces.

/** Entries in a second from which on it is a rush: a tenth of a processor goes into the index of words then. */
const RUSH_PER_SECOND = 1_000;
/** Over how long they are counted. */
const WINDOW_MS = 500;
/** Entries of which so few are left are none: in a rush there are always some. */
const NONE_MAX = 2_000;
/** How long something is put off. */
const PUT_OFF_MS_MAX = 10_000;

export class Rush {
  private isRush = false;
  private window = { said: Number.POSITIVE_INFINITY, sinceMs: Number.NEGATIVE_INFINITY };
  private putOffMs = 0;
  private isCatchingUp = false;

  /**
   * To be asked with every tick.
   * @param said entries held
   * @param left of them, what was put off and not done yet
   * @param nowMs of the monotonic clock
   * @returns whether what may be put off is done now
   */
  isQuiet(said: number, left: number, nowMs: number): boolean {
    this.count(said, nowMs);
    if (!this.isRush) return true;
    if (this.isCatchingUp && left < NONE_MAX) {
      this.isCatchingUp = false;
      this.putOffMs = nowMs;
    }
    if (nowMs - this.putOffMs >= PUT_OFF_MS_MAX) this.isCatchingUp = true;
    return this.isCatchingUp;
  }

  private count(said: number, nowMs: number): void {
    const tookMs = nowMs - this.window.sinceMs;
    if (tookMs < WINDOW_MS) return;
    const wasRush = this.isRush;
    this.isRush = ((said - this.window.said) * 1_000) / tookMs >= RUSH_PER_SECOND;
    this.window = { said, sinceMs: nowMs };
    if (wasRush) return;
    this.putOffMs = nowMs;
    this.isCatchingUp = false;
  }
}
