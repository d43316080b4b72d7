// How a server that is far behind catches up: one answer after the other, while its disk works, and it says how far it is.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encodeEntry } from '../../../daemon/ring/replication.ts';
import { entryOf } from '../../support/entries.ts';
import { RingStage } from '../../support/ring-stage.ts';

const STREAM = '1.3.00000000000000aa';
const HELD = 1_000_000;
const TICK_MS = 25;
const ANSWER_ENTRIES = 100;

/** server2, with nothing on its disk; server1 leads, holds a million entries, and answers its pulls. */
class FarBehind {
  readonly stage = new RingStage();
  private version = 10;
  private held = HELD;
  private given = 0;
  private answered = 0;

  constructor() {
    this.stage.hello('b1', new Map([[STREAM, HELD]]));
    this.pass(TICK_MS);
  }

  /** Pulls that wait for the disk (`send`), and those that do not. */
  pulls(...how: readonly ('send' | 'sendNow')[]): number {
    return this.stage.outputs.filter(
      (output) =>
        (output.type === 'send' || output.type === 'sendNow') &&
        how.includes(output.type) &&
        output.message.type === 'pull',
    ).length;
  }

  /** Whether a pull waits for its answer. */
  get isAsking(): boolean {
    return this.pulls('send', 'sendNow') > this.answered;
  }

  /** Answers the pull. @param said entries that are new since the last answer */
  answer(said = 0): void {
    assert.ok(this.isAsking, 'a pull waits');
    this.answered = this.pulls('send', 'sendNow');
    this.held += said;
    const entries = Array.from({ length: ANSWER_ENTRIES }, (_, index) =>
      encodeEntry(entryOf({ sequence: this.given + index + 1 })),
    );
    this.given += ANSWER_ENTRIES;
    const [remaining, digest] = [this.held - this.given, `${STREAM}:${this.held}`];
    this.stage.says({ type: 'entries', term: 0, entries, remaining, push: false, digest });
  }

  pass(ms: number): void {
    for (let passedMs = 0; passedMs < ms; passedMs += TICK_MS) {
      this.version += 1;
      const announcement = {
        ...this.stage.announcement(this.version, 'leading', new Map([[STREAM, this.held]])),
        view: { term: 1, leader: 'server1', inSync: ['server1', 'server3'] },
      };
      this.stage.feed({ type: 'heartbeat', from: 'server1', announcement });
      this.stage.pass(TICK_MS);
    }
  }
}

test('the next pull follows each answer at once, whether rooms talk or not, and waits for no disk', () => {
  const behind = new FarBehind();
  for (const said of [0, 0, 1, 50, 0]) {
    behind.answer(said);
    assert.ok(behind.isAsking);
  }
  assert.equal(behind.pulls('send'), 1, 'only the first waits for a commit');
});

test('the first pull of another process waits for the disk', () => {
  const behind = new FarBehind();
  behind.answer();
  behind.stage.hello('b2', new Map([[STREAM, HELD]]));
  behind.pass(TICK_MS);
  behind.answer();
  assert.equal(behind.pulls('send'), 2);
});

test('it says how far it is every ten seconds', () => {
  const behind = new FarBehind();
  behind.answer();
  for (let passedMs = 0; passedMs <= 10_000; passedMs += 500) {
    behind.answer(1);
    behind.pass(500);
  }
  const told = behind.stage.outputs.flatMap((output) =>
    output.type === 'log' && output.message === 'catching up' ? [output.fields] : [],
  );
  const [first, second, ...others] = told as { entries: number; remaining: number }[];
  assert.deepEqual(first, { entries: ANSWER_ENTRIES, remaining: HELD - ANSWER_ENTRIES });
  assert.equal(second?.entries, 22 * ANSWER_ENTRIES);
  assert.deepEqual(others, []);
});
