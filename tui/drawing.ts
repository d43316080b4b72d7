// Draws the model of the moment whenever it changed: frames at the pace of pacing.ts, written to the terminal.
import { frameOf } from './frame.ts';
import { createPacer } from './pacing.ts';
import { createPainter } from './paint.ts';
import type { Action } from './state/action.ts';
import type { Source } from './store.ts';

/** What somebody waits for who sits there. */
const BY_HAND: ReadonlySet<Action['type']> = new Set([
  'key',
  'typed',
  'pasted',
  'composed',
  'mouse',
  'resized',
]);

export type Drawing = Readonly<{
  /** Draws everything anew, at once: somebody else wrote there, or it has another size. */
  whole(): void;
  /** Nothing is drawn while somebody else has the terminal, whatever size that gets meanwhile. */
  pause(): void;
  /** Draws again, everything anew. */
  resume(): void;
  stop(): void;
}>;

export function startDrawing(source: Source, stdout: { write(text: string): unknown }): Drawing {
  const painter = createPainter();
  let isPaused = false;
  function draw(): void {
    if (isPaused) return;
    const model = source.model();
    const text = painter.paint(frameOf(model), model.settings);
    if (text !== '') stdout.write(text);
  }
  const pacer = createPacer({
    draw,
    nowMs: () => performance.now(),
    soon: (run) => queueMicrotask(run),
    later: (delayMs, run) => {
      const timer = setTimeout(run, delayMs);
      return () => clearTimeout(timer);
    },
  });
  const unsubscribe = source.subscribe(({ type }) => pacer.changed(BY_HAND.has(type)));
  // As any other frame: one that cannot be drawn ends the screen by then, and leaves the terminal as it was.
  pacer.changed(true);
  function whole(): void {
    painter.forget();
    draw();
  }
  return {
    whole,
    pause: () => {
      isPaused = true;
    },
    resume: () => {
      isPaused = false;
      whole();
    },
    stop: () => {
      unsubscribe();
      pacer.stop();
    },
  };
}
