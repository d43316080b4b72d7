// After a cut datagrams come at once, and what TCP holds back comes when its timer says so: a link that does not answer
// is renewed, and nobody waits for it meanwhile.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RingStage } from '../../support/ring-stage.ts';

const HEARTBEATS_MS = 25;

/** Leads alone: server1 was in contact, and has been cut off for a minute. */
function cutOff(): { stage: RingStage; beat(): void; asked(type: string): number } {
  const stage = new RingStage();
  stage.hello('b1');
  stage.pass(100);
  stage.says({ type: 'promise', term: stage.ring.promisedTerm, digest: '', base: null });
  stage.pass(60_000);
  assert.deepEqual(stage.ring.view?.inSync, ['server2']);
  stage.outputs.length = 0;
  let version = 10;
  const beat = () => {
    version += 1;
    stage.heartbeat(version, 'active');
    stage.pass(HEARTBEATS_MS);
  };
  const asked = (type: string) =>
    stage.outputs.filter((output) =>
      output.type === 'send' || output.type === 'sendNow'
        ? output.message.type === type
        : output.type === type,
    ).length;
  return { stage, beat, asked };
}

test('whoever is heard again and answers nothing over its link gets a new one, and no view is changed for it before', () => {
  const { stage, beat, asked } = cutOff();
  for (let passedMs = 0; passedMs < 250; passedMs += HEARTBEATS_MS) beat();
  assert.ok(asked('probe') >= 4, 'it is asked');
  assert.equal(asked('renewLink'), 0);
  for (let passedMs = 0; passedMs < 100; passedMs += HEARTBEATS_MS) beat();
  assert.equal(asked('renewLink'), 1);
  assert.equal(asked('prepare'), 0);
  stage.feed({ type: 'linkDown', peer: 'server1', refused: false });
  stage.hello('b1');
  assert.equal(asked('prepare'), 1, 'it is admitted at once');
});

test('what a peer said before contact was lost says nothing of whom it hears now', () => {
  const { stage, asked } = cutOff();
  stage.feed({ type: 'linkDown', peer: 'server1', refused: false });
  stage.feed({ type: 'linkUp', peer: 'server1', boot: 'b1' });
  assert.equal(asked('prepare'), 0);
  stage.says({ type: 'announce', announcement: stage.announcement(100, 'active') });
  assert.equal(asked('prepare'), 1);
});

test('whoever is heard over its link alone is asked to announce itself, however much it says', () => {
  const { stage, asked } = cutOff();
  for (let passedMs = 0; passedMs < 500; passedMs += HEARTBEATS_MS) {
    stage.says({ type: 'agree', term: 1 });
    stage.pass(HEARTBEATS_MS);
  }
  assert.ok(asked('probe') >= 5);
});

test('a link that falls silent while heartbeats go on is asked over after a second, and renewed after fifteen', () => {
  const { stage, beat, asked } = cutOff();
  beat();
  stage.says({ type: 'announce', announcement: stage.announcement(100, 'active') });
  const { promisedTerm: term } = stage.ring;
  stage.says({ type: 'promise', term, digest: '', base: null });
  stage.outputs.length = 0;
  for (let passedMs = 0; passedMs < 950; passedMs += HEARTBEATS_MS) beat();
  assert.equal(asked('probe'), 0);
  for (let passedMs = 0; passedMs < 13_950; passedMs += HEARTBEATS_MS) beat();
  assert.ok(asked('probe') > 0);
  assert.equal(asked('renewLink'), 0);
  for (let passedMs = 0; passedMs < 250; passedMs += HEARTBEATS_MS) beat();
  assert.equal(asked('renewLink'), 1);
});

test('after a pause of its own a server begins to wait for its links anew', () => {
  const { stage, beat, asked } = cutOff();
  beat();
  stage.says({ type: 'announce', announcement: stage.announcement(100, 'active') });
  stage.says({ type: 'promise', term: stage.ring.promisedTerm, digest: '', base: null });
  stage.outputs.length = 0;
  stage.stop(30_000);
  beat();
  assert.equal(asked('confirm'), 1);
  assert.equal(asked('renewLink'), 0);
});

test('an answer over the link is enough, however late heartbeats would have it', () => {
  const { stage, beat, asked } = cutOff();
  beat();
  stage.says({ type: 'announce', announcement: stage.announcement(100, 'active') });
  assert.equal(asked('prepare'), 1);
  for (let passedMs = 0; passedMs < 1_000; passedMs += HEARTBEATS_MS) beat();
  assert.equal(asked('renewLink'), 0);
});
