// A leader that leaves names its successor, and need not be asked for its promise.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PeerMessage } from '../../../daemon/ring/messages.ts';
import { RingStage } from '../../support/ring-stage.ts';

const NOTHING = { digest: '', base: null } as const;

function sentBy(stage: RingStage): PeerMessage[] {
  return stage.outputs.flatMap((output) =>
    (output.type === 'send' || output.type === 'sendNow') && 'to' in output ? [output.message] : [],
  );
}

const typesOf = (stage: RingStage) => sentBy(stage).map(({ type }) => type);

/** server2 leads, and server1 is in sync. */
function leading(): RingStage {
  const stage = new RingStage('server2');
  stage.hello('b1');
  stage.pass(100);
  const { term = 0 } = stage.ring.preparing ?? {};
  stage.says({ type: 'promise', term, ...NOTHING });
  assert.deepEqual(stage.ring.view?.inSync, ['server1', 'server2']);
  stage.outputs.length = 0;
  return stage;
}

/** server1 follows server2 in term 1. */
function following(): RingStage {
  const stage = new RingStage('server1');
  stage.hello('b2');
  stage.says({ type: 'prepare', term: 1, digest: '' });
  const incarnation = '00000000000000cc';
  const inSync = ['server1', 'server2'];
  stage.says({ type: 'install', term: 1, incarnation, inSync, base: '' });
  assert.equal(stage.ring.view?.leader, 'server2');
  stage.outputs.length = 0;
  return stage;
}

test('a leader that is asked to leave gives the next one its promise, unasked', () => {
  const stage = leading();
  const { term = 0 } = stage.ring.view ?? {};
  stage.feed({ type: 'drain' });
  const resignation = sentBy(stage).find(({ type }) => type === 'resign');
  assert.equal(resignation?.type === 'resign' && resignation.term, term + 1);
  assert.equal(stage.ring.promisedTo, 'server1');
  assert.equal(stage.ring.stream, null, 'it serves no longer');
  assert.equal(stage.ring.drained, false, 'and waits to be told who leads');
  const saving = stage.outputs.find((output) => output.type === 'saveRecord');
  assert.equal(saving?.mayWait, true, 'the promise goes to its disk, and not at once');
  const early = stage.outputs.flatMap((output) =>
    output.type === 'sendNow' ? [output.message.type] : [],
  );
  assert.deepEqual(early, ['resign'], 'and nobody waits for that');
});

test('it is gone when its successor has installed a view without it', () => {
  const stage = leading();
  stage.feed({ type: 'drain' });
  const { promisedTerm: term } = stage.ring;
  const incarnation = '00000000000000cc';
  stage.says({ type: 'install', term, incarnation, inSync: ['server1'], base: '' });
  assert.equal(stage.ring.drained, true);
});

test('whoever asks for promises does not wait for its own to be on the disk', () => {
  const stage = new RingStage('server2');
  stage.hello('b1');
  stage.pass(100);
  const saving = stage.outputs.filter((output) => output.type === 'saveRecord');
  assert.deepEqual(
    saving.map(({ promisedTerm, mayWait }) => [promisedTerm, mayWait]),
    [[1, true]],
  );
  const { term = 0 } = stage.ring.preparing ?? {};
  stage.says({ type: 'promise', term, ...NOTHING });
  const installing = stage.outputs.findLast((output) => output.type === 'saveRecord');
  assert.equal(installing?.mayWait ?? false, false, 'to lead is to have it there');
});

test('what is promised to another is on the disk first', () => {
  const stage = following();
  stage.says({ type: 'prepare', term: 3, digest: '' });
  const [saving, promising] = stage.outputs.filter(({ type }) => /^(saveRecord|send)$/.test(type));
  assert.equal(saving?.type === 'saveRecord' && saving.mayWait, false);
  assert.equal(
    promising?.type === 'send' && 'to' in promising && promising.message.type,
    'promise',
  );
});

test('a leader alone has nobody to resign to', () => {
  const stage = new RingStage('server2');
  stage.pass(8_000);
  assert.equal(stage.ring.phase, 'leading');
  stage.feed({ type: 'drain' });
  assert.equal(typesOf(stage).includes('resign'), false);
  assert.equal(stage.ring.drained, true);
});

test('the successor leads without asking the one that leaves', () => {
  const stage = following();
  stage.says({ type: 'resign', term: 2, ...NOTHING });
  assert.equal(stage.ring.phase, 'leading');
  assert.deepEqual(stage.ring.view, { term: 2, leader: 'server1', inSync: ['server1'] });
  assert.equal(typesOf(stage).includes('prepare'), false);
  assert.ok(typesOf(stage).includes('install'), 'the one that leaves is told');
});

test('a resignation that a higher promise has overtaken is none', () => {
  const stage = following();
  stage.says({ type: 'prepare', term: 3, digest: '' });
  stage.says({ type: 'resign', term: 2, ...NOTHING });
  assert.equal(stage.ring.preparing, null);
  assert.equal(stage.ring.promisedTerm, 3);
  assert.notEqual(stage.ring.phase, 'leading');
});

test('whoever does not follow it is not its successor', () => {
  const stage = new RingStage('server1');
  stage.hello('b2');
  stage.says({ type: 'resign', term: 2, ...NOTHING });
  assert.notEqual(stage.ring.promisedTerm, 2);
});

test('a leader does not resign to one that it has not heard for a moment: it may be frozen', () => {
  const stage = leading();
  stage.pass(125);
  stage.feed({ type: 'drain' });
  assert.equal(typesOf(stage).includes('resign'), false);
  assert.notEqual(stage.ring.stream, null, 'it serves on until it is asked');
});

test('a resignation that waited while its reader was stopped is old news', () => {
  const stage = following();
  stage.stop(300);
  stage.says({ type: 'resign', term: 2, ...NOTHING });
  assert.notEqual(stage.ring.phase, 'leading');
});

test('that a leader leaves is believed of whoever asks for a new term, and of nobody who comes late', () => {
  const stage = following();
  stage.heartbeat(9, 'leading');
  stage.says({ type: 'prepare', term: 1, digest: '', resigned: 'server2' });
  assert.equal(stage.peerPhase, 'leading');
  stage.says({ type: 'prepare', term: 2, digest: '', resigned: 'server2' });
  assert.equal(stage.peerPhase, 'draining');
  const view = { term: 5, leader: 'server2', inSync: ['server2'] };
  const announcement = { ...stage.announcement(10, 'leading'), view };
  stage.feed({ type: 'heartbeat', from: 'server2', announcement });
  stage.says({ type: 'prepare', term: 4, digest: '', resigned: 'server2' });
  assert.equal(stage.peerPhase, 'leading', 'it leads again, in a view above that one');
});

test('whoever is not the successor asks for a term above the one that was promised', () => {
  const stage = new RingStage('server1');
  stage.hello('b2');
  stage.says({ type: 'resign', term: 7, ...NOTHING });
  assert.equal(stage.ring.promisedTerm, 8);
});

test('the view of a leader whose process is another one is over, whatever one is busy with', () => {
  const stage = following();
  stage.ring.phase = 'joining';
  stage.hello('b3');
  assert.notEqual(stage.ring.view?.leader, 'server2');
});

/** server1 follows server3, with server2 between them. */
function followingTwoAbove(): RingStage {
  const stage = new RingStage('server1', new Map(), ['server3']);
  stage.hello('b2');
  stage.hello('b3', new Map(), 'server3');
  stage.says({ type: 'prepare', term: 1, digest: '' }, 'server3');
  const incarnation = '00000000000000cc';
  const inSync = ['server1', 'server2', 'server3'];
  stage.says({ type: 'install', term: 1, incarnation, inSync, base: '' }, 'server3');
  assert.equal(stage.ring.view?.leader, 'server3');
  stage.outputs.length = 0;
  return stage;
}

/** server3 leaves, in favour of server2. */
const LEAVING = { type: 'resign', term: 2, heir: 'server2', ...NOTHING } as const;

/** What was promised to whom, and refused. */
const wordsOf = (stage: RingStage) =>
  stage.outputs.flatMap((output) =>
    output.type === 'send' && /^(promise|refuse)$/.test(output.message.type)
      ? [`${output.message.type} ${output.to}`]
      : [],
  );

test('a leader that leaves tells everyone whom it has succeed', () => {
  const stage = new RingStage('server3', new Map(), ['server2']);
  for (const id of ['server1', 'server2'] as const) stage.hello(`boot of ${id}`, new Map(), id);
  stage.pass(100);
  const { term = 0 } = stage.ring.preparing ?? {};
  for (const id of ['server1', 'server2'] as const)
    stage.says({ type: 'promise', term, ...NOTHING }, id);
  stage.outputs.length = 0;
  stage.feed({ type: 'drain' });
  const told = stage.outputs.flatMap((output) =>
    output.type === 'sendNow' && output.message.type === 'resign'
      ? [`${output.to}: ${output.message.heir}`]
      : [],
  );
  assert.deepEqual(told.sort(), ['server1: server2', 'server2: server2']);
});

test('whoever hears who is to succeed its leader promises itself unasked, and says so again when asked', () => {
  const stage = followingTwoAbove();
  stage.says(LEAVING, 'server3');
  assert.deepEqual(wordsOf(stage), ['promise server2']);
  assert.equal(stage.ring.promisedTerm, 2);
  const types = stage.outputs.map(({ type }) => type);
  assert.ok(types.indexOf('saveRecord') < types.indexOf('send'), 'on its disk first');
  stage.says({ type: 'prepare', term: 2, digest: '', resigned: 'server3' });
  assert.deepEqual(wordsOf(stage), ['promise server2', 'promise server2']);
  assert.equal(stage.outputs.filter(({ type }) => type === 'saveRecord').length, 1);
});

test('nobody is promised anything unasked by who promised itself to another, was stopped, or has no link to the heir', () => {
  const elsewhere = followingTwoAbove();
  elsewhere.says({ type: 'prepare', term: 2, digest: '' }, 'server3');
  assert.equal(elsewhere.ring.promisedTo, 'server3');
  const stopped = followingTwoAbove();
  stopped.stop(300);
  const apart = followingTwoAbove();
  apart.feed({ type: 'linkDown', peer: 'server2', refused: false });
  for (const stage of [elsewhere, stopped, apart]) {
    const { promisedTerm } = stage.ring;
    stage.outputs.length = 0;
    stage.says({ ...LEAVING, term: 3 }, 'server3');
    assert.deepEqual(wordsOf(stage), []);
    assert.equal(stage.ring.promisedTerm, promisedTerm);
  }
});

test('an heir that nobody knows is promised nothing', () => {
  const stage = followingTwoAbove();
  stage.says({ ...LEAVING, heir: 'server9' }, 'server3');
  assert.deepEqual(wordsOf(stage), []);
  assert.equal(stage.ring.preparing, null);
});
