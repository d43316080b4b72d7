// When a frame is drawn: at once for who sits there, and otherwise no more often than an eye can follow, however much
// comes in. It draws nothing itself and reads no clock.

/** Thirty frames a second: what scrolls faster than that cannot be read anyway. */
export const FRAME_MS = 33;

export type Pacer = Readonly<{
  /** Something changed. @param isByHand a key, say: somebody waits for it */
  changed(isByHand: boolean): void;
  /** Nothing is drawn from now on. */
  stop(): void;
}>;

/**
 * @param parts.soon runs something when what goes on now has come to its end; what changes until then is in one frame
 * @param parts.later runs something after so many milliseconds. @returns takes that back
 */
export function createPacer(parts: {
  draw: () => void;
  nowMs: () => number;
  soon: (run: () => void) => void;
  later: (delayMs: number, run: () => void) => () => void;
}): Pacer {
  let drawnMs = Number.NEGATIVE_INFINITY;
  let isSoon = false;
  let takeBack: (() => void) | null = null;
  let isStopped = false;

  function draw(): void {
    takeBack?.();
    takeBack = null;
    isSoon = false;
    if (isStopped) return;
    parts.draw();
    // From its end: a machine that takes long for a frame has as much time for everything else.
    drawnMs = parts.nowMs();
  }

  return {
    changed: (isByHand) => {
      if (isSoon) return;
      if (isByHand) {
        isSoon = true;
        parts.soon(draw);
      } else if (takeBack === null) {
        takeBack = parts.later(Math.max(0, drawnMs + FRAME_MS - parts.nowMs()), draw);
      }
    },
    stop: () => {
      isStopped = true;
      takeBack?.();
      takeBack = null;
    },
  };
}
