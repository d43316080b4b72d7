import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RecentPosts } from '../../../lib/client/recent.ts';

const idOf = (number: number) => `account.session/${number}`;

test('what was shown of late is remembered with its last place, and what was long ago is not', () => {
  const recent = new RecentPosts();
  for (let number = 0; number < 50_000; number += 1) {
    recent.note({ id: idOf(number), order: `place ${number}`, room: 'general' });
  }
  // Twice what a resumption may send, whenever one comes.
  for (let number = 40_000; number < 50_000; number += 1) {
    assert.equal(recent.orderOf(idOf(number)), `place ${number}`);
  }
  assert.equal(recent.orderOf(idOf(29_999)), undefined);
  recent.note({ id: idOf(45_000), order: 'further up', room: 'general' });
  assert.equal(recent.orderOf(idOf(45_000)), 'further up');
  recent.clear();
  assert.equal(recent.orderOf(idOf(49_999)), undefined);
});

test('what a page lacks between its ends is forgotten, in its room alone', () => {
  const recent = new RecentPosts();
  const at = (order: string, room = 'general') => ({ id: `${room}/${order}`, order, room });
  for (const order of ['1', '2', '3', '4', '5']) recent.note(at(order));
  recent.note(at('3', 'other'));
  recent.notePage([at('2'), at('4')]);
  const left = ['1', '2', '3', '4', '5'].filter((order) => recent.orderOf(`general/${order}`));
  assert.deepEqual(left, ['1', '2', '4', '5']);
  assert.equal(recent.orderOf('other/3'), '3');
  recent.notePage([]);
  assert.equal(recent.orderOf('general/4'), '4');
});
