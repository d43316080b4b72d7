// How a server that is far behind catches up: when it rests, how much it asks for, and when it does neither.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encodeEntry } from '../../../daemon/ring/replication.ts';
import {
  PACE_WINDOW_MS,
  PACED_GAIN_MIN,
  PACED_PULL_ENTRIES,
  ROOMS_SILENT_MS,
} from '../../../daemon/ring/settings.ts';
import { entryOf } from '../../support/entries.ts';
import { RingStage } from '../../support/ring-stage.ts';

const STREAM = '1.3.00000000000000aa';
const HELD = 1_000_000;
const TICK_MS = 25;
const ANSWER_ENTRIES = 100;

/** server2, with nothing on its disk; server1 leads, holds a million entries, and answers its pulls. */
class FarBehind {
  readonly stage = new RingStage();
  private readonly inSync: string[];
  private version = 10;
  private held = HELD;
  private given = 0;
  private answered = 0;

  constructor(inSync = ['server1', 'server3']) {
    this.inSync = inSync;
    this.stage.hello('b1', new Map([[STREAM, HELD]]));
    this.pass(TICK_MS);
  }

  private get pulls(): { limit?: number | undefined }[] {
    return this.sent(['send', 'sendNow']);
  }

  /** Pulls that wait for the disk, and those that do not. */
  sent(how: readonly ('send' | 'sendNow')[]): { limit?: number | undefined }[] {
    return this.stage.outputs.flatMap((output) =>
      (output.type === 'send' || output.type === 'sendNow') &&
      how.includes(output.type) &&
      output.message.type === 'pull'
        ? [output.message]
        : [],
    );
  }

  /** The limit of the pull that waits for its answer; null when none does. */
  get wanted(): number | undefined | null {
    const { pulls } = this;
    return pulls.length > this.answered ? pulls.at(-1)?.limit : null;
  }

  /** Answers the pull. @param said entries that are new since the last answer */
  answer(said = 0): void {
    const { wanted } = this;
    assert.notEqual(wanted, null, 'a pull waits');
    this.answered = this.pulls.length;
    this.held += said;
    const count = Math.min(wanted ?? ANSWER_ENTRIES, ANSWER_ENTRIES);
    const entries = Array.from({ length: count }, (_, index) =>
      encodeEntry(entryOf({ sequence: this.given + index + 1 })),
    );
    this.given += count;
    const [remaining, digest] = [this.held - this.given, `${STREAM}:${this.held}`];
    this.stage.says({ type: 'entries', term: 0, entries, remaining, push: false, digest });
  }

  pass(ms: number): void {
    for (let passedMs = 0; passedMs < ms; passedMs += TICK_MS) {
      this.version += 1;
      const announcement = {
        ...this.stage.announcement(this.version, 'leading', new Map([[STREAM, this.held]])),
        view: { term: 1, leader: 'server1', inSync: this.inSync },
      };
      this.stage.feed({ type: 'heartbeat', from: 'server1', announcement });
      this.stage.pass(TICK_MS);
    }
  }
}

test('while rooms are silent the next pull follows each answer, for as much as it may have', () => {
  const behind = new FarBehind();
  for (let count = 0; count < 5; count += 1) {
    behind.answer();
    assert.equal(behind.wanted, undefined);
  }
});

test('while rooms talk it asks for little, and rests before it does', () => {
  const behind = new FarBehind();
  behind.answer();
  for (let count = 0; count < 5; count += 1) {
    behind.answer(1);
    assert.equal(behind.wanted, null);
    behind.pass(TICK_MS);
    assert.equal(behind.wanted, PACED_PULL_ENTRIES);
  }
  assert.equal(behind.sent(['send']).length, 1, 'only the first waits for a commit');
});

test('it rests until nothing was said for ten seconds', () => {
  const behind = new FarBehind();
  behind.answer();
  behind.answer(1);
  behind.pass(TICK_MS);
  for (let passedMs = 0; passedMs < ROOMS_SILENT_MS - 3 * TICK_MS; passedMs += TICK_MS) {
    behind.answer();
    assert.equal(behind.wanted, null, `${passedMs}`);
    behind.pass(TICK_MS);
  }
  behind.pass(3 * TICK_MS);
  behind.answer();
  assert.equal(behind.wanted, undefined);
});

/** Answers for so long, with each as much as is said in a tick. */
function goOn(behind: FarBehind, ms: number, said: number): void {
  for (let passedMs = 0; passedMs < ms; passedMs += TICK_MS) {
    behind.answer(said);
    behind.pass(TICK_MS);
  }
}

test('it does not rest for a while where so much is said that it gains little', () => {
  const behind = new FarBehind();
  behind.answer();
  goOn(behind, 2 * PACE_WINDOW_MS, Math.floor(PACED_PULL_ENTRIES / PACED_GAIN_MIN));
  assert.equal(behind.wanted, PACED_PULL_ENTRIES);
  goOn(behind, 2 * PACE_WINDOW_MS, Math.floor(PACED_PULL_ENTRIES / PACED_GAIN_MIN) + 1);
  assert.equal(behind.wanted, undefined);
  goOn(behind, ROOMS_SILENT_MS - 2 * PACE_WINDOW_MS, 1);
  assert.equal(behind.wanted, undefined);
  goOn(behind, 2 * PACE_WINDOW_MS, 1);
  assert.equal(behind.wanted, PACED_PULL_ENTRIES);
});

test('an answer that was long in coming is not much talk', () => {
  const behind = new FarBehind();
  behind.answer();
  behind.pass(500);
  behind.answer(ANSWER_ENTRIES / 2);
  behind.pass(TICK_MS);
  goOn(behind, PACE_WINDOW_MS, 1);
  assert.equal(behind.wanted, PACED_PULL_ENTRIES);
});

test('another one that is asked, and has more, is no talk', () => {
  const behind = new FarBehind();
  behind.answer();
  // Its process began anew: what it holds is another history.
  behind.stage.hello('b2', new Map([[STREAM, HELD]]));
  behind.pass(TICK_MS);
  behind.answer(50_000);
  assert.equal(behind.wanted, undefined);
});

test('what is said while it hears nobody is not said at once', () => {
  const behind = new FarBehind();
  behind.answer();
  behind.answer(1);
  behind.pass(2_000);
  behind.answer(100);
  behind.pass(TICK_MS);
  assert.equal(behind.wanted, PACED_PULL_ENTRIES);
});

test('it does not rest where what is said is on one disk only', () => {
  const behind = new FarBehind(['server1']);
  behind.answer();
  behind.answer(1);
  assert.equal(behind.wanted, undefined);
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
  assert.deepEqual(first, { entries: 100, remaining: HELD - 100 });
  assert.equal(second?.entries, 100 + 100 + 20 * PACED_PULL_ENTRIES);
  assert.deepEqual(others, []);
});
