// A follower that is alive, and no longer in its leader's view: it has promised itself to another that never came to lead.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RingStage } from '../../support/ring-stage.ts';

const HEARTBEATS_MS = 25;

/** Leads server1, which is in its view and says so. */
function leading(): { stage: RingStage; term: number; says(term: number | null): void } {
  const stage = new RingStage();
  stage.hello('b1');
  stage.pass(100);
  const { promisedTerm: term } = stage.ring;
  stage.says({ type: 'promise', term, digest: '', base: null });
  assert.equal(stage.ring.phase, 'leading');
  let version = 10;
  const says = (ofTerm: number | null) => {
    version += 1;
    const view = { term: ofTerm ?? 0, leader: 'server2', inSync: ['server1', 'server2'] };
    const announcement = stage.announcement(version, 'active');
    stage.says({
      type: 'announce',
      announcement: ofTerm === null ? announcement : { ...announcement, view },
    });
  };
  return { stage, term, says };
}

test('an in-sync server that announces another view for half a second is asked for a new one, though nobody says a word', () => {
  const { stage, term, says } = leading();
  for (let passedMs = 0; passedMs < 450; passedMs += HEARTBEATS_MS) {
    says(null);
    stage.pass(HEARTBEATS_MS);
  }
  assert.equal(stage.ring.phase, 'leading', 'it may be about to install the view');
  for (let passedMs = 0; passedMs < 150; passedMs += HEARTBEATS_MS) {
    says(null);
    stage.pass(HEARTBEATS_MS);
  }
  assert.equal(stage.ring.phase, 'preparing');
  assert.ok(stage.ring.promisedTerm > term);
});

test('one that announces the view of its leader is left in peace', () => {
  const { stage, term, says } = leading();
  for (let passedMs = 0; passedMs < 2_000; passedMs += HEARTBEATS_MS) {
    says(term);
    stage.pass(HEARTBEATS_MS);
  }
  assert.equal(stage.ring.phase, 'leading');
  assert.equal(stage.ring.promisedTerm, term);
});
