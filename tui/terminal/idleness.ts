// Whether somebody sits at the keyboard.

/** A coffee. */
const IDLE_AFTER_MS = 10 * 60_000;

export type Idleness = Readonly<{
  /** A key was pressed. */
  touch(): void;
  stop(): void;
}>;

/** @param onChange told once for each change; somebody is there at the start */
export function watchIdleness(
  onChange: (isIdle: boolean) => void,
  afterMs: number = IDLE_AFTER_MS,
): Idleness {
  let isIdle = false;
  const timer = setTimeout(() => {
    isIdle = true;
    onChange(true);
  }, afterMs);
  timer.unref();
  return {
    touch: () => {
      timer.refresh();
      if (!isIdle) return;
      isIdle = false;
      onChange(false);
    },
    stop: () => clearTimeout(timer),
  };
}
