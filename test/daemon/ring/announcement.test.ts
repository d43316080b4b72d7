// Heartbeats overtake each other, and what is said over a link overtakes heartbeats: the newest word counts.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RingStage } from '../../support/ring-stage.ts';

function greeted(): RingStage {
  const stage = new RingStage('server1');
  stage.hello('b2');
  return stage;
}

test('a heartbeat that a later word has overtaken is not believed', () => {
  const stage = greeted();
  stage.says({ type: 'announce', announcement: stage.announcement(3, 'draining') });
  assert.equal(stage.peerPhase, 'draining');
  stage.heartbeat(2, 'active');
  assert.equal(stage.peerPhase, 'draining');
});

test('a heartbeat that comes twice changes nothing the second time', () => {
  const stage = greeted();
  stage.heartbeat(2, 'preparing');
  stage.heartbeat(3, 'leading');
  stage.heartbeat(2, 'preparing');
  assert.equal(stage.peerPhase, 'leading');
});
