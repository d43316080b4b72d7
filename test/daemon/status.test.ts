// What an operator reads of a server: from what is at hand, whatever the length of its history.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { statusOf } from '../../daemon/status.ts';
import { ChatStage, person } from '../support/chat-stage.ts';
import { ringOn } from '../support/ring-on.ts';

test('a status goes through nothing that grows with the history', () => {
  const stage = new ChatStage();
  stage.lead();
  stage.post(stage.join(person('ada')), 'hello');
  const { store } = stage;
  const ring = ringOn(store, { server: 3 });
  // Half a second with some ten thousand edits: the others would take the leader for dead.
  const stateHash = () => assert.fail('it was asked for the hash of everything that is folded');
  const status = statusOf({ ring, store, chat: { ...stage.chat, stateHash }, nowMs: 0, wallMs: 0 });
  assert.equal(status.posts, 1);
  assert.equal(status.historyHash, store.historyHash());
});
