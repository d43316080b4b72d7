// What is pruned is gone for good: nothing is while a server that may lack it, or have more, is to be waited for.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bodyOf } from '../../daemon/chat/bodies.ts';
import type { Chat } from '../../daemon/chat/chat.ts';
import type { Host } from '../../daemon/host.ts';
import { createRetention } from '../../daemon/retention.ts';
import type { RingInput } from '../../daemon/ring/state.ts';
import { MemoryStore } from '../../daemon/store/memory-store.ts';
import { entryOf, storedPost } from '../support/entries.ts';
import { RingStage } from '../support/ring-stage.ts';

const DAY_MS = 24 * 3_600_000;
const POSTED_MS = 1_700_000_000_000;
const RETENTION_MS = 7 * DAY_MS;
const FORGET_AFTER_MS = 30 * DAY_MS;

/**
 * A leader that holds one post; server1 was in sync when that was stored.
 * @returns the time below which it has pruned, after so many days; null where it has not
 */
function prunedBelow(days: number, server1: 'in sync' | 'away' | 'forgotten'): number | null {
  const stage = new RingStage();
  stage.hello('b1');
  stage.pass(100);
  const { promisedTerm: term } = stage.ring;
  stage.says({ type: 'promise', term, digest: '', base: null });
  if (server1 !== 'in sync') stage.pass(10_000);
  assert.equal(stage.ring.phase, 'leading');
  assert.equal(stage.ring.view?.inSync.length, server1 === 'in sync' ? 2 : 1);
  const store = new MemoryStore('00000000000000bb');
  store.append(storedPost(entryOf({ sequence: 1, hlcMs: POSTED_MS }), 'general', 'ada/1'));
  store.saveSeen(new Map([['server1', POSTED_MS]]));
  const wallMs = POSTED_MS + days * DAY_MS;
  const asked: RingInput[] = [];
  const host: Partial<Host> = { feedRing: (input) => void asked.push(input), saveSeen: () => {} };
  const forgotten = new Map(server1 === 'forgotten' ? [['server1', wallMs]] : []);
  const chat = {
    prunedBelowMs: () => 0,
    forgottenMs: () => forgotten as ReadonlyMap<string, number>,
  };
  createRetention({
    ...{ ring: stage.ring, chat: chat as Chat, store, host: host as Host },
    settings: { retentionMs: RETENTION_MS, forgetAfterMs: FORGET_AFTER_MS },
    nowMs: () => 0,
    wallMs: () => wallMs,
  }).tick();
  const [input] = asked;
  if (!input) return null;
  assert.ok(input.type === 'append');
  const body = bodyOf(entryOf({ sequence: 2, body: input.body }));
  assert.ok(body?.t === 'prune');
  return body.b;
}

test('what is older than the retention is pruned, and nothing newer', () => {
  assert.equal(prunedBelow(6, 'forgotten'), null);
  assert.equal(prunedBelow(8, 'forgotten'), POSTED_MS + DAY_MS);
});

test('nothing is pruned while a server is away that counts', () => {
  assert.equal(prunedBelow(8, 'away'), null);
  assert.equal(prunedBelow(29, 'away'), null);
});

test('a server that was away for longer than it is waited for, or is forgotten, holds nothing back', () => {
  assert.equal(prunedBelow(31, 'away'), POSTED_MS + 24 * DAY_MS);
  assert.equal(prunedBelow(8, 'forgotten'), POSTED_MS + DAY_MS);
});

test('of one view the slowest clock counts', () => {
  // That of server1 stands still here.
  assert.equal(prunedBelow(31, 'in sync'), null);
});

test('who was in sync is noted once a minute, and as often as it takes where posts are kept for less', () => {
  const notedIn = (retentionMs: number | null) => {
    const { ring } = new RingStage();
    let nowMs = 0;
    let noted = 0;
    const host: Partial<Host> = {
      saveSeen: () => {
        noted += 1;
      },
    };
    const chat = { prunedBelowMs: () => 0 };
    const retention = createRetention({
      ...{ ring, chat: chat as Chat, store: new MemoryStore('bb'), host: host as Host },
      settings: { retentionMs, forgetAfterMs: FORGET_AFTER_MS },
      nowMs: () => nowMs,
      wallMs: () => POSTED_MS,
    });
    for (; nowMs < 300_000; nowMs += 1_000) retention.tick();
    return noted;
  };
  assert.equal(notedIn(null), 5);
  assert.equal(notedIn(RETENTION_MS), 5);
  assert.equal(notedIn(500_000), 30);
});
