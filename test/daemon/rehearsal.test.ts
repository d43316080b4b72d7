// What a server plays through in memory before it meets anyone.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { rehearse } from '../../daemon/rehearsal.ts';

test('in a rehearsal each server leads, people talk to it, and a returning one gives them what they missed', () => {
  const { leaderships, frames } = rehearse();
  assert.deepEqual(leaderships, ['rehearsal2', 'rehearsal1', 'rehearsal2']);
  const { signedIn, resumed, stored, post } = frames;
  // Thirty posts under each leader and one ahead of the second; the second's once more to whoever resumes at the third.
  assert.deepEqual(
    { signedIn, resumed, stored, post },
    { signedIn: 3, resumed: 1, stored: 91, post: 122 },
  );
});
