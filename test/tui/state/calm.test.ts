// A failover that is over in a moment leaves the screen as it was.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { post, room, ScreenStory, waiting } from '../../support/screen-story.ts';

const OPS = [post('ops', { name: 'bob', text: 'hello', place: 1 })];

function talk(): ScreenStory {
  const story = new ScreenStory();
  story.signedIn([room('ops')], { ops: { posts: OPS, more: false } });
  return story.type('half a thought');
}

test('nothing flashes in a failover of under 300 ms', () => {
  const story = talk();
  const before = story.frame();
  const lostMs = story.nowMs;
  const counts = { attempt: 1, nextAttemptMs: lostMs + 100, server: 'server3', lostMs };
  for (const state of [
    { type: 'leaderLost', server: 'server3', lostMs },
    { type: 'electing', term: 8, lostMs },
    { type: 'reconnecting', ...counts },
    { type: 'resending', done: 0, total: 1, lostMs },
  ] as const) {
    story.hear({ type: 'connection', state }).pass(60);
    assert.equal(story.frame(), before, state.type);
  }
  story.hear({ type: 'connection', state: { type: 'connected', roundTripMs: 12 } });
  assert.equal(story.frame(), before);
});

test('what is sent in that moment looks as it does at any other', () => {
  const calm = talk();
  calm.hear({ type: 'outbox', items: [waiting(1, 'hi', { state: 'sent' })] });
  const lost = talk();
  const { nowMs: lostMs } = lost;
  lost.hear({ type: 'connection', state: { type: 'leaderLost', server: 'server3', lostMs } });
  lost.hear({ type: 'outbox', items: [waiting(1, 'hi')] });
  assert.equal(lost.pass(200).frame(), calm.frame());
  assert.match(lost.pass(200).frame(), /hi +queued/);
  assert.match(lost.frame(), /LEADER LOST/);
});

test('an outage that lasts says once what was tried and what there is to do', () => {
  const story = talk();
  const { nowMs: lostMs } = story;
  const tried = [{ address: 'localhost:8000', result: 'connection refused' }];
  const reconnecting = (attempt: number) => {
    const counts = { attempt, nextAttemptMs: story.nowMs + 900, server: 'server3', lostMs };
    story.hear({ type: 'connection', state: { type: 'reconnecting', tried, ...counts } });
  };
  story.pass(5_000);
  reconnecting(4);
  assert.doesNotMatch(story.frame(), /no server answers/);
  story.pass(6_000);
  reconnecting(9);
  reconnecting(10);
  const told = story.frame().match(/no server answers: localhost:8000 connection/g);
  assert.equal(told?.length, 1);
  assert.match(story.frame(), /docker compose up -d/);
});
