import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RecentPosts } from '../../../lib/client/recent.ts';

const idOf = (number: number) => `account.session/${number}`;

test('what was shown of late is remembered with its last place, and what was long ago is not', () => {
  const recent = new RecentPosts();
  for (let number = 0; number < 50_000; number += 1) {
    recent.note({ id: idOf(number), order: `place ${number}` });
  }
  // Twice what a resumption may send, whenever one comes.
  for (let number = 40_000; number < 50_000; number += 1) {
    assert.equal(recent.orderOf(idOf(number)), `place ${number}`);
  }
  assert.equal(recent.orderOf(idOf(29_999)), undefined);
  recent.note({ id: idOf(45_000), order: 'further up' });
  assert.equal(recent.orderOf(idOf(45_000)), 'further up');
  recent.clear();
  assert.equal(recent.orderOf(idOf(49_999)), undefined);
});
