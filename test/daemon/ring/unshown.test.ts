// What comes from outside the view is shown with the next one: when that is begun for its sake.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encodeEntry } from '../../../daemon/ring/replication.ts';
import { entryOf } from '../../support/entries.ts';
import { RingStage } from '../../support/ring-stage.ts';

const HEARTBEATS_MS = 25;

/** Leads server1, which goes on following, and is told of an entry of a server that nobody else hears. */
function told(): { stage: RingStage; beat(ms: number): void } {
  const stage = new RingStage();
  stage.hello('b1');
  stage.pass(100);
  const { promisedTerm: term } = stage.ring;
  stage.says({ type: 'promise', term, digest: '', base: null });
  let version = 10;
  const beat = (ms: number) => {
    for (let passedMs = 0; passedMs < ms; passedMs += HEARTBEATS_MS) {
      version += 1;
      const announcement = {
        ...stage.announcement(version, 'active'),
        digestHash: '',
        view: { term, leader: 'server2', inSync: ['server1', 'server2'] },
      };
      stage.feed({ type: 'heartbeat', from: 'server1', announcement });
      stage.says({ type: 'announce', announcement: { ...announcement, version: ++version } });
      stage.pass(HEARTBEATS_MS);
    }
  };
  beat(500);
  comes(stage, 1);
  assert.equal(stage.ring.entryCount, 1);
  return { stage, beat };
}

function comes(stage: RingStage, sequence: number): void {
  const entries = [encodeEntry(entryOf({ sequence }))];
  stage.says({ type: 'entries', term: 0, entries, remaining: 0, push: false });
}

const reasons = ({ outputs }: RingStage) =>
  outputs.flatMap((output) =>
    output.type === 'log' && output.message === 'preparing a view'
      ? [(output.fields as { reason: string }).reason]
      : [],
  );
const SHOWN = 'what came from elsewhere is to be shown';

test('a view is begun for it once nothing more has come for two seconds', () => {
  const { stage, beat } = told();
  beat(1_900);
  assert.equal(stage.ring.phase, 'leading');
  beat(200);
  assert.deepEqual(reasons(stage).at(-1), SHOWN);
});

test('a view is begun a moment later where somebody waits for an answer among it', () => {
  const { stage, beat } = told();
  stage.feed({ type: 'showSoon' });
  beat(150);
  assert.equal(stage.ring.phase, 'leading');
  beat(100);
  assert.deepEqual(reasons(stage).at(-1), SHOWN);
});

test('however much more comes, whoever waits is answered within half a second', () => {
  const { stage, beat } = told();
  stage.feed({ type: 'showSoon' });
  for (let sequence = 2; sequence <= 7; sequence += 1) {
    comes(stage, sequence);
    beat(100);
  }
  assert.deepEqual(reasons(stage).at(-1), SHOWN);
});
