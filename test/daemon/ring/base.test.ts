// The base of a stream is what its leader held when it began: whoever resumes from a place in it is sent the rest.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { digestText } from '../../../daemon/ring/digest.ts';
import { RingStage } from '../../support/ring-stage.ts';

const EARLIER = '1.2.00000000000000cc';

test('a follower that holds more than its leader did when the view began notes what the leader held', () => {
  const stage = new RingStage('server1', new Map([[EARLIER, 3]]));
  stage.hello('b2');
  stage.says({ type: 'prepare', term: 7 });
  const held = new Map([[EARLIER, 1]]);
  const inSync = ['server1', 'server2'];
  const incarnation = '00000000000000dd';
  stage.says({ type: 'install', term: 7, incarnation, inSync, base: digestText(held) });
  assert.deepEqual(stage.ring.base, { stream: `7.2.${incarnation}`, digest: held });
});
