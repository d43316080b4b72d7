// What a server plays through in memory before it meets anyone.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rehearse } from '../../daemon/rehearsal.ts';

test('in a rehearsal each server leads, people talk to it, and a returning one gives them what they missed', () => {
  const { leaderships, frames } = rehearse();
  assert.deepEqual(leaderships, ['rehearsal2', 'rehearsal1', 'rehearsal2', 'rehearsal1']);
  const { signedIn, resumed, stored, post } = frames;
  // Thirty posts under each leader and one ahead of the second; those of the second and of the third once more, to whoever
  // resumes at the next one.
  assert.deepEqual(
    { signedIn, resumed, stored, post },
    { signedIn: 4, resumed: 2, stored: 121, post: 182 },
  );
});
