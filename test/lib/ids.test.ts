// Ids that both ends derive: from what, and what they do not depend on. Pinned values, because accounts, rooms
// and posts that are on disks already keep theirs.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  accountIdOf,
  foldName,
  postIdOf,
  roomIdOf,
  sessionIdOf,
  signInText,
} from '../../lib/ids.ts';
import { AccountId, RoomId } from '../../lib/protocol/fields.ts';

const KEY = 'k'.repeat(43);

test('names that differ in case or width only are one', () => {
  assert.equal(foldName('Ａlice'), 'alice');
  assert.equal(foldName('ALICE'), foldName('alice'));
});

test('an account is one name of one key', () => {
  assert.equal(accountIdOf(KEY, 'Alice'), accountIdOf(KEY, 'alice'));
  assert.notEqual(accountIdOf(KEY, 'alice'), accountIdOf(KEY, 'bob'));
  assert.notEqual(accountIdOf(KEY, 'alice'), accountIdOf('x'.repeat(43), 'alice'));
});

test('an account and a room have the ids they always had', () => {
  assert.equal(accountIdOf(KEY, 'alice'), '16gaWZ1Dox6Qwz7v');
  assert.equal(roomIdOf('account.seedseedseed/1'), 'Qr_1mqiTdAInm8tw');
});

test('derived ids fit the fields of the protocol', () => {
  assert.ok(AccountId.safeParse(accountIdOf(KEY, 'alice')).success);
  assert.ok(RoomId.safeParse(roomIdOf('account.seedseedseed/1')).success);
});

test('a post is named by its account, session and number', () => {
  assert.equal(postIdOf(sessionIdOf('account', 'seedseedseed'), 7), 'account.seedseedseed/7');
});

test('a signature for one server, connection, name or session is good for no other', () => {
  const fields = { nonce: 'n', server: 'server1', name: 'alice', session: 's' };
  const texts = [
    signInText(fields),
    signInText({ ...fields, nonce: 'm' }),
    signInText({ ...fields, server: 'server2' }),
    signInText({ ...fields, name: 'bob' }),
    signInText({ ...fields, session: 't' }),
  ];
  assert.equal(new Set(texts).size, texts.length);
  assert.equal(texts[0], 'syncnet sign-in v1\nserver1\nn\nalice\ns');
});
