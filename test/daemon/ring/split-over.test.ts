// A split is over: the leaders of its two sides meet. People are served on both until all go over to the higher at once.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Announcement, PeerMessage } from '../../../daemon/ring/messages.ts';
import { step } from '../../../daemon/ring/ring.ts';
import { createRing, type RingInput, type RingOutput } from '../../../daemon/ring/state.ts';

type Id = 'server1' | 'server2' | 'server3';
type View = Announcement['view'];

const POSITIONS: Readonly<Record<Id, number>> = { server1: 1, server2: 2, server3: 3 };
const LOWER: View = { term: 3, leader: 'server2', inSync: ['server1', 'server2'] };
const HEARTBEAT_MS = 25;

/** One of three servers; the others say what the test has them say. */
class Trio {
  readonly ring: ReturnType<typeof createRing>;
  private readonly others: readonly Id[];
  /** What each of the others announces, once it is there. */
  private readonly views = new Map<Id, View>();
  /** The one that says it is about to lead. */
  preparing: Id | null = null;
  private nowMs = 0;
  private version = 0;
  private outputs: RingOutput[] = [];

  constructor(self: Id) {
    this.others = (Object.keys(POSITIONS) as Id[]).filter((id) => id !== self);
    const server = (id: Id) => ({ id, ringPosition: POSITIONS[id], address: '' });
    this.ring = createRing({
      self: server(self),
      peers: this.others.map(server),
      copiesMin: 1,
      boot: `boot of ${self}`,
      record: { incarnation: '00000000000000aa', installedTerm: 0, promisedTerm: 0 },
      digest: new Map(),
      hlc: { ms: 0, counter: 0 },
      base: null,
      foldIsWhole: true,
      nowMs: 0,
    });
  }

  private feed(input: RingInput): void {
    const stamps = { nowMs: this.nowMs, wallMs: 1_700_000_000_000, draw: 0.5 };
    this.outputs.push(...step(this.ring, { ...input, ...stamps }));
  }

  says(from: Id, message: PeerMessage): void {
    this.feed({ type: 'message', from, message });
  }

  private announcement(id: Id): Announcement {
    this.version += 1;
    const view = this.views.get(id) ?? null;
    const phase = view?.leader === id ? 'leading' : 'active';
    return {
      version: this.version,
      phase: this.preparing === id ? 'preparing' : phase,
      promisedTerm: view?.term ?? 0,
      installedTerm: view?.term ?? 0,
      view,
      entryCount: 0,
      digestHash: '',
      hears: [this.ring.self.id],
      wallMs: 1_700_000_000_000,
    };
  }

  /** A server comes into sight. */
  appears(id: Id, view: View): void {
    this.views.set(id, view);
    this.feed({ type: 'linkUp', peer: id, boot: `boot of ${id}` });
    const announcement = this.announcement(id);
    this.says(id, { type: 'hello', boot: `boot of ${id}`, announcement, digest: '' });
  }

  /** Time passes, and all that have appeared are heard. */
  pass(ms: number): void {
    for (const endMs = this.nowMs + ms; this.nowMs < endMs; ) {
      this.nowMs += HEARTBEAT_MS;
      for (const from of this.views.keys())
        this.feed({ type: 'heartbeat', from, announcement: this.announcement(from) });
      this.feed({ type: 'tick' });
    }
  }

  /** What was sent to a server since this was asked last: types of messages, or one of them. */
  take(to: Id): PeerMessage[] {
    const sent = this.outputs.flatMap((output) =>
      (output.type === 'send' || output.type === 'sendNow') && output.to === to
        ? [output.message]
        : [],
    );
    this.outputs = this.outputs.filter((output) => !('to' in output) || output.to !== to);
    return sent;
  }

  asked(to: Id, type: PeerMessage['type']): number {
    return this.take(to).filter((message) => message.type === type).length;
  }
}

test('a follower stays with its leader until the higher one has been there for a second', () => {
  const trio = new Trio('server1');
  trio.appears('server2', { ...LOWER });
  trio.pass(400);
  trio.says('server2', { type: 'prepare', term: 4, digest: '' });
  const inSync = ['server1', 'server2'];
  trio.says('server2', {
    type: 'install',
    term: 4,
    incarnation: '00000000000000bb',
    inSync,
    base: '',
  });
  assert.equal(trio.ring.view?.leader, 'server2');
  trio.appears('server3', { term: 3, leader: 'server3', inSync: ['server3'] });
  trio.take('server3');
  trio.says('server3', { type: 'sound', term: 5 });
  const [refusal] = trio.take('server3').filter(({ type }) => type === 'refuse');
  assert.equal(refusal?.type === 'refuse' && refusal.reason, 'unstable');
  trio.pass(1_100);
  trio.take('server3');
  trio.says('server3', { type: 'sound', term: 5 });
  assert.equal(trio.asked('server3', 'agree'), 1);
});

test('whoever has given its promise says so to a question that comes after it', () => {
  const trio = new Trio('server1');
  trio.appears('server2', { ...LOWER });
  trio.pass(400);
  trio.says('server2', { type: 'prepare', term: 4, digest: '' });
  trio.take('server2');
  trio.says('server2', { type: 'sound', term: 4 });
  assert.deepEqual(
    trio.take('server2').map(({ type }) => type),
    ['agree'],
  );
});

test('whoever has promised itself to a higher one that is about to lead refuses a lower one meanwhile', () => {
  const trio = new Trio('server1');
  trio.appears('server2', null);
  trio.appears('server3', null);
  trio.pass(400);
  trio.says('server3', { type: 'prepare', term: 4, digest: '' });
  trio.preparing = 'server3';
  trio.pass(50);
  trio.take('server2');
  trio.says('server2', { type: 'prepare', term: 5, digest: '' });
  const [refusal] = trio.take('server2').filter(({ type }) => type === 'refuse');
  assert.equal(refusal?.type === 'refuse' && refusal.reason, 'better-leader');
  // It has given up.
  trio.preparing = null;
  trio.pass(50);
  trio.take('server2');
  trio.says('server2', { type: 'prepare', term: 6, digest: '' });
  assert.equal(trio.asked('server2', 'promise'), 1);
});

/** Leads alone, and has just met the other side. */
function higherLeader(): Trio {
  const trio = new Trio('server3');
  trio.pass(6_000);
  assert.equal(trio.ring.phase, 'leading');
  trio.appears('server1', LOWER);
  trio.appears('server2', LOWER);
  return trio;
}

test('the higher leader asks for nothing before everyone would follow it, and serves on meanwhile', () => {
  const trio = higherLeader();
  const [sound] = trio.take('server2').filter(({ type }) => type === 'sound');
  const term = sound?.type === 'sound' ? sound.term : 0;
  trio.says('server1', { type: 'agree', term });
  const refusal = {
    type: 'refuse',
    term,
    reason: 'unstable',
    promisedTerm: 3,
    waitMs: 900,
  } as const;
  trio.says('server2', refusal);
  trio.pass(850);
  assert.equal(trio.ring.phase, 'leading');
  assert.equal(trio.asked('server1', 'prepare'), 0);
  assert.equal(trio.asked('server2', 'prepare'), 0);
  trio.pass(100);
  const again = trio.take('server2').find(({ type }) => type === 'sound');
  assert.ok(again?.type === 'sound', 'asked again when its time is over');
  for (const id of ['server1', 'server2'] as const)
    trio.says(id, { type: 'agree', term: again.term });
  assert.equal(trio.asked('server1', 'prepare'), 1);
  assert.equal(trio.asked('server2', 'prepare'), 1, 'both at once');
});

test('a server whose cable comes and goes is left out, and the two leaders meet without it', () => {
  const trio = higherLeader();
  const soundOf = (id: Id) => trio.take(id).find(({ type }) => type === 'sound');
  const refusal = { type: 'refuse', reason: 'unstable', promisedTerm: 3 } as const;
  const first = soundOf('server2');
  assert.ok(first?.type === 'sound');
  trio.says('server1', { ...refusal, term: first.term, waitMs: 8_000 });
  trio.pass(50);
  const second = soundOf('server2');
  assert.ok(second?.type === 'sound');
  trio.says('server2', { ...refusal, term: second.term, waitMs: 900 });
  trio.take('server1');
  trio.pass(950);
  const third = soundOf('server2');
  assert.ok(third?.type === 'sound');
  assert.equal(trio.asked('server1', 'sound'), 0);
  trio.says('server2', { type: 'agree', term: third.term });
  assert.equal(trio.asked('server2', 'prepare'), 1);
  assert.equal(trio.asked('server1', 'prepare'), 0);
});

test('a leader that is refused while it asks asks again, less and less often', () => {
  const trio = higherLeader();
  let sounds = 0;
  for (let passedMs = 0; passedMs < 3_000; passedMs += HEARTBEAT_MS) {
    const sound = trio.take('server2').find(({ type }) => type === 'sound');
    if (sound?.type === 'sound') {
      sounds += 1;
      const refusal = { type: 'refuse', reason: 'promised-higher', promisedTerm: 9 } as const;
      trio.says('server2', { ...refusal, term: sound.term, waitMs: 0 });
    }
    trio.pass(HEARTBEAT_MS);
  }
  assert.equal(trio.ring.phase, 'leading');
  assert.ok(sounds >= 4 && sounds <= 12, `${sounds} times in three seconds`);
});
