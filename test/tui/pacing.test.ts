// When frames are drawn, by a clock that the test moves.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createPacer, FRAME_MS } from '../../tui/pacing.ts';

class Stage {
  nowMs = 1_000;
  /** When frames were drawn. */
  readonly frames: number[] = [];
  private due: { atMs: number; run: () => void }[] = [];
  private next: (() => void)[] = [];
  readonly pacer = createPacer({
    draw: () => this.frames.push(this.nowMs),
    nowMs: () => this.nowMs,
    soon: (run) => this.next.push(run),
    later: (delayMs, run) => {
      const item = { atMs: this.nowMs + delayMs, run };
      this.due.push(item);
      return () => {
        this.due = this.due.filter((other) => other !== item);
      };
    },
  });

  /** What goes on comes to its end, and time passes. */
  pass(ms: number): void {
    for (const run of this.next.splice(0)) run();
    const untilMs = this.nowMs + ms;
    for (;;) {
      const item = this.due.find(({ atMs }) => atMs <= untilMs);
      if (!item) break;
      this.due = this.due.filter((other) => other !== item);
      this.nowMs = item.atMs;
      item.run();
    }
    this.nowMs = untilMs;
  }
}

test('after a rest a change is drawn at once', () => {
  const stage = new Stage();
  stage.pacer.changed(false);
  stage.pass(0);
  assert.deepEqual(stage.frames, [1_000]);
});

test('a burst is drawn once for each frame, its end included', () => {
  const stage = new Stage();
  for (let count = 0; count < 100; count += 1) {
    stage.pacer.changed(false);
    stage.pass(1);
  }
  stage.pass(1_000);
  const frames = [0, 1, 2, 3, 4].map((frame) => 1_000 + frame * FRAME_MS);
  assert.deepEqual(
    stage.frames.filter((atMs) => atMs < 1_000 + 4 * FRAME_MS),
    frames.slice(0, 4).filter((atMs) => atMs < 1_100),
  );
  assert.ok((stage.frames.at(-1) ?? 0) >= 1_099, 'the last change is on the screen');
});

test('a key is drawn when its turn ends, however short ago the last frame was', () => {
  const stage = new Stage();
  stage.pacer.changed(false);
  stage.pass(5);
  stage.pacer.changed(false);
  stage.pacer.changed(true);
  stage.pass(0);
  assert.deepEqual(stage.frames, [1_000, 1_005]);
  stage.pass(1_000);
  assert.equal(stage.frames.length, 2, 'what waited was in that frame');
});

test('keys of one turn are one frame', () => {
  const stage = new Stage();
  for (let count = 0; count < 10; count += 1) stage.pacer.changed(true);
  stage.pass(1_000);
  assert.deepEqual(stage.frames, [1_000]);
});

test('nothing is drawn after the end', () => {
  const stage = new Stage();
  stage.pacer.changed(true);
  stage.pacer.changed(false);
  stage.pacer.stop();
  stage.pass(1_000);
  assert.deepEqual(stage.frames, []);
});
