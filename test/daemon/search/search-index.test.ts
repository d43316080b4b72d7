// The index by itself: words in any script, whatever people type, and a file that may be lost.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { openSearchIndex, SearchIndex } from '../../../daemon/search/search-index.ts';
import { tagOf } from '../../../daemon/search/tags.ts';
import { matchOf } from '../../../daemon/search/words.ts';

const EVERYTHING = {
  rooms: ['ops'],
  accounts: null,
  fromMs: 0,
  untilMs: 2 ** 42,
  before: null,
  limit: 100,
};

const TEXTS = [
  'Deploying the new server',
  'the café is closed',
  '今日は雑談しましょう',
  'see server3.log for "the reason"',
  'nothing else',
];

function filled(texts: readonly string[] = TEXTS): SearchIndex {
  const index = new SearchIndex(':memory:');
  for (const [place, text] of texts.entries()) {
    const post = { id: String(place), place: String(place), timeMs: 1_000 + place, text };
    index.add({ ...post, room: place === 4 ? 'dev' : 'ops', account: place % 2 ? 'bob' : 'ada' });
  }
  return index;
}

const found = (text: string, index = filled(), more: object = {}) =>
  index.find({ ...EVERYTHING, text, ...more }).join(' ');

test('words are found by their beginning, all of them, whatever their case and accents', () => {
  assert.equal(found('serv'), '3 0', 'the newest first');
  assert.equal(found('SERVER new'), '0');
  assert.equal(found('cafe'), '1');
  assert.equal(found('server café'), '');
});

test('a letter by itself is a word, and never the beginning of all that begins so', () => {
  const index = filled(['plan b', 'bob', 'c++ and c', 'x.y', 'xylophone', '談']);
  const rooms = { rooms: ['ops', 'dev'] };
  assert.equal(found('b', index, rooms), '0');
  assert.equal(found('c++', index, rooms), '2');
  assert.equal(found('x.y', index, rooms), '3');
  assert.equal(found('x', index, rooms), '3');
  assert.equal(found('xy', index, rooms), '4');
  assert.equal(found('談', index, rooms), '5');
  const typed = ['a', 'É', 'c++', 'a.b', '"a" b', 'a b', 'Ａ', '1', 'e\u0301', '\u{f0000}'];
  for (const text of typed) assert.doesNotMatch(matchOf(text) ?? '', /\*/, text);
  for (const text of ['ab', 'a1', 'x.yz']) assert.match(matchOf(text) ?? '', /\*$/, text);
});

test('words in quotes stand together, and are whole', () => {
  assert.equal(found('"new server"'), '0');
  assert.equal(found('"server new"'), '');
  assert.equal(found('"serv"'), '');
  assert.equal(found('server3.log'), '3');
});

test('scripts without spaces are found within', () => {
  assert.equal(found('雑談'), '2');
  assert.equal(found('談雑'), '');
});

test('by room, by account, by time, below a place, and as many as asked for', () => {
  assert.equal(found('nothing'), '', 'it is in another room');
  assert.equal(found('nothing', filled(), { rooms: ['dev', 'ops'] }), '4');
  assert.equal(found('the', filled(), { accounts: ['bob'] }), '3 1');
  assert.equal(found('', filled(), { accounts: ['ada'] }), '2 0', 'an account is enough');
  assert.equal(found('the', filled(), { fromMs: 1_001, untilMs: 1_003 }), '1');
  assert.equal(found('the', filled(), { before: '3', untilMs: 1_003 }), '1 0');
  assert.equal(found('the', filled(), { limit: 1 }), '3');
});

test('by an account alone, in the rooms that are meant, a page at a time', () => {
  const index = new SearchIndex(':memory:');
  for (let place = 0; place < 9; place += 1) {
    const post = { id: String(place), place: String(place), timeMs: 1_000 + place, text: 'x' };
    index.add({ ...post, room: place % 2 ? 'ops' : 'dev', account: place % 3 ? 'ada' : 'bob' });
  }
  const ada = { accounts: ['ada'], rooms: ['ops', 'dev'] };
  assert.equal(found('', index, ada), '8 7 5 4 2 1');
  assert.equal(found('', index, { ...ada, limit: 3 }), '8 7 5');
  assert.equal(found('', index, { ...ada, before: '5', untilMs: 1_006 }), '4 2 1');
  assert.equal(found('', index, { ...ada, fromMs: 1_002, untilMs: 1_005 }), '4 2');
  assert.equal(found('', index, { ...ada, rooms: ['ops'] }), '7 5 1');
  assert.equal(found('', index, { ...ada, accounts: ['bob', 'ada'], limit: 4 }), '8 7 6 5');
  assert.equal(found('', index, { ...ada, rooms: ['elsewhere'] }), '');
});

test('nothing that is typed is an operator, or an error', () => {
  const index = filled();
  const typed = [
    '" OR "',
    'NEAR(',
    'text:x',
    '*',
    '^a',
    'a AND',
    '-b',
    "'; DROP",
    '""',
    '🎉',
    '\\"',
    '',
    'a\u0000b',
    '"a\u0000b"',
    '\u0000',
    '\ud800a \udc00',
    '\u{f0000}a',
  ];
  for (const text of typed) assert.doesNotThrow(() => found(text, index), text);
  assert.equal(matchOf('🎉 ...'), null);
  assert.equal(found('new\u0000server', index), '0', 'a control character is between two words');
  assert.equal(found('server OR nothing', index, { rooms: ['dev', 'ops'] }), '');
});

test('an edit counts in whatever order it comes, and what is deleted is not found', () => {
  const index = filled();
  index.edit('0', '9', 'later words');
  index.edit('0', '8', 'earlier words');
  assert.equal(found('later', index), '0');
  assert.equal(found('earlier', index) + found('deploying', index), '');
  index.edit('7', '9', 'edited before it came');
  index.add({ id: '7', place: '7', timeMs: 2_000, room: 'ops', account: 'ada', text: 'as it was' });
  assert.equal(found('edited', index), '7');
  index.edit('7', '1', null);
  index.edit('7', '99', 'not any more');
  assert.equal(found('edited', index) + found('any', index), '');
});

test('what is pruned is gone from it', () => {
  const index = filled();
  assert.equal(index.prune(1_003, 2), 2);
  assert.equal(index.prune(1_003, 2), 1);
  assert.equal(found('the', index), '3');
  assert.equal(found('', index, { accounts: ['ada'] }), '');
});

test('posts of one millisecond are all found', () => {
  const index = new SearchIndex(':memory:');
  for (const id of ['a', 'b', 'c', 'a'])
    index.add({ id, place: id, timeMs: 5, room: 'ops', account: 'ada', text: 'same' });
  assert.equal(found('same', index), 'c b a');
});

test('a file of another history, or that is none of ours, is made anew', () => {
  const directory = mkdtempSync(join(tmpdir(), 'syncnet-search-'));
  try {
    const first = openSearchIndex(directory, 'one');
    first.setIndexed('stream', 3);
    first.close();
    const again = openSearchIndex(directory, 'one');
    assert.deepEqual([...again.indexed()], [['stream', 3]]);
    again.close();
    const other = openSearchIndex(directory, 'two');
    assert.deepEqual([...other.indexed()], []);
    other.close();
    writeFileSync(
      join(directory, 'search.db'),
      'no database at all, but long enough to be read as one'.repeat(100),
    );
    const fresh = openSearchIndex(directory, 'two');
    assert.deepEqual([...fresh.indexed()], []);
    fresh.close();
  } finally {
    rmSync(directory, { recursive: true });
  }
});

test('a long beginning finds every word that begins so, and each is a word of its own', () => {
  const index = filled(['thatched roofs', 'that is it', 'what', 'Thatcher', 'thàt too', 'tha']);
  const rooms = { rooms: ['ops', 'dev'] };
  assert.equal(found('that', index, rooms), '4 3 1 0');
  assert.equal(found('THATC', index, rooms), '3 0');
  assert.equal(found('that roof', index, rooms), '0');
  assert.equal(found('thaw', index, rooms), '');
});

test('a beginning of very many words is found all the same', () => {
  const index = filled(Array.from({ length: 100 }, (_, number) => `many${number}`));
  assert.equal(found('many', index, { rooms: ['ops', 'dev'], limit: 3 }), '99 98 97');
});

test('a room or an account that nothing was said in or by has nothing', () => {
  assert.equal(found('the', filled(), { rooms: ['elsewhere'] }), '');
  assert.equal(found('the', filled(), { accounts: ['nobody'] }), '');
  assert.equal(found('the', filled(), { rooms: [] }), '');
});

test('more rooms than are looked for one by one are found in too', () => {
  const rooms = Array.from({ length: 200 }, (_, number) => `room${number}`);
  assert.equal(found('the', filled(), { rooms: [...rooms, 'ops'] }), '3 1 0');
});

test('every room and account has a word of its own, which nobody types', () => {
  const tags = [0, 1, 65_279, 65_280, 65_281, 1_000_000].map(tagOf);
  assert.equal(new Set(tags).size, tags.length);
  for (const tag of tags) assert.match(tag, /^\p{Co}{1,2}$/u);
});
