// What is told on and kept nowhere: who writes, and who is idle.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ChatStage, person } from '../../support/chat-stage.ts';

const ada = person('ada');
const bob = person('bob');
const eve = person('eve');

function together() {
  const stage = new ChatStage();
  stage.lead();
  const here = stage.join(ada);
  const there = stage.join(bob);
  stage.take(here);
  return { stage, here, there };
}

test('whoever writes is told of to the room, and to nobody else', () => {
  const { stage, here, there } = together();
  const room = stage.createRoom(here, 'ops');
  const device = stage.join(ada, { session: 'sessionSeed2' });
  for (const connection of [here, there, device]) stage.take(connection);
  stage.say(there, { type: 'typing', room });
  assert.deepEqual(stage.take(here), [], 'bob is not in that room');
  stage.say(there, { type: 'typing', room: 'general' });
  assert.deepEqual(stage.take(here), [
    { type: 'typing', room: 'general', account: bob.account, name: 'bob' },
  ]);
  assert.deepEqual(stage.take(there), []);
});

test('however often somebody says so, the room hears it once a second', () => {
  const { stage, here, there } = together();
  for (let count = 0; count < 100; count += 1)
    stage.say(there, { type: 'typing', room: 'general' });
  stage.pass(1_000);
  stage.say(there, { type: 'typing', room: 'general' });
  assert.equal(stage.take(here, 'typing').length, 2);
});

test('one is idle when nobody sits at any of its devices, and here with the first that is used', () => {
  const { stage, here, there } = together();
  const device = stage.join(bob, { session: 'sessionSeed2' });
  stage.say(there, { type: 'presence', state: 'idle' });
  assert.deepEqual(stage.take(here, 'presence'), []);
  stage.say(device, { type: 'presence', state: 'idle' });
  stage.say(device, { type: 'presence', state: 'idle' });
  stage.say(there, { type: 'presence', state: 'here' });
  assert.deepEqual(
    stage.take(here, 'presence').map(({ state }) => state),
    ['idle', 'here'],
  );
  stage.disconnect(there);
  assert.deepEqual(
    stage.take(here, 'presence').map(({ state }) => state),
    ['idle'],
    'the device that is left is idle',
  );
  stage.say(here, { type: 'who', query: 1, room: 'general' });
  const people = stage.take(here, 'people')[0]?.people ?? [];
  assert.deepEqual(
    people.map(({ name, state }) => [name, state]),
    [
      ['ada', 'here'],
      ['bob', 'idle'],
    ],
  );
});

test('a change of leader tells nobody anew who is idle', () => {
  const { stage, there } = together();
  stage.say(there, { type: 'presence', state: 'idle' });
  stage.pass(2_000);
  const next = new ChatStage({ id: 'server2', ringPosition: 2 });
  next.catchUpFrom(stage);
  const shared = stage.shared.at(-1);
  assert.ok(shared);
  next.feed({ type: 'presenceHeard', ...shared });
  next.lead({ term: 2 });
  const watcher = next.join(ada);
  const again = next.join(bob, { idle: true });
  assert.deepEqual(next.take(watcher, 'presence'), []);
  next.say(again, { type: 'presence', state: 'here' });
  assert.equal(next.take(watcher, 'presence')[0]?.state, 'here');
});

test('who is not signed in says nothing to anyone', () => {
  const { stage, here } = together();
  const stranger = stage.connect();
  stage.take(stranger);
  stage.say(stranger, { type: 'typing', room: 'general' });
  assert.equal(stage.take(stranger, 'refused')[0]?.code, 'not-signed-in');
  assert.deepEqual(stage.take(here), []);
  stage.join(eve);
});
