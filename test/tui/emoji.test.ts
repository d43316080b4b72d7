// Which emoji a few letters mean.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { emojiFor } from '../../tui/emoji.ts';

for (const [word, emoji] of [
  ['thumb', '👍'],
  ['thumbs', '👍'],
  ['eyes', '👀'],
  ['tada', '🎉'],
  ['+1', '👍'],
] as const) {
  test(`${word} is ${emoji} before all others`, () => assert.equal(emojiFor(word)[0], emoji));
}

test('what is named so comes before what merely has to do with it', () => {
  const found = emojiFor('thumb');
  assert.ok(found.indexOf('👎') < found.indexOf('🤔'));
});
