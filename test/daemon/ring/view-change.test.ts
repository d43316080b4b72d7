// A change of view, and what it does without so that it is short: nobody serves meanwhile.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { digestText } from '../../../daemon/ring/digest.ts';
import { type StreamId, streamIdOf } from '../../../daemon/ring/entry.ts';
import { encodeEntry } from '../../../daemon/ring/replication.ts';
import { entryOf } from '../../support/entries.ts';
import { RingStage } from '../../support/ring-stage.ts';

const EARLIER = '1.2.00000000000000cc';

/** What was sent, and what the shell was asked to read and send, in order. */
function storyOf(stage: RingStage): string[] {
  return stage.outputs.flatMap((output) => {
    if (output.type === 'sendLacking') return [`lacking ${digestText(output.digest)}`];
    if (output.type === 'send' && 'to' in output) return [output.message.type];
    return output.type === 'sendNow' ? [output.message.type] : [];
  });
}

function prepared(held: number, asker: ReadonlyMap<StreamId, number>): string[] {
  const stage = new RingStage('server1', new Map([[EARLIER, held]]));
  stage.hello('b2');
  stage.outputs.length = 0;
  stage.says({ type: 'prepare', term: 7, digest: digestText(asker) });
  return storyOf(stage);
}

test('what an asker lacks goes ahead of the promise', () => {
  const story = prepared(3, new Map([[EARLIER, 1]]));
  assert.deepEqual(story.slice(0, 2), [`lacking ${EARLIER}:1`, 'promise']);
});

test('an asker that lacks nothing is given nothing, and one that lacks much is left to pull it', () => {
  assert.equal(prepared(3, new Map([[EARLIER, 3]]))[0], 'promise');
  assert.equal(prepared(501, new Map())[0], 'promise');
});

test('an asker that was given what it lacks ahead of the promise leads without a pull', () => {
  const stage = new RingStage('server2');
  stage.hello('b1');
  stage.pass(100);
  const { preparing } = stage.ring;
  assert.equal(preparing?.step, 'promising');
  const { term } = preparing;
  const entry = entryOf({ sequence: 1 });
  const entries = [encodeEntry(entry)];
  stage.says({ type: 'entries', term, entries, remaining: 0, push: false });
  const digest = digestText(new Map([[streamIdOf(entry), 1]]));
  stage.says({ type: 'promise', term, digest, base: null });
  assert.equal(stage.ring.phase, 'leading');
  assert.equal(stage.ring.digest.get(streamIdOf(entry)), 1);
  assert.ok(!storyOf(stage).includes('pull'), storyOf(stage).join());
});
