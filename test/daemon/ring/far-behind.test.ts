// A server that is far behind: when it leads all the same, and when it makes room for one that holds more.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { JOINING_PATIENCE_MS, STABLE_MS } from '../../../daemon/ring/settings.ts';
import { RingStage } from '../../support/ring-stage.ts';

const STREAM = '1.1.00000000000000aa';
const MUCH = new Map([[STREAM, 5_000]]);

/** server2, with nothing on its disk, in the sight of server1, which holds much. */
function farBehind(): RingStage {
  const stage = new RingStage();
  stage.hello('b1', MUCH);
  stage.pass(25);
  assert.equal(stage.ring.phase, 'joining');
  return stage;
}

/** Its link is gone, and nothing is heard of it. */
const loses = (stage: RingStage, refused = false) =>
  stage.feed({ type: 'linkDown', peer: 'server1', refused });

test('out of sight of all others it leads, but not at once', () => {
  const stage = farBehind();
  loses(stage);
  stage.pass(JOINING_PATIENCE_MS - 200);
  assert.equal(stage.ring.phase, 'joining');
  stage.pass(700);
  assert.equal(stage.ring.phase, 'leading');
});

test('it does not lead in the moment in which the other is started anew', () => {
  const stage = farBehind();
  loses(stage, true);
  stage.pass(300);
  stage.feed({ type: 'linkUp', peer: 'server1', boot: 'b2' });
  stage.pass(50);
  assert.equal(stage.ring.phase, 'joining');
  stage.hello('b2', MUCH);
  assert.equal(stage.ring.phase, 'joining');
});

test('stopped for long, and out of sight since then, it does not lead at once', () => {
  const stage = farBehind();
  stage.stop(60_000);
  loses(stage, true);
  stage.pass(50);
  assert.equal(stage.ring.phase, 'joining');
});

test('where it leads with little it goes on until contact has lasted, and joins then', () => {
  const stage = new RingStage('server2');
  loses(stage, true);
  stage.pass(6_000);
  assert.equal(stage.ring.phase, 'leading');
  stage.hello('b1', MUCH);
  let version = 10;
  const heard = (ms: number) => {
    for (let passed = 0; passed < ms; passed += 50) {
      version += 1;
      stage.heartbeat(version, 'active', MUCH);
      stage.pass(50);
    }
  };
  heard(STABLE_MS - 200);
  assert.equal(stage.ring.phase, 'leading');
  heard(400);
  assert.equal(stage.ring.phase, 'joining');
});

test('where its leader joins, it does so too, and does not lead in between', () => {
  const stage = new RingStage('server2', new Map(), ['server3']);
  stage.hello('b3', new Map(), 'server3');
  stage.hello('b1', MUCH);
  stage.says({ type: 'prepare', term: 1, digest: '' }, 'server3');
  stage.pass(25);
  const inSync = ['server2', 'server3'];
  const incarnation = '00000000000000cc';
  stage.says({ type: 'install', term: 1, inSync, incarnation, base: '' }, 'server3');
  assert.equal(stage.ring.view?.leader, 'server3');
  const announcement = stage.announcement(99, 'joining');
  stage.says({ type: 'announce', announcement }, 'server3');
  assert.equal(stage.ring.phase, 'joining');
});
