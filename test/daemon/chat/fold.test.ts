// The fold against every order of arrival: invariant 13 of docs/ARCHITECTURE.md.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Fold } from '../../../daemon/chat/fold.ts';
import { type Entry, orderOf } from '../../../daemon/ring/entry.ts';
import { accountIdOf, directRoomIdOf, roomIdOf } from '../../../lib/ids.ts';
import { type Random, seededRandom } from '../../../lib/random.ts';
import { entryOf } from '../../support/entries.ts';

const KEYS = ['A', 'B', 'C'].map((letter) => letter.repeat(43));
const keyOf = (letter: string) => letter.repeat(43);
const NAMES = { A: 'ada', B: 'bob' } as const;
const directOf = (one: keyof typeof NAMES, other: keyof typeof NAMES) =>
  directRoomIdOf(account(one, NAMES[one]), account(other, NAMES[other]));
const account = (letter: string, name: string) => accountIdOf(keyOf(letter), name);

let sequence = 0;
/** An entry at a time of the order, whose body is given. */
function at(hlcMs: number, body: object): Entry {
  sequence += 1;
  return entryOf({ sequence, hlcMs, body: JSON.stringify(body) });
}

function foldOf(entries: readonly Entry[]): Fold {
  const fold = new Fold();
  for (const entry of entries) fold.apply(entry);
  return fold;
}

function shuffled<T>(list: readonly T[], random: Random): T[] {
  const result = [...list];
  for (let last = result.length - 1; last > 0; last -= 1) {
    const other = Math.floor(random() * (last + 1));
    [result[last], result[other]] = [result[other] as T, result[last] as T];
  }
  return result;
}

/** A place in the one order. */
const orderAt = (random: Random) =>
  orderOf(entryOf({ sequence: 1, hlcMs: Math.floor(random() * 99) }));

/** Claims, rooms, memberships and topics that contradict each other as much as few names allow. */
function turmoil(random: Random): Entry[] {
  const pick = <T>(list: readonly T[]) => list[Math.floor(random() * list.length)] as T;
  const names = ['ada', 'ADA', 'bob'];
  const accounts = KEYS.flatMap((key) => names.map((name) => accountIdOf(key, name)));
  const requests = Array.from(
    { length: 12 },
    (_, index) => `${pick(accounts)}.sessionSeed1/${index}`,
  );
  const directs = accounts.map((each) => directRoomIdOf(each, pick(accounts)));
  const roomIds = ['general', ...requests.map(roomIdOf), ...directs];
  const bodies: (() => object)[] = [
    () => ({ t: 'claim', k: pick(KEYS), n: pick(names) }),
    () => ({
      t: 'create',
      q: pick(requests),
      u: pick(accounts),
      n: pick(['ops', 'dev']),
      x: pick(['', 'x']),
    }),
    () => ({ t: 'join', q: pick(requests), u: pick(accounts), r: pick(roomIds) }),
    () => ({ t: 'leave', q: pick(requests), u: pick(accounts), r: pick(roomIds) }),
    () => ({
      t: 'topic',
      q: pick(requests),
      u: pick(accounts),
      r: pick(roomIds),
      x: pick(['y', 'z']),
    }),
    () => ({ t: 'direct', q: pick(requests), u: pick(accounts), v: pick(accounts) }),
    () => ({ t: 'read', m: [[pick(accounts), pick(roomIds), orderAt(random)]] }),
    () => ({ t: 'post', q: pick(requests), u: pick(accounts), r: pick(roomIds), x: 'words' }),
    () => ({ t: 'something of a later version', q: 1 }),
  ];
  return Array.from({ length: 60 }, () => at(Math.floor(random() * 10_000), pick(bodies)()));
}

test('any arrival order, with any entry repeated, folds to the same state', () => {
  for (let seed = 1; seed <= 60; seed += 1) {
    const random = seededRandom(seed);
    const entries = turmoil(random);
    const expected = foldOf(entries).hash();
    for (let round = 0; round < 12; round += 1) {
      const again = entries.filter(() => random() < 0.3);
      const fold = foldOf(shuffled([...entries, ...again], random));
      assert.equal(fold.hash(), expected, `seed ${seed}, round ${round}`);
    }
  }
});

test('copies of one request by two leaders count as one, at the lower place', () => {
  for (let seed = 1; seed <= 40; seed += 1) {
    const random = seededRandom(seed);
    const once = turmoil(random);
    const copies = once
      .filter(() => random() < 0.5)
      .map((entry) => at(entry.hlcMs + 1 + Math.floor(random() * 20_000), JSON.parse(entry.body)));
    const expected = foldOf([...once, ...copies]).hash();
    for (let round = 0; round < 6; round += 1) {
      assert.equal(foldOf(shuffled([...once, ...copies], random)).hash(), expected, `seed ${seed}`);
    }
  }
});

test('a later copy of a request changes nothing', () => {
  const create = { t: 'create', q: 'ada.s/1', u: account('A', 'ada'), n: 'ops', x: '' };
  const leave = { t: 'leave', q: 'ada.s/2', u: account('A', 'ada'), r: roomIdOf('ada.s/1') };
  const join = { t: 'join', q: 'ada.s/3', u: account('A', 'ada'), r: roomIdOf('ada.s/1') };
  const entries = [at(1, create), at(2, leave), at(3, join)];
  const copy = at(9, leave);
  assert.equal(foldOf([...entries, copy]).hash(), foldOf(entries).hash());
  assert.equal(foldOf([copy, ...entries]).hash(), foldOf(entries).hash());
});

test('what an entry changed is what it reports', () => {
  for (let seed = 1; seed <= 30; seed += 1) {
    const random = seededRandom(seed);
    const fold = new Fold();
    const members = new Map<string, boolean>();
    const names = new Map<string, string>();
    for (const entry of turmoil(random)) {
      const change = fold.apply(entry);
      for (const { room, account: who, joined } of change.members)
        members.set(`${room} ${who}`, joined);
      for (const { account: who, was } of change.renamed) assert.equal(names.get(who), was);
      for (const who of fold.accounts.keys()) names.set(who, fold.nameOf(who));
    }
    for (const who of fold.accounts.keys()) {
      const rooms = [...fold.rooms.values()].filter(
        (each) => each.created && each.members.has(who),
      );
      const ids = rooms.map(({ id }) => id).sort();
      assert.deepEqual(
        fold
          .roomsOf(who)
          .map(({ id }) => id)
          .sort(),
        ids,
        `seed ${seed}`,
      );
    }
    for (const room of fold.rooms.values()) {
      const told = [...members].filter(([key, joined]) => joined && key.startsWith(`${room.id} `));
      assert.equal(told.length, room.members.size, `seed ${seed}`);
    }
  }
});

type Case = Readonly<{ rule: string; entries: () => Entry[]; check: (fold: Fold) => void }>;
const CASES: readonly Case[] = [
  {
    rule: 'the first claim of a name stands, and later ones of other keys get a suffix',
    entries: () => [
      at(5, { t: 'claim', k: keyOf('B'), n: 'Ada' }),
      at(3, { t: 'claim', k: keyOf('A'), n: 'ada' }),
    ],
    check: (fold) => {
      assert.equal(fold.nameOf(account('A', 'ada')), 'ada');
      assert.equal(fold.nameOf(account('B', 'ada')), `Ada~${account('B', 'ada').slice(0, 4)}`);
      assert.equal(fold.holderOf('ADA')?.id, account('A', 'ada'));
    },
  },
  {
    rule: 'one key may hold several names',
    entries: () => [
      at(1, { t: 'claim', k: keyOf('A'), n: 'ada' }),
      at(2, { t: 'claim', k: keyOf('A'), n: 'ada-bot' }),
    ],
    check: (fold) => {
      assert.equal(fold.nameOf(account('A', 'ada')), 'ada');
      assert.equal(fold.nameOf(account('A', 'ada-bot')), 'ada-bot');
    },
  },
  {
    rule: 'the room that was created first keeps the name, the other is found under its suffixed one',
    entries: () => [
      at(7, { t: 'create', q: 'b.s/1', u: account('B', 'bob'), n: 'ops', x: 'later' }),
      at(4, { t: 'create', q: 'a.s/1', u: account('A', 'ada'), n: 'ops', x: 'first' }),
    ],
    check: (fold) => {
      const later = roomIdOf('b.s/1');
      assert.equal(fold.roomByName('ops')?.id, roomIdOf('a.s/1'));
      assert.equal(fold.roomByName(`ops~${later.slice(0, 4)}`)?.id, later);
      assert.equal(fold.roomByName('ops~zzzz'), null);
    },
  },
  {
    rule: 'whoever creates a room is in it',
    entries: () => [at(1, { t: 'create', q: 'a.s/1', u: account('A', 'ada'), n: 'ops', x: '' })],
    check: (fold) => assert.ok(fold.isMember(roomIdOf('a.s/1'), account('A', 'ada'))),
  },
  {
    rule: 'of topics the last one stands, in whatever order they arrive',
    entries: () => [
      at(9, { t: 'topic', q: 'a.s/2', u: account('A', 'ada'), r: 'general', x: 'last' }),
      at(2, { t: 'topic', q: 'a.s/1', u: account('A', 'ada'), r: 'general', x: 'first' }),
    ],
    check: (fold) =>
      assert.equal(fold.topicOf(fold.existingRoom('general') ?? assert.fail()), 'last'),
  },
  {
    rule: 'everyone is in #general until they leave it',
    entries: () => [
      at(1, { t: 'claim', k: keyOf('A'), n: 'ada' }),
      at(2, { t: 'claim', k: keyOf('B'), n: 'bob' }),
      at(3, { t: 'leave', q: 'b.s/1', u: account('B', 'bob'), r: 'general' }),
    ],
    check: (fold) => {
      assert.ok(fold.isMember('general', account('A', 'ada')));
      assert.ok(!fold.isMember('general', account('B', 'bob')));
    },
  },
  {
    rule: 'rooms come in the order in which somebody came into them, the last time that they did',
    entries: () => [
      at(1, { t: 'claim', k: keyOf('A'), n: 'ada' }),
      at(2, { t: 'create', q: 'b.s/1', u: account('B', 'bob'), n: 'early', x: '' }),
      at(3, { t: 'create', q: 'a.s/1', u: account('A', 'ada'), n: 'late', x: '' }),
      at(4, { t: 'join', q: 'a.s/2', u: account('A', 'ada'), r: roomIdOf('b.s/1') }),
      at(5, { t: 'leave', q: 'a.s/3', u: account('A', 'ada'), r: 'general' }),
      at(6, { t: 'join', q: 'a.s/4', u: account('A', 'ada'), r: 'general' }),
    ],
    check: (fold) =>
      assert.deepEqual(
        fold.roomsOf(account('A', 'ada')).map(({ id }) => id),
        [roomIdOf('a.s/1'), roomIdOf('b.s/1'), 'general'],
      ),
  },
  {
    rule: 'a leave that arrives before its claim counts all the same',
    entries: () => [
      at(3, { t: 'leave', q: 'b.s/1', u: account('B', 'bob'), r: 'general' }),
      at(2, { t: 'claim', k: keyOf('B'), n: 'bob' }),
    ],
    check: (fold) => assert.ok(!fold.isMember('general', account('B', 'bob'))),
  },
  {
    rule: 'a room that was joined before its creation arrived is no room yet',
    entries: () => [at(3, { t: 'join', q: 'b.s/1', u: account('B', 'bob'), r: roomIdOf('a.s/1') })],
    check: (fold) => assert.equal(fold.existingRoom(roomIdOf('a.s/1')), null),
  },
  {
    rule: 'whoever of two opens their conversation, and on whatever side of a split, it is one, and theirs alone',
    entries: () => [
      at(5, { t: 'direct', q: 'a.s/1', u: account('A', 'ada'), v: account('B', 'bob') }),
      at(3, { t: 'direct', q: 'b.s/1', u: account('B', 'bob'), v: account('A', 'ada') }),
      at(6, { t: 'join', q: 'c.s/1', u: account('C', 'eve'), r: directOf('A', 'B') }),
      at(7, { t: 'leave', q: 'a.s/2', u: account('A', 'ada'), r: directOf('A', 'B') }),
    ],
    check: (fold) => {
      const two = [account('A', 'ada'), account('B', 'bob')].sort();
      const room = fold.existingRoom(directOf('A', 'B'));
      assert.deepEqual([...(room?.members ?? [])].sort(), two);
      assert.equal(room?.created.creator, account('B', 'bob'));
      assert.equal(fold.visibleRoom(directOf('A', 'B'), account('C', 'eve')), null);
      assert.equal(fold.roomByName(''), null);
    },
  },
  {
    rule: 'a body that is none of ours changes nothing',
    entries: () => [
      at(1, { t: 'claim', k: keyOf('A'), n: 'with space' }),
      entryOf({ sequence: 900, body: 'no json' }),
      entryOf({ sequence: 901, body: '[]' }),
      entryOf({ sequence: 902, body: '['.repeat(50_000) }),
    ],
    check: (fold) => assert.equal(fold.hash(), new Fold().hash()),
  },
];

for (const { rule, entries, check } of CASES) {
  test(rule, () => {
    const made = entries();
    check(foldOf(made));
    check(foldOf(made.reverse()));
  });
}
