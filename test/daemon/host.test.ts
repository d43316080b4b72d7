// Transactions that several turns share while a server catches up: nothing that relies on them leaves before them.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Chat, createChat } from '../../daemon/chat/chat.ts';
import { createHost } from '../../daemon/host.ts';
import { digestText } from '../../daemon/ring/digest.ts';
import { type Entry, streamIdOf } from '../../daemon/ring/entry.ts';
import type { PeerMessage } from '../../daemon/ring/messages.ts';
import { encodeEntry, encodeHole } from '../../daemon/ring/replication.ts';
import { MemoryStore } from '../../daemon/store/memory-store.ts';
import type { Store } from '../../daemon/store/store.ts';
import { PROTOCOL_VERSION } from '../../lib/protocol/limits.ts';
import type { ClientMessage } from '../../lib/protocol/requests.ts';
import { entryOf } from '../support/entries.ts';
import { ringOn, serverOf } from '../support/ring-on.ts';

const INCARNATION = '00000000000000bb';
/** As the host has them. */
const LAZY_MS_MAX = 5_000;
const LAZY_ENTRIES_MAX = 5_000;

const ANNOUNCEMENT = {
  ...{ version: 1, phase: 'active' as const, promisedTerm: 0, installedTerm: 0, view: null },
  ...{ entryCount: 0, digestHash: '', hears: ['server2'], wallMs: 0 },
};

/**
 * @param other the ring position of its peer
 * @param parts what the chat says, in place of the chat
 */
function stageOf(store: Store, other = 3, parts: Partial<Chat> = {}) {
  let nowMs = 1_000;
  let next = 1;
  const story: string[] = [];
  const commit = store.commit.bind(store);
  store.commit = () => {
    commit();
    story.push('commit');
  };
  const whole = createChat({
    search: { find: () => [], reach: () => new Map(), covers: () => 'yes' },
    reader: store,
    secrets: { sealStamp: () => '', openStamp: () => null, verify: () => true },
    self: serverOf(2),
    copiesMin: 1,
    restored: store.readOthers(),
  });
  const chat: Chat = { ...whole, ...parts };
  const ring = ringOn(store, { server: 2, others: [other], nowMs });
  const said = (message: PeerMessage) => story.push(message.type);
  const host = createHost({
    ...{ ring, chat, store },
    scrub: { perSecond: 0, restMs: 1 },
    world: {
      nowMs: () => nowMs,
      wallMs: () => nowMs,
      draw: () => 0.5,
      sendPeer: (_, message) => said(message),
      flushPeers: () => {},
      renewPeer: () => {},
      sendHeartbeat: () => {},
      sendClient: (_, frame) => story.push(JSON.parse(frame).type),
      sendClients: (_, frame) => story.push(JSON.parse(frame).type),
      closeClient: () => {},
      flushClients: () => {},
      goOnSoon: () => story.push('goOnSoon'),
      log: () => {},
      drained: () => {},
    },
  });
  host.feedRing({ type: 'linkUp', peer: `server${other}`, boot: 'c' });
  host.endTurn();
  story.length = 0;
  /** An answer of a backlog that is far from its end. */
  function catchUp(count: number): void {
    ring.pull = { from: 'server3', sentMs: nowMs, hash: '' };
    const entries = Array.from({ length: count }, () => encodeEntry(entryOf({ sequence: next++ })));
    const answer = { type: 'entries' as const, term: 0, entries, remaining: 100_000, push: false };
    host.takePeerMessage('server3', answer);
    host.endTurn();
  }
  const pass = (ms: number) => {
    nowMs += ms;
  };
  return {
    host,
    ring,
    story,
    catchUp,
    pass,
    commits: () => story.filter((each) => each === 'commit'),
  };
}

test('turns of a backlog share a transaction for a while, and then commit it', () => {
  const stage = stageOf(new MemoryStore(INCARNATION));
  for (let turn = 0; turn < 3; turn += 1) stage.catchUp(10);
  assert.deepEqual(stage.commits(), []);
  stage.pass(LAZY_MS_MAX);
  stage.catchUp(10);
  assert.equal(stage.commits().length, 1);
});

test('a transaction of a backlog is committed when it is large', () => {
  const stage = stageOf(new MemoryStore(INCARNATION));
  stage.catchUp(LAZY_ENTRIES_MAX - 1);
  assert.deepEqual(stage.commits(), []);
  stage.catchUp(1);
  assert.equal(stage.commits().length, 1);
});

test('whoever asks a server that catches up for what it lacks itself is answered at once, and else after a commit', () => {
  const stage = stageOf(new MemoryStore(INCARNATION));
  stage.catchUp(10);
  const pull = { type: 'pull' as const, term: 0 };
  stage.host.takePeerMessage('server3', { ...pull, digest: digestText(stage.ring.digest) });
  stage.host.endTurn();
  assert.ok(stage.story.includes('entries'));
  assert.deepEqual(stage.commits(), []);
  stage.story.length = 0;
  stage.host.takePeerMessage('server3', { ...pull, digest: '' });
  stage.host.endTurn();
  assert.deepEqual(stage.story, ['commit', 'entries']);
});

test('what a server that catches up says to clients waits for no commit', () => {
  const stage = stageOf(new MemoryStore(INCARNATION));
  stage.catchUp(10);
  stage.story.length = 0;
  stage.host.feedChat({ type: 'opened', connection: 1, nonce: 'n' });
  stage.host.endTurn();
  assert.deepEqual(stage.story, ['welcome']);
});

test('what is said of a promise leaves after it was committed, with the backlog before it', () => {
  const stage = stageOf(new MemoryStore(INCARNATION));
  stage.catchUp(10);
  stage.host.takePeerMessage('server3', { type: 'prepare', term: 5 } as PeerMessage);
  stage.host.endTurn();
  const answers = stage.story.filter((each) => each === 'promise' || each === 'refuse');
  const first = stage.story.findIndex((each) => each === 'promise' || each === 'refuse');
  assert.equal(answers.length, 1);
  assert.ok(stage.story.slice(0, first).includes('commit'), stage.story.join());
});

test('whoever asks for promises commits its own with the view, or with what comes first', () => {
  for (const isAnswered of [true, false]) {
    const { host, story, pass } = stageOf(new MemoryStore(INCARNATION), 1);
    const hello = { boot: 'c', digest: '', announcement: ANNOUNCEMENT };
    host.takePeerMessage('server1', { type: 'hello', ...hello });
    for (let tick = 0; tick < 8 && !story.includes('prepare'); tick += 1) {
      pass(25);
      host.tick();
      host.endTurn();
    }
    assert.ok(story.includes('prepare'), story.join());
    assert.ok(!story.includes('commit'), story.join());
    const message = isAnswered
      ? ({ type: 'promise', term: 1, digest: '', base: null } as const)
      : ({ type: 'pull', term: 1, digest: '' } as const);
    host.takePeerMessage('server1', message);
    host.endTurn();
    const answer = isAnswered ? 'announce' : 'entries';
    assert.ok(story.lastIndexOf(answer) > story.indexOf('commit'), story.join());
    assert.ok(story.includes('commit'), story.join());
  }
});

/** Server 2 leads server 1, if that promises it, and somebody who signed in there posts. */
function leadingStage(isAlone: boolean) {
  const stage = stageOf(new MemoryStore(INCARNATION), 1);
  const { host, ring, pass } = stage;
  const turn = (...pieces: (() => void)[]) => {
    stage.story.length = 0;
    for (const piece of pieces) piece();
    host.endTurn();
    return [...stage.story];
  };
  const hello = { boot: 'c', digest: '', announcement: ANNOUNCEMENT };
  turn(() => host.takePeerMessage('server1', { type: 'hello', ...hello }));
  const promise = { type: 'promise', term: 1, digest: '', base: null } as const;
  if (!isAlone) turn(() => host.takePeerMessage('server1', promise));
  for (let tick = 0; tick < 40 && ring.phase !== 'leading'; tick += 1) {
    pass(25);
    turn(() => host.tick());
  }
  assert.equal(ring.phase, 'leading');
  const stored = (sequence: number) => () =>
    host.takePeerMessage('server1', { type: 'stored', term: ring.view?.term ?? 0, sequence });
  const connection = 1;
  const say = (message: ClientMessage) => () =>
    host.feedChat({ type: 'message', connection, message });
  const post = (number: number) =>
    say({ type: 'post', number, lowest: number, room: 'general', text: 'hello' });
  const person = { key: 'a'.repeat(43), name: 'ada', session: 'session', signature: '' };
  turn(() => host.feedChat({ type: 'opened', connection, nonce: '' }));
  turn(say({ type: 'signIn', protocol: PROTOCOL_VERSION, ...person }));
  if (!isAlone) turn(stored(1));
  return { host, turn, stored, post };
}

test('who is answered for what every disk has does not wait for the disk with what is newer', () => {
  const { turn, stored, post } = leadingStage(false);
  assert.deepEqual(turn(post(1)), ['append', 'commit']);
  assert.deepEqual(turn(stored(2), post(2)), ['append', 'post', 'stored', 'commit']);
  assert.deepEqual(turn(post(3), stored(3)), ['append', 'post', 'stored', 'commit']);
});

test('whoever is alone answers for what its own disk has', () => {
  const { turn, post } = leadingStage(true);
  assert.deepEqual(turn(post(1)), ['commit', 'post', 'stored']);
});

test('what is committed within a turn is shown in one piece, and answered after it', () => {
  const alone = leadingStage(true);
  assert.deepEqual(alone.turn(alone.post(1), alone.post(2)), [
    'commit',
    'post',
    'post',
    'stored',
    'stored',
  ]);
  const { turn, stored, post } = leadingStage(false);
  turn(post(1), post(2));
  assert.deepEqual(turn(stored(2), stored(3)), ['post', 'post', 'stored', 'stored']);
});

test('a leader that leaves does not wait for its disk, and has its promise there in the end', () => {
  const { host, turn } = leadingStage(false);
  const left = turn(() => host.feedRing({ type: 'drain' }));
  assert.deepEqual(left, ['resign', 'announce', 'redirect']);
  assert.deepEqual(turn(host.settle), ['commit']);
  assert.deepEqual(turn(host.settle), [], 'there is nothing more');
});

test('what is in a transaction beside the promise of a leader that leaves is on the disk before anybody is answered', () => {
  const { host, turn, post } = leadingStage(false);
  const drain = () => host.feedRing({ type: 'drain' });
  const left = turn(post(1), drain);
  assert.ok(left.indexOf('commit') >= 0 && left.indexOf('commit') < left.indexOf('redirect'));
});

test('with anything else in the transaction it is waited for', () => {
  const { turn, stored, post, host } = leadingStage(false);
  turn(post(1));
  const seen = () => host.saveSeen(new Map([['a', 1]]));
  assert.deepEqual(turn(stored(2), seen, post(2)), ['append', 'commit', 'post', 'stored']);
});

test('what the chat says to the answer of the ring comes behind what it said with the question', () => {
  const said = (type: string) =>
    ({ type: 'send', connection: 1, frame: JSON.stringify({ type }) }) as const;
  const step: Chat['step'] = (input) => {
    if (input.type === 'notTaken') return [said('second')];
    if (input.type !== 'opened') return [];
    const asked = { connection: 1, requestId: null, body: '{}', above: null };
    return [{ type: 'append', ...asked }, said('first')];
  };
  const { host, story } = stageOf(new MemoryStore(INCARNATION), 3, { step });
  host.feedChat({ type: 'opened', connection: 1, nonce: '' });
  host.endTurn();
  assert.deepEqual(story, ['first', 'second']);
});

test('a turn is asked for when the chat has put something off, after what this turn says', () => {
  let isMore = true;
  const step: Chat['step'] = ({ type }) => {
    if (type === 'goOn') isMore = false;
    return [{ type: 'send', connection: 1, frame: JSON.stringify({ type }) }];
  };
  const parts = { step, wantsTurn: () => isMore };
  const { host, story } = stageOf(new MemoryStore(INCARNATION), 3, parts);
  host.feedChat({ type: 'opened', connection: 1, nonce: '' });
  host.endTurn();
  host.goOn();
  host.endTurn();
  assert.deepEqual(story, ['opened', 'goOnSoon', 'goOn']);
});

test('what was damaged at whoever gave it is of a time that counts once it is repaired', () => {
  const { host, ring, story, pass } = stageOf(new MemoryStore(INCARNATION));
  const late: Entry = entryOf({ sequence: 1, hlcMs: 9_000_000 });
  const entries = [encodeHole({ ...late, kind: 'post' })];
  ring.pull = { from: 'server3', sentMs: 0, hash: '' };
  host.takePeerMessage('server3', { type: 'entries', term: 0, entries, remaining: 0, push: false });
  host.endTurn();
  assert.ok(ring.hlcMs < late.hlcMs, 'nobody knows it yet');
  for (let tick = 0; tick < 200 && !story.includes('fetch'); tick += 1) {
    pass(25);
    host.tick();
    host.endTurn();
  }
  const found = { stream: streamIdOf(late), entries: [encodeEntry(late)], missing: [] };
  host.takePeerMessage('server3', { type: 'fetched', ...found });
  host.endTurn();
  assert.equal(ring.hlcMs, late.hlcMs, 'what is stamped from here on comes after it');
});
