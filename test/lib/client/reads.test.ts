// What was read, told to the leader: where it is news, and again to one that does not know it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SessionStage } from '../../support/session-stage.ts';

const LEADER = 'c:3';
const NEXT = 'a:1';

function connected(): SessionStage {
  const stage = new SessionStage([LEADER, NEXT]);
  stage.reaches(LEADER, 'server3');
  return stage;
}

const read = (order: string) => ({ type: 'read', room: 'general', order }) as const;
const told = (stage: SessionStage) =>
  stage.sentOf('read').map((message) => message.type === 'read' && message.order);

test('each place is told once, and none that is not further', () => {
  const stage = connected();
  for (const order of ['2', '2', '1', '3']) stage.feed(read(order));
  assert.deepEqual(told(stage), ['2', '3']);
});

test('what another device has read is told to the user, and not told back', () => {
  const stage = connected();
  stage.says(LEADER, read('5'));
  assert.deepEqual(stage.eventsOf('read'), [read('5')]);
  stage.feed(read('5'));
  assert.deepEqual(told(stage), []);
});

test('a leader that does not know it is told again, one that does is not', () => {
  const stage = connected();
  stage.feed(read('5'));
  stage.closes(LEADER);
  stage.advance(50);
  stage.reaches(NEXT, 'server1');
  assert.deepEqual(told(stage), ['5', '5']);
});

test('without a connection it waits for the next one', () => {
  const stage = connected();
  stage.closes(LEADER);
  stage.feed(read('5'));
  assert.deepEqual(told(stage), []);
  stage.advance(50);
  stage.reaches(NEXT, 'server1');
  assert.deepEqual(told(stage), ['5']);
});
