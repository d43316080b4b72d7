// A leader whose process was stopped asks whether its view stands, and believes only what was said after that.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RingStage } from '../../support/ring-stage.ts';

const PAUSE_MS = 400;

test('the answer to a question from before the last pause does not count for it', () => {
  const stage = new RingStage();
  stage.hello('b1');
  stage.pass(100);
  const { promisedTerm: term } = stage.ring;
  stage.says({ type: 'promise', term, digest: '', base: null });
  const confirmed = (round: number) =>
    stage.says({ type: 'confirmed', term, round, stands: true, promisedTerm: term });
  stage.stop(PAUSE_MS);
  stage.stop(PAUSE_MS);
  assert.equal(stage.ring.phase, 'suspended');
  confirmed(1);
  assert.equal(stage.ring.phase, 'suspended');
  confirmed(2);
  assert.equal(stage.ring.phase, 'leading');
});
