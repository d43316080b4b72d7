// A follower's process ended and another runs there: what the first one stored may be gone with its directory.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RingStage } from '../../support/ring-stage.ts';

test('nothing counts as stored on the word of a process that is gone', () => {
  const stage = new RingStage();
  stage.hello('b1');
  stage.pass(100);
  const { promisedTerm: term } = stage.ring;
  stage.says({ type: 'promise', term, digest: '', base: null });
  stage.feed({ type: 'append', body: '{}', above: null });
  stage.says({ type: 'stored', term, sequence: 1 });
  assert.equal(stage.ring.peers.get('server1')?.storedSequence, 1);
  stage.hello('b1 again');
  assert.equal(stage.ring.peers.get('server1')?.storedSequence, 0);
});

test('a follower whose process is another one is asked at once, in a new view, what it kept', () => {
  const stage = new RingStage();
  stage.hello('b1');
  stage.pass(100);
  const { promisedTerm: term } = stage.ring;
  assert.equal(stage.ring.phase, 'preparing');
  stage.says({ type: 'promise', term, digest: '', base: null });
  assert.deepEqual(stage.ring.view?.inSync, ['server1', 'server2']);
  stage.hello('b1 again');
  stage.pass(25);
  assert.equal(stage.ring.phase, 'preparing');
});
