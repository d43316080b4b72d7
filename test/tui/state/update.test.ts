// The screen's core by stories: actions in, model and effects out.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Answer } from '../../../lib/client/api.ts';
import { savedOf } from '../../../tui/saved-state.ts';
import { savedRooms } from '../../../tui/state/model.ts';
import {
  cluster,
  direct,
  orderOf,
  post,
  room,
  ScreenStory,
  SELF,
  waiting,
} from '../../support/screen-story.ts';

const ROOMS = [room('general'), room('ops'), room('dev')];

function signedIn(fields: ConstructorParameters<typeof ScreenStory>[0] = {}): ScreenStory {
  return new ScreenStory(fields).signedIn(ROOMS);
}
const draft = (story: ScreenStory) =>
  story.model.rooms.find((view) => view.room.id === story.model.openRoom)?.draft.text;
const view = (story: ScreenStory, id: string) => {
  const found = story.model.rooms.find((each) => each.room.id === id);
  assert.ok(found, `no room ${id}`);
  return found;
};
const texts = (story: ScreenStory, id: string) =>
  view(story, id).lines.flatMap((line) => (line.kind === 'post' ? [line.text] : []));
const stored = (number: number, place: number): Extract<Answer, { type: 'stored' }> => ({
  type: 'stored',
  number,
  id: `alice/${number}`,
  time: Date.now(),
  order: orderOf(place),
  copies: 3,
});

test('Enter posts to the open room and clears the line', () => {
  const story = signedIn().say('hello');
  const [effect] = story.take('request');
  assert.deepEqual(effect?.request, { type: 'post', room: 'general', text: 'hello' });
  assert.equal(draft(story), '');
});

test('what is typed before a room is open stands in the draft of the first that opens', () => {
  const story = new ScreenStory().type('good ').type('morning');
  assert.match(story.frame(), /❯ good morning/);
  assert.match(story.keys('enter').model.hint?.text ?? '', /Enter sends it once one is/);
  story.signedIn(ROOMS);
  assert.equal(draft(story), 'good morning');
  assert.deepEqual(story.take('request'), [], 'nothing is sent that nobody sent');
  assert.equal(draft(story.keys('ctrl+n')), '', 'once, and in that room');
});

test('whoever is in no room is told what there is to do, and can do it', () => {
  const story = new ScreenStory().signedIn([]);
  assert.match(story.frame(), /You are in no room/);
  story.type('/join opz').keys('backspace').type('s').keys('enter');
  const [effect] = story.take('request');
  assert.deepEqual(effect?.request, { type: 'joinRoom', name: 'ops' });
  assert.doesNotMatch(story.frame(), /join ops/);
  assert.match(story.say('hello?').model.hint?.text ?? '', /no room is open: \/join one/);
});

test('Enter on an empty line does nothing', () => {
  assert.deepEqual(signedIn().keys('enter').type('  ').keys('enter').take('request'), []);
});

test('a mistyped command is not posted and stays to be mended', () => {
  const story = signedIn().say('/jion ops');
  assert.deepEqual(story.take('request'), []);
  assert.equal(draft(story), '/jion ops');
  assert.match(story.model.hint?.text ?? '', /did you mean \/join/);
});

test('a draft stays with its room', () => {
  const story = signedIn().type('for general').keys('ctrl+n').type('for ops').keys('ctrl+p');
  assert.equal(draft(story), 'for general');
  assert.equal(draft(story.keys('ctrl+n')), 'for ops');
});

const SWITCHES: readonly (readonly [readonly string[], string])[] = [
  [['ctrl+n'], 'ops'],
  [['ctrl+n', 'ctrl+n', 'ctrl+n'], 'general'],
  [['ctrl+p'], 'dev'],
  [['alt+down'], 'ops'],
  [['alt+3'], 'dev'],
  [['alt+9'], 'general'],
];
for (const [keys, open] of SWITCHES) {
  test(`${keys.join(' ')} opens #${open}`, () => {
    assert.equal(signedIn().keys(...keys).model.openRoom, open);
  });
}

test('Esc and a digit open that room, and the digit is not typed', () => {
  const story = signedIn().keys('escape').type('3');
  assert.equal(story.model.openRoom, 'dev');
  assert.equal(draft(story), '');
});

test('the switcher goes to the room that fits best', () => {
  const story = signedIn().keys('ctrl+k').type('ps').keys('enter');
  assert.equal(story.model.openRoom, 'ops');
  assert.equal(story.model.overlay, null);
});

test('Ctrl+G goes to a room that called before one that only talked', () => {
  const story = signedIn();
  story.hear(
    { type: 'post', post: post('ops', { name: 'bob', text: 'hi', place: 1 }) },
    { type: 'post', post: post('dev', { name: 'bob', text: 'hi @alice', place: 2 }) },
  );
  assert.equal(story.keys('ctrl+g').model.openRoom, 'dev');
  assert.equal(story.keys('ctrl+g').model.openRoom, 'ops');
  assert.match(story.keys('ctrl+g').model.hint?.text ?? '', /nothing unread/);
});

test('a mention of a longer name is no mention', () => {
  const story = signedIn();
  const called = post('ops', { name: 'bob', text: '@alicea', place: 1 });
  story.hear({ type: 'post', post: called });
  assert.deepEqual([view(story, 'ops').unread, view(story, 'ops').mentions], [1, 0]);
});

test('a post comes once, in its place, however often and late it comes', () => {
  const story = signedIn().keys('alt+2');
  for (const place of [2, 3, 1, 3, 2]) {
    const text = `post ${place}`;
    story.hear({ type: 'post', post: post('ops', { name: 'bob', text, place }) });
  }
  assert.deepEqual(texts(story, 'ops'), ['post 1', 'post 2', 'post 3']);
});

test('unread posts are counted, drawn below a line, and read by looking', () => {
  const story = signedIn();
  for (const place of [1, 2]) {
    story.hear({ type: 'post', post: post('ops', { name: 'bob', text: `${place}`, place }) });
  }
  assert.equal(view(story, 'ops').unread, 2);
  story.keys('alt+2');
  assert.equal(view(story, 'ops').unread, 0);
  assert.match(story.frame(), /2 new messages/);
  story.keys('alt+1', 'alt+2');
  assert.doesNotMatch(story.frame(), /new message/);
});

test('an own post goes from queued to sent to stored, and stands once', () => {
  const story = signedIn().keys('alt+2');
  const lostMs = story.nowMs;
  story.hear({ type: 'connection', state: { type: 'leaderLost', server: 'server3', lostMs } });
  story.hear({ type: 'outbox', items: [waiting(1, 'hi')] }).pass(400);
  assert.match(story.frame(), /hi .*queued/);
  story.hear({ type: 'connection', state: { type: 'connected', roundTripMs: 12 } });
  story.hear({ type: 'outbox', items: [waiting(1, 'hi', { state: 'sent' })] });
  assert.match(story.frame(), /hi .*◷/);
  const own = {
    ...post('ops', { name: 'alice', text: 'hi', place: 5 }),
    id: 'alice/1',
    account: 'account-of-alice',
  };
  story.hear(
    { type: 'post', post: own },
    { type: 'answer', answer: stored(1, 5), item: waiting(1, 'hi', { state: 'sent' }) },
    { type: 'outbox', items: [] },
  );
  assert.match(story.frame(), /hi .*✓/);
  assert.deepEqual(texts(story, 'ops'), ['hi']);
});

test('a refused post says why and gives its text back', () => {
  const story = signedIn().keys('alt+2');
  const answer = {
    type: 'refused',
    number: 1,
    code: 'not-a-member',
    reason: 'join the room first',
  } as const;
  story.hear(
    { type: 'answer', answer, item: waiting(1, 'my words') },
    { type: 'outbox', items: [] },
  );
  assert.equal(draft(story), 'my words');
  assert.match(story.frame(), /✗/);
  assert.match(story.frame(), /not sent: join the room first/);
});

test('a refused post of a room that is not in the list any longer is shown, and goes into no other draft', () => {
  const story = signedIn().keys('alt+2').type('half a thought');
  const account = story.model.account ?? '';
  const about = {
    server: 'server1',
    prunedBelow: 0,
    lacks: false,
    reads: [],
    account,
    name: 'alice',
  };
  story.hear({ type: 'signedIn', ...about, rooms: [room('general')] });
  const answer = {
    type: 'refused',
    number: 1,
    code: 'no-such-room',
    reason: 'there is no room with the id ops',
  } as const;
  story.hear({ type: 'answer', answer, item: waiting(1, 'my words') });
  assert.match(story.frame(), /not sent, its room is not here: there is no room/);
  assert.match(story.frame(), /my words/);
  assert.equal(draft(story), '');
  story.hear({ type: 'signedIn', ...about, rooms: ROOMS });
  assert.equal(view(story, 'ops').draft.text, 'half a thought');
});

test('what was written in a room is there again when somebody is back in it', () => {
  const story = signedIn().keys('alt+2').type('half a thought');
  story.hear({ type: 'room', room: { ...room('ops'), joined: false } });
  story.hear({ type: 'room', room: room('ops') });
  assert.equal(view(story, 'ops').draft.text, 'half a thought');
});

test('a created room is opened when its answer comes', () => {
  const story = signedIn().say('/create lab');
  const [effect] = story.take('request');
  assert.deepEqual(effect, {
    type: 'request',
    request: { type: 'createRoom', name: 'lab' },
    open: true,
  });
  const item = { number: 4, id: 'alice/4', state: 'sent' as const, request: effect.request };
  story.do({ type: 'requested', item, open: true });
  story.hear({ type: 'answer', answer: { ...stored(4, 9), room: room('lab') }, item });
  assert.equal(story.model.openRoom, 'lab');
  assert.equal(story.model.rooms.at(-1)?.room.name, 'lab');
});

test('leaving a room opens its neighbour', () => {
  const story = signedIn().keys('alt+2').say('/leave');
  const [effect] = story.take('request');
  assert.ok(effect);
  const item = { number: 4, id: 'alice/4', state: 'sent' as const, request: effect.request };
  story.hear({ type: 'answer', answer: stored(4, 9), item });
  assert.deepEqual(
    story.model.rooms.map((each) => each.room.id),
    ['general', 'dev'],
  );
  assert.equal(story.model.openRoom, 'dev');
});

test('a paste never sends, however many lines it has', () => {
  const story = signedIn().do({ type: 'pasted', text: 'a\nb\nc\nd\ne\n' });
  assert.deepEqual(story.take('request'), []);
  assert.equal(draft(story), 'a\nb\nc\nd\ne');
  assert.match(story.model.hint?.text ?? '', /5 lines pasted/);
});

test('many pasted lines are asked about before they are sent, and sent by a second Enter', () => {
  const story = signedIn().do({ type: 'pasted', text: 'a\nb\nc\nd\n' }).keys('enter');
  assert.deepEqual(story.take('request'), []);
  assert.match(story.frame(), /Enter sends 4 lines/);
  story.type('!').keys('enter');
  assert.deepEqual(story.take('request'), [], 'what was written since is asked about anew');
  story.keys('enter');
  const [effect] = story.take('request');
  assert.deepEqual(effect?.request, { type: 'post', room: 'general', text: 'a\nb\nc\nd!' });
});

test('many lines that were typed are not asked about', () => {
  const story = signedIn();
  for (const line of ['a', 'b', 'c', 'd', 'e']) story.type(line).keys('ctrl+j');
  assert.equal(story.keys('enter').take('request').length, 1);
});

test('undo takes back words, cuts and clearing, and redo brings them again', () => {
  const story = signedIn();
  for (const letter of 'one two') story.type(letter);
  story.keys('ctrl+w');
  assert.equal(draft(story), 'one ');
  assert.equal(draft(story.keys('ctrl+_')), 'one two');
  assert.equal(draft(story.keys('ctrl+_')), 'one');
  assert.equal(draft(story.keys('alt+y')), 'one two');
  assert.equal(draft(story.keys('ctrl+c')), '');
  assert.equal(draft(story.keys('alt+z')), 'one two');
  story.type('!');
  assert.match(story.keys('alt+y').model.hint?.text ?? '', /nothing to redo/);
  assert.equal(draft(story), 'one two!');
});

test('undo is of the room it was written in, and ends with the sending', () => {
  const story = signedIn().type('here').keys('ctrl+n').type('there').keys('ctrl+_', 'ctrl+_');
  assert.equal(draft(story), '');
  assert.equal(draft(story.keys('ctrl+p')), 'here');
  story.keys('enter', 'ctrl+_');
  assert.equal(draft(story), '');
});

test('what was cut is put in again, in any room, and what was cut before it', () => {
  const story = signedIn().type('one two three').keys('ctrl+w', 'ctrl+w', 'left', 'alt+k');
  assert.equal(draft(story), 'one');
  story.keys('ctrl+n').type('> ').keys('alt+v');
  assert.equal(draft(story), '>  ');
  assert.equal(draft(story.keys('alt+v')), '> two three');
  assert.equal(draft(story.keys('alt+v')), '>  ', 'it goes round');
  assert.match(signedIn().keys('alt+v').model.hint?.text ?? '', /nothing was cut yet/);
});

test('Escape and a sign that came in one piece close what is open, and the sign is typed', () => {
  const story = new ScreenStory().signedIn([room('general')]);
  story.say('/help');
  assert.equal(story.model.overlay?.type, 'help');
  story.keys('alt+/');
  assert.equal(story.model.overlay, null);
  assert.match(story.frame(), /#general ❯ \//u);
  story.say('help').keys('alt+ ').type('c');
  assert.equal(story.model.rooms[0]?.draft.text, ' c');
});

test('a draft is written on in $EDITOR, and undo has it as it was', () => {
  const story = signedIn().type('a start').keys('alt+e');
  assert.deepEqual(story.take('compose'), [{ type: 'compose', room: 'general', text: 'a start' }]);
  story.do({ type: 'composed', room: 'general', text: 'a start\nand\u001b[31m more' });
  assert.equal(draft(story), 'a start\nand[31m more');
  assert.equal(draft(story.keys('ctrl+_')), 'a start');
});

test('↑ recalls what was sent, ↓ comes back to what was not', () => {
  const story = signedIn().say('one').say('two').type('half');
  assert.equal(draft(story.keys('up')), 'two');
  assert.equal(draft(story.keys('up')), 'one');
  assert.equal(draft(story.keys('up')), 'one');
  assert.equal(draft(story.keys('down', 'down')), 'half');
});

test('what was begun is there again after ↑ and another room, after ↑ and Enter, and in what is kept', () => {
  const recalling = () => signedIn().say('one').type('half').keys('up');
  assert.equal(draft(recalling().keys('ctrl+n', 'ctrl+p')), 'one');
  assert.equal(draft(recalling().keys('ctrl+n', 'ctrl+p', 'down')), 'half');
  assert.equal(savedRooms(recalling().model.rooms).general?.draft, 'half');
  const sent = recalling();
  sent.take('request');
  sent.keys('enter');
  assert.deepEqual(
    sent.take('request').map(({ request }) => request.type === 'post' && request.text),
    ['one'],
  );
  assert.equal(draft(sent), 'half');
});

const postsOf = (story: ScreenStory) =>
  story.take('request').map(({ request }) => (request.type === 'post' ? request.text : ''));

test('what ↑ brought and undo took away is not there twice', () => {
  const story = signedIn().say('one').type('half').keys('up', 'ctrl+_');
  assert.equal(draft(story), 'half');
  story.take('request');
  story.keys('enter', 'enter');
  assert.deepEqual(postsOf(story), ['half']);
  assert.equal(draft(story), '');
});

test('what was begun outlives what undo brings back on the way, an edit, and a line that was emptied', () => {
  const recalling = () => signedIn().say('one').type('half').keys('up');
  assert.equal(draft(recalling().type(' x').keys('ctrl+_', 'enter')), 'half');
  const own = { ...post('general', { name: 'alice', text: 'mine', place: 1 }), account: SELF };
  const edited = recalling().type(' x');
  edited.hear({ type: 'post', post: own });
  edited.keys('alt+s').type('e');
  assert.equal(draft(edited), 'mine');
  assert.equal(draft(edited.keys('escape')), 'one x');
  assert.equal(draft(edited.keys('enter')), 'half');
  const emptied = recalling().keys('ctrl+u');
  assert.equal(savedRooms(emptied.model.rooms).general?.draft, 'half');
  assert.equal(draft(emptied.keys('ctrl+c')), 'half');
});

test('what becomes of something recalled is a draft of its own', () => {
  const story = signedIn().say('one').type('half').keys('up').type(' and two');
  assert.equal(savedRooms(story.model.rooms).general?.draft, 'one and two');
  assert.equal(draft(story.keys('ctrl+n', 'ctrl+p')), 'one and two');
  assert.equal(draft(story.keys('enter')), 'half');
});

test('Ctrl+C on something recalled goes back to what was begun, and once more drops that', () => {
  const story = signedIn().say('one').type('half').keys('up', 'ctrl+c');
  assert.equal(draft(story), 'half');
  story.keys('ctrl+c').type('anew');
  assert.equal(savedRooms(story.model.rooms).general?.draft, 'anew');
  assert.equal(draft(story.keys('enter')), '');
});

test('many pasted lines are still asked about after ↑, and after an edit', () => {
  const pasted = () => signedIn().say('one').do({ type: 'pasted', text: 'a\nb\nc\nd' });
  const recalled = pasted().keys('up', 'up', 'up', 'up', 'enter');
  recalled.take('request');
  assert.equal(draft(recalled), 'a\nb\nc\nd');
  assert.deepEqual(postsOf(recalled.keys('enter')), []);
  assert.match(recalled.frame(), /Enter sends 4 lines/);
  const edited = pasted();
  const own = { ...post('general', { name: 'alice', text: 'mine', place: 1 }), account: SELF };
  edited.hear({ type: 'post', post: own }).keys('alt+s').type('e');
  edited.take('request');
  assert.deepEqual(postsOf(edited.keys('escape', 'enter')), []);
  assert.match(edited.frame(), /Enter sends 4 lines/);
});

test('/reply TEXT that was recalled leaves what was begun, and is remembered once', () => {
  const story = signedIn();
  story.hear({ type: 'post', post: post('general', { name: 'bob', text: 'why?', place: 1 }) });
  story.say('/reply since').type('half').keys('up', 'enter');
  assert.deepEqual(postsOf(story), ['since', 'since']);
  assert.equal(draft(story), 'half');
  assert.deepEqual(story.model.sentTexts, ['/reply since']);
});

test('Esc in an answer leaves what is written of it, and what was pasted is still asked about', () => {
  const story = signedIn();
  story.hear({ type: 'post', post: post('general', { name: 'bob', text: 'why?', place: 1 }) });
  story.keys('alt+r').do({ type: 'pasted', text: 'a\nb\nc\nd' });
  story.take('request');
  story.keys('escape', 'enter');
  assert.deepEqual(story.take('request'), []);
  assert.match(story.frame(), /Enter sends 4 lines/);
  assert.equal(draft(story.keys('ctrl+_')), '');
});

test('Ctrl+C clears the line; on an empty one it asks, and quits the second time', () => {
  const story = signedIn().type('something').keys('ctrl+c');
  assert.equal(draft(story), '');
  assert.deepEqual(story.keys('ctrl+c').take('quit'), []);
  assert.match(story.frame(), /Ctrl\+C again quits/);
  assert.equal(story.keys('ctrl+c').take('quit').length, 1);
});

test('Ctrl+C long after Ctrl+C asks again', () => {
  const story = signedIn().keys('ctrl+c').pass(5_000).keys('ctrl+c');
  assert.deepEqual(story.take('quit'), []);
});

const COMPLETIONS: readonly (readonly [string, string])[] = [
  ['/cr', '/create '],
  ['/join o', '/join ops'],
  ['bo', 'bob: '],
  ['ask @b', 'ask @bob '],
  ['see #d', 'see #dev'],
  ['/kill s', '/kill server1'],
];
for (const [before, after] of COMPLETIONS) {
  test(`Tab completes ${before} to ${after}`, () => {
    const story = signedIn({ isLocal: true });
    story.hear({ type: 'post', post: post('general', { name: 'bob', text: 'hi', place: 1 }) });
    assert.equal(draft(story.type(before).keys('tab')), after);
  });
}

const roomsToldAs = (...names: readonly string[]) => ({
  type: 'roomsCame' as const,
  rooms: names.map((name) => ({ ...room(name), joined: false })),
  shown: false,
});

test('Tab offers rooms that one has not joined as soon as they are told, behind those one has', () => {
  const story = signedIn().type('/join d').keys('tab');
  assert.equal(draft(story), '/join dev');
  assert.deepEqual(story.take('listRooms'), [{ type: 'listRooms', shown: false }]);
  story.do(roomsToldAs('dev', 'design', 'sales'));
  assert.equal(draft(story), '/join dev', 'what is there already stays');
  assert.equal(draft(story.keys('tab')), '/join design');
  assert.deepEqual(story.take('listRooms'), [], 'asked for once');
});

test('Tab waits for the rooms where it knows none that fits, unless something else is typed', () => {
  const story = signedIn().type('/join sa').keys('tab');
  assert.equal(draft(story), '/join sa');
  assert.equal(draft(story.do(roomsToldAs('sales'))), '/join sales');
  const other = signedIn().type('/join sa').keys('tab').type('x');
  assert.equal(draft(other.do(roomsToldAs('sales', 'sax'))), '/join sax');
  assert.equal(draft(other.keys('tab')), '/join sax', 'known from then on');
});

test('Tab turns a colon and a word into emoji, the best first, and says what comes next', () => {
  const story = signedIn().type('fine :thumbs').keys('tab');
  assert.equal(draft(story), 'fine 👍 ');
  assert.match(story.model.hint?.text ?? '', /^Tab: 👍 · 👎/);
  assert.equal(draft(story.keys('tab')), 'fine 👎 ');
  assert.equal(draft(story.keys('ctrl+_')), 'fine :thumbs');
  const unknown = signedIn().type(':zzzzqq').keys('tab');
  assert.equal(draft(unknown), ':zzzzqq');
  assert.match(unknown.model.hint?.text ?? '', /nothing to complete/);
});

test('a failover of under 300 ms leaves the status row empty; a longer one is named', () => {
  const story = signedIn();
  const lostMs = story.nowMs;
  story.hear({ type: 'connection', state: { type: 'leaderLost', server: 'server3', lostMs } });
  assert.doesNotMatch(story.pass(250).frame(), /LEADER LOST/);
  assert.match(
    story.pass(100).frame(),
    /◌ LEADER LOST server3 silent 0\.3s · what you type is queued/,
  );
});

test('a recovery stands in the status row for five seconds, then in the timeline', () => {
  const story = signedIn();
  story.hear(
    { type: 'connection', state: { type: 'connected', roundTripMs: 3 } },
    { type: 'recovered', tookMs: 1_840, leader: 'server2', resent: 5 },
  );
  assert.match(story.frame(), /^ ✓ RECOVERED in 1840 ms · leader server2 · 5 resent$/m);
  story.hear({
    type: 'post',
    post: post('general', { name: 'bob', text: 'afterwards', place: 99 }),
  });
  story.pass(5_100);
  assert.doesNotMatch(story.frame(), /✓ RECOVERED/);
  assert.match(
    story.frame(),
    /-!- +RECOVERED in 1840 ms · leader server2 · 5 resent[\s\S]*afterwards/,
    'the line stands where it happened',
  );
});

test('whoever has another name after a merge is told, though the merge was over before they signed in', () => {
  const story = signedIn();
  const account = story.model.account ?? '';
  const fields = {
    server: 'server2',
    rooms: [room('general')],
    prunedBelow: 0,
    lacks: false,
    reads: [],
  };
  story.hear({ type: 'signedIn', account, name: 'alice~q5q6', ...fields });
  assert.match(story.frame(), /the name alice belonged to someone else/);
  assert.equal(story.model.name, 'alice~q5q6');
});

test('after a failover to a server that lacks what was seen, the screen says so until it is back', () => {
  const story = signedIn();
  story.hear({ type: 'post', post: post('general', { name: 'bob', text: 'news', place: 99 }) });
  const again = (server: string, latest: string | null, prunedBelow = 0, lacks = false) => {
    const rooms = [{ ...room('general'), latest }];
    const about = { prunedBelow, lacks, reads: [] };
    const account = story.model.account ?? '';
    story.hear(
      { type: 'signedIn', account, name: 'alice', server, rooms, ...about },
      { type: 'cluster', cluster: cluster(['server1']) },
    );
  };
  // Others have said something there since; the server itself knows that it lacks what was seen.
  again('server2', orderOf(100), 0, true);
  assert.match(story.frame(), /^ ◍ server2 LACKS NEWER MESSAGES/m);
  again('server3', orderOf(100));
  assert.doesNotMatch(story.frame(), /LACKS NEWER MESSAGES/);
  again('server1', null);
  assert.match(story.frame(), /^ ◍ server1 LACKS NEWER MESSAGES · they return with a server that/m);
  assert.match(story.frame(), /-!- +server1 lacks newer messages that you have seen/);
  story.hear({ type: 'cluster', cluster: cluster(['server1', 'server2']) });
  assert.doesNotMatch(story.frame(), /LACKS/);
  again('server1', null);
  again('server3', orderOf(99));
  assert.doesNotMatch(story.frame(), /LACKS/);
  again('server1', null, Number.MAX_SAFE_INTEGER);
  assert.doesNotMatch(story.frame(), /LACKS/, 'what was pruned is not missing');
});

test('a post with fewer copies than there are servers says how many', () => {
  const story = signedIn().say('rare');
  const [asked] = story.take('request');
  assert.ok(asked);
  const item = { number: 1, id: 'me/1', state: 'sent', request: asked.request } as const;
  story.hear({ type: 'outbox', items: [item] });
  const stored = { number: 1, id: 'me/1', time: 1, order: orderOf(98), copies: 2 };
  const answer: Answer = { type: 'stored', ...stored };
  const account = story.model.account ?? '';
  const shown = {
    ...post('general', { name: 'alice', text: 'rare', place: 98 }),
    id: 'me/1',
    account,
  };
  story.hear(
    { type: 'post', post: shown },
    { type: 'outbox', items: [] },
    { type: 'answer', item, answer },
  );
  assert.match(story.frame(), /rare +✓2$/m);
  story.hear({ type: 'cluster', cluster: cluster(['server2']) });
  assert.match(story.frame(), /rare +✓2$/m, 'one that has just left may not have it');
  story.hear({ type: 'cluster', cluster: cluster(['server1', 'server2', 'server3']) });
  assert.match(story.frame(), /rare +✓$/m, 'all are in sync');
});

test('a mistake is told in the status row, over what stands there while all is well', () => {
  const story = signedIn();
  story.hear({ type: 'cluster', cluster: cluster(['server1', 'server2']) });
  assert.match(story.say('/jion ops').frame(), /^ no command \/jion: did you mean \/join\?/m);
  assert.doesNotMatch(story.frame(), /2 of 3 servers/);
});

test('what comes from others carries no escape codes onto the screen', () => {
  const evil = '\u001b[31mred\u001b]52;c;aGk=\u0007\u009b1m';
  const story = new ScreenStory().signedIn([{ ...room('general', evil), name: `gen${evil}` }]);
  story.hear({ type: 'post', post: post('general', { name: `bob${evil}`, text: evil, place: 1 }) });
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there
  assert.doesNotMatch(story.frame(), /[\u001b\u0007\u009b]/);
});

test('reading stays where it is while posts come, history loads and the screen is resized', () => {
  const posts = Array.from({ length: 100 }, (_, index) =>
    post('general', {
      name: 'bob',
      text: `number ${index + 101}`,
      minute: index,
      place: index + 101,
    }),
  );
  const story = new ScreenStory().signedIn([room('general')], { general: { posts, more: true } });
  story.keys('pageup', 'pageup');
  const bottom = () => /number (\d+)(?=\n[^\n]*newer)/.exec(story.frame())?.[1];
  const before = bottom();
  assert.ok(before);
  story.hear({
    type: 'post',
    post: post('general', { name: 'bob', text: 'new', minute: 200, place: 300 }),
  });
  assert.equal(bottom(), before);
  const older = Array.from({ length: 100 }, (_, index) =>
    post('general', { name: 'bob', text: `number ${index + 1}`, place: index + 1 }),
  );
  const page = { posts: older, more: false };
  story.do({ type: 'historyCame', room: 'general', before: orderOf(101), page });
  assert.equal(bottom(), before);
  story.do({ type: 'resized', size: { columns: 40, rows: 12 } });
  assert.equal(bottom(), before);
  assert.match(story.keys('end').frame(), /new$/m);
});

const said = (place: number, text = `post ${place}`) =>
  post('general', { name: 'bob', text, place });

test('after a reset a room is read again down to its oldest line: a merge may have put posts in between', () => {
  const story = signedIn();
  for (const place of [10, 30, 50]) story.hear({ type: 'post', post: said(place) });
  story.hear({ type: 'reset' });
  const [first] = story.take('history').filter(({ room: id }) => id === 'general');
  assert.equal(first?.before, null);
  const page = { posts: [30, 40, 50].map((place) => said(place)), more: true };
  story.do({ type: 'historyCame', room: 'general', before: null, page });
  const [next] = story.take('history');
  assert.equal(next?.before, orderOf(30));
  const rest = { posts: [5, 10, 20].map((place) => said(place)), more: true };
  story.do({ type: 'historyCame', room: 'general', before: orderOf(30), page: rest });
  const places = [5, 10, 20, 30, 40, 50];
  assert.deepEqual(
    texts(story, 'general'),
    places.map((place) => `post ${place}`),
  );
  assert.equal(view(story, 'general').holeBelow, null);
});

test('a post that stands elsewhere by now is not left between those of a page read after a reset', () => {
  const story = signedIn();
  for (const place of [30, 40, 50]) story.hear({ type: 'post', post: said(place) });
  story.hear({ type: 'reset' });
  story.take('history');
  // The leader has the one at 40 at 10, further up than this page.
  const page = { posts: [20, 30, 50].map((place) => said(place)), more: true };
  story.do({ type: 'historyCame', room: 'general', before: null, page });
  assert.deepEqual(texts(story, 'general'), ['post 20', 'post 30', 'post 50']);
});

test('what the reader looks at stays, though a page read after a reset does not have it', () => {
  const story = signedIn();
  for (let place = 1; place <= 60; place += 1) story.hear({ type: 'post', post: said(place) });
  story.keys('pageup');
  const { anchor } = view(story, 'general');
  assert.ok(anchor);
  story.hear({ type: 'reset' });
  const there = view(story, 'general').lines.filter(({ key }) => key !== anchor.key);
  const places = there.flatMap(({ kind, order }) => (kind === 'post' ? [order] : []));
  const posts = Array.from({ length: 60 }, (_, index) => said(index + 1)).filter(({ order }) =>
    places.includes(order),
  );
  story.do({ type: 'historyCame', room: 'general', before: null, page: { posts, more: false } });
  assert.ok(view(story, 'general').lines.some(({ key }) => key === anchor.key));
  assert.deepEqual(view(story, 'general').anchor?.key, anchor.key);
});

test('a room is read again after a reset down to the oldest line that it keeps', () => {
  const story = signedIn();
  const posts = Array.from({ length: 2_500 }, (_, index) => said(index + 1));
  story.do({ type: 'historyCame', room: 'general', before: null, page: { posts, more: false } });
  story.take('history');
  story.hear({ type: 'reset' });
  const { lines, moreAbove, holeBelow } = view(story, 'general');
  assert.deepEqual([lines.length, moreAbove, holeBelow], [500, true, orderOf(2_001)]);
});

test("a post of one's own that stands here already is moved by its answer, and marked", () => {
  const story = signedIn();
  const twice = { ...said(50, 'mine'), id: 'mine', account: story.model.account ?? '' };
  story.hear({ type: 'post', post: said(30) }, { type: 'post', post: twice });
  const request = { type: 'post' as const, room: 'general', text: 'mine' };
  const item = { number: 7, id: 'mine', state: 'sent' as const, request };
  const answer = { type: 'stored' as const, number: 7, id: 'mine', time: 1, copies: 3 };
  story.hear({ type: 'answer', item, answer: { ...answer, order: orderOf(20) } });
  assert.deepEqual(texts(story, 'general'), ['mine', 'post 30']);
});

test('an answer of long ago does not stand above what is here: what lies between would be passed over', () => {
  const posts = [50, 60].map((place) =>
    post('general', { name: 'bob', text: `post ${place}`, place }),
  );
  const story = new ScreenStory().signedIn([room('general')], { general: { posts, more: true } });
  const request = { type: 'post' as const, room: 'general', text: 'mine' };
  const item = { number: 7, id: 'mine', state: 'sent' as const, request };
  const answer = { type: 'stored' as const, number: 7, id: 'mine', time: 1, copies: 3 };
  story.hear({ type: 'answer', item, answer: { ...answer, order: orderOf(20) } });
  assert.deepEqual(texts(story, 'general'), ['post 50', 'post 60']);
});

test('a room that is not there is told with the command that makes it', () => {
  const story = signedIn();
  const item = { number: 7, id: 'alice/7', state: 'sent' as const };
  const request = { type: 'joinRoom' as const, name: 'lobby' };
  const answer = { type: 'refused', number: 7, code: 'no-such-room', reason: 'no' } as const;
  story.hear({ type: 'answer', item: { ...item, request }, answer });
  assert.match(story.frame(), /there is no room #lobby: \/create lobby makes it/);
});

test('what a lost connection took of reading a room again is asked for after the next sign-in', () => {
  const story = signedIn();
  story.hear({ type: 'post', post: said(10) });
  story.hear({ type: 'reset' });
  story.take('history');
  story.do({ type: 'historyFailed', room: 'general' });
  const signedInAgain = {
    account: story.model.account ?? '',
    name: story.model.name,
    server: 'server3',
  };
  const rooms = [room('general')];
  story.hear({
    type: 'signedIn',
    ...signedInAgain,
    rooms,
    prunedBelow: 0,
    lacks: false,
    reads: [],
  });
  assert.deepEqual(
    story.take('history').map(({ before }) => before),
    [null],
  );
});

test('a post that a page had in its higher place stands once, in the lower one, and as it is now', () => {
  const story = signedIn();
  const both = { ...said(50, 'stored twice'), id: 'twice' };
  const page = { posts: [said(30), both], more: false };
  story.do({ type: 'historyCame', room: 'general', before: null, page });
  const lower = { ...both, order: orderOf(20), text: 'edited', edited: true, late: true };
  story.hear({ type: 'post', post: lower });
  assert.deepEqual(texts(story, 'general'), ['edited', 'post 30']);
  const again = { posts: [said(30), { ...both, text: 'edited twice' }], more: false };
  story.do({ type: 'historyCame', room: 'general', before: null, page: again });
  assert.deepEqual(texts(story, 'general'), ['post 30', 'edited twice']);
});

test('a post that has two places, on two sides of a split, stands once, in the lower one', () => {
  const story = signedIn();
  for (const place of [10, 30]) story.hear({ type: 'post', post: said(place) });
  const both = { ...said(50, 'stored twice'), id: 'twice' };
  story.hear({ type: 'post', post: both });
  story.hear({ type: 'moved', post: { ...both, order: orderOf(20) } });
  assert.deepEqual(texts(story, 'general'), ['post 10', 'stored twice', 'post 30']);
  const page = { posts: [{ ...both, order: orderOf(5) }, said(10), said(30)], more: false };
  story.do({ type: 'historyCame', room: 'general', before: null, page });
  assert.deepEqual(texts(story, 'general'), ['stored twice', 'post 10', 'post 30']);
});

test('older history is asked for before the reader is at the top', () => {
  const posts = Array.from({ length: 100 }, (_, index) =>
    post('general', { name: 'bob', text: `${index}`, minute: index, place: index + 1 }),
  );
  const story = new ScreenStory().signedIn([room('general')], { general: { posts, more: true } });
  story.keys('pageup', 'pageup', 'pageup');
  assert.deepEqual(story.take('history'), [
    { type: 'history', room: 'general', before: orderOf(1) },
  ]);
  story.keys('pageup');
  assert.deepEqual(story.take('history'), [], 'asked once');
});

test('drafts, read positions and the open room of the last run come back', () => {
  const saved = {
    openRoom: 'ops',
    rooms: { ops: { draft: 'half a thought', read: orderOf(1) } },
    sent: [],
  };
  const posts = [1, 2].map((place) => post('ops', { name: 'bob', text: `post ${place}`, place }));
  const story = new ScreenStory({ saved }).signedIn(ROOMS, { ops: { posts, more: false } });
  assert.equal(draft(story), 'half a thought');
  assert.match(story.frame(), /1 new message/);
});

test('both what was begun and what stands in its place come back, and what was sent', () => {
  const before = signedIn().say('one').say('two').type('half').keys('up').type('!');
  const saved = savedOf(before.model);
  const story = new ScreenStory({ saved }).signedIn(ROOMS);
  assert.equal(draft(story), 'two!');
  assert.equal(draft(story.keys('enter')), 'half');
  assert.equal(draft(story.keys('up', 'up')), 'two');
  assert.equal(draft(story.keys('down', 'down')), 'half');
  const other = new ScreenStory({ saved }).signedIn(ROOMS);
  assert.equal(draft(other.keys('down')), 'half');
  assert.equal(draft(new ScreenStory({ saved }).signedIn(ROOMS).keys('up', 'up')), 'one');
  const again = new ScreenStory({ saved: savedOf(other.model) }).signedIn(ROOMS);
  assert.equal(draft(again), 'half');
  assert.equal(again.model.rooms[0]?.recall, null);
});

test('of what was sent the newest is kept, as much as the file has room for', () => {
  const story = signedIn();
  for (let each = 0; each < 30; each += 1) story.say(`${each} ${'x'.repeat(3_000)}`);
  const { sent } = savedOf(story.model);
  assert.equal(sent.length, 21);
  assert.match(sent.at(-1) ?? '', /^29 /);
});

test('the name cannot change while something waits for its answer', () => {
  const story = signedIn()
    .hear({ type: 'outbox', items: [waiting(1, 'hi')] })
    .say('/nick bob');
  assert.deepEqual(story.take('signInAs'), []);
  assert.match(story.frame(), /change the name when they are/);
});

test('where both names have a draft in a room, one stands in the place of the other', () => {
  const story = signedIn().say('one').type('of alice').say('/nick zed');
  story.type('of alice');
  const left = { general: { draft: 'of zed', read: null } };
  story.do({ type: 'nameChosen', saved: { openRoom: null, rooms: left, sent: ['zed was here'] } });
  story.hearRooms(ROOMS, { account: 'z'.repeat(SELF.length), name: 'zed' });
  assert.equal(view(story, 'general').draft.text, 'of zed');
  assert.deepEqual(story.model.sentTexts.slice(0, 2), ['zed was here', 'one']);
  assert.equal(draft(story.keys('down')), 'of alice');
});

test('Esc and a digit open a room; a digit much later, or behind what Esc has closed, is text', () => {
  const story = signedIn().keys('escape').type('2');
  assert.equal(story.model.openRoom, 'ops');
  assert.match(story.keys('escape').frame(), /1 … 9 now opens the room of that number/);
  story.pass(2_000);
  assert.doesNotMatch(story.frame(), /now opens the room/);
  assert.equal(draft(story.type('1st')), '1st');
  assert.equal(story.model.openRoom, 'ops');
  story.keys('ctrl+u', 'enter').say('mine');
  const own = { ...post('ops', { name: 'alice', text: 'mine', place: 9 }), account: SELF };
  story.hear({ type: 'post', post: own });
  assert.equal(draft(story.keys('up')), 'mine');
  assert.equal(draft(story.keys('escape').type('1 more')), '1 more');
  assert.equal(story.model.openRoom, 'ops');
});

test('a message may begin with what opens help', () => {
  assert.equal(draft(signedIn().type('?').type('why')), '?why');
  assert.equal(draft(signedIn().type('?').type('?')), '??');
  assert.equal(draft(signedIn().type('?').keys('down').type('q')), '', 'help was read');
  assert.equal(draft(signedIn().say('/help').type('q')), '');
});

test('whoever leaves a room is in another room, and in no conversation of two', () => {
  const rooms = [room('general'), room('ops'), direct('bob')];
  const story = new ScreenStory().signedIn(rooms);
  story.keys('alt+2').hear({ type: 'room', room: { ...room('ops'), joined: false } });
  assert.equal(story.model.openRoom, 'general');
  story.hear({ type: 'room', room: { ...room('general'), joined: false } });
  assert.equal(story.model.openRoom, null, 'there is no other');
  assert.match(story.frame(), /\/join/);
  story.type('for all').keys('enter');
  assert.deepEqual(story.take('request'), [], 'nobody is told');
  assert.equal(story.model.roomless.text, 'for all');
  story.keys('ctrl+u', 'ctrl+n');
  assert.equal(story.model.openRoom, 'with-bob');
  assert.match(story.say('/leave').frame(), /a conversation of two is not left/);
  assert.deepEqual(story.take('request'), []);
});

test('whoever sends something looks here, whatever the terminal told last', () => {
  const story = signedIn().do({ type: 'focused', focused: false });
  story
    .say('a')
    .hear({ type: 'post', post: post('general', { name: 'bob', text: 'hi', place: 9 }) });
  assert.equal(view(story, 'general').unread, 0);
});

test('a room that is named is left, or asked about, from anywhere', () => {
  const story = signedIn().say('/leave ops').say('/who dev');
  assert.deepEqual(
    story.take('request').map(({ request }) => request),
    [{ type: 'leaveRoom', room: 'ops' }],
  );
  assert.deepEqual(story.take('people'), [{ type: 'people', room: 'dev', shown: true }]);
  assert.equal(story.model.openRoom, 'general');
});

test('a command that comes to nothing stays where it was typed, whatever is wrong with it', () => {
  const wrong = [
    '/who nowhere',
    '/leave nowhere',
    '/9',
    '/react nothing!',
    '/edit more',
    '/delete',
  ];
  for (const text of wrong) {
    const story = signedIn().say(text);
    assert.equal(draft(story), text);
    assert.notEqual(story.model.hint?.text ?? '', '');
    assert.deepEqual(story.take('request'), []);
  }
  const local = signedIn({ isLocal: true }).say('/stop server9');
  assert.equal(draft(local), '/stop server9');
  assert.match(local.frame(), /no server server9: there are server1, server2, server3/);
});

test('above the first message that can be edited, ↑ goes through earlier input', () => {
  const own = (text: string, place: number) => ({
    ...post('general', { name: 'alice', text, place }),
    account: SELF,
  });
  const story = signedIn().say('/who').say('sent elsewhere');
  story.hear({ type: 'post', post: own('first', 1) }, { type: 'post', post: own('second', 2) });
  assert.equal(draft(story.keys('up')), 'second');
  assert.equal(draft(story.keys('up')), 'first');
  assert.equal(draft(story.keys('up')), 'sent elsewhere');
  assert.equal(view(story, 'general').writing, null, 'it is a new message');
  assert.equal(draft(story.keys('up')), '/who');
  assert.equal(draft(story.keys('down', 'down')), '');
});

test('what Ctrl+C dropped can be put in again; what ↑ brought is there anyway', () => {
  const story = signedIn().type('a long thought').keys('ctrl+c');
  assert.equal(draft(story), '');
  assert.equal(draft(story.keys('alt+v')), 'a long thought');
  const answering = signedIn();
  const said = post('general', { name: 'bob', text: 'so?', place: 9 });
  answering.hear({ type: 'post', post: said }).keys('alt+r').type('because').keys('ctrl+c');
  assert.equal(draft(answering.keys('alt+v')), 'because');
  const recalled = signedIn().say('one').type('half').keys('up', 'ctrl+c');
  assert.equal(draft(recalled), 'half');
  assert.deepEqual(recalled.model.kills, []);
});

test('another topic is told in the room, and not each time the room is told of', () => {
  const story = signedIn();
  const topical = { ...room('ops'), topic: 'Fire' };
  story.hear({ type: 'room', room: topical }, { type: 'room', room: { ...topical, members: 9 } });
  story.keys('alt+2');
  assert.equal(story.frame().match(/the topic is now: Fire/g)?.length, 1);
  story.hear({ type: 'room', room: { ...topical, topic: '' } });
  assert.match(story.frame(), /the topic was taken away/);
});

test('the advice of an outage names the server that led last', () => {
  const tried = [{ address: 'localhost:8000', result: 'connection refused' }];
  const story = signedIn({ isLocal: true });
  const state = { type: 'reconnecting', server: 'server2', attempt: 4, lostMs: 0, tried } as const;
  story.pass(60_000).hear({ type: 'connection', state: { ...state, nextAttemptMs: 90_000 } });
  assert.match(story.frame(), /\/start server2, or leave and come back/);
});

test('another name keeps what was written and read here, and has what it left behind', () => {
  const saved = {
    openRoom: 'ops',
    rooms: { dev: { draft: 'of the disk', read: orderOf(1) } },
    sent: [],
  };
  const posts = [1, 2].map((place) => post('ops', { name: 'bob', text: `post ${place}`, place }));
  const story = new ScreenStory({ saved }).signedIn(ROOMS, { ops: { posts, more: false } });
  story
    .keys('ctrl+n', 'ctrl+u')
    .type('of the screen')
    .keys('ctrl+p')
    .say('/nick zed')
    .keys('enter');
  const left = { dev: { draft: '', read: orderOf(3) }, lab: { draft: 'of zed', read: null } };
  story.do({ type: 'nameChosen', saved: { openRoom: null, rooms: left, sent: [] } });
  const account = 'z'.repeat(SELF.length);
  story.hearRooms([...ROOMS, room('lab')], { account, name: 'zed' });
  const drafts = story.model.rooms.map(({ room, draft: { text }, read }) => [room.id, text, read]);
  assert.deepEqual(drafts, [
    ['general', '', null],
    ['ops', '', orderOf(2)],
    ['dev', 'of the screen', orderOf(3)],
    ['lab', 'of zed', null],
  ]);
});

test('another name is asked about first; where it is refused one is who one was', () => {
  const story = signedIn().say('/nick bob');
  assert.deepEqual(story.take('signInAs'), []);
  assert.match(story.frame(), /Enter again: bob is another account/);
  story.keys('enter');
  assert.deepEqual(story.take('signInAs'), [{ type: 'signInAs', name: 'bob' }]);
  const reason = 'the name bob belongs to another key: choose another name';
  const state = { type: 'refused', code: 'name-taken', reason } as const;
  story.hear({ type: 'connection', state });
  assert.deepEqual(story.take('signInAs'), [{ type: 'signInAs', name: 'alice' }]);
  assert.match(story.frame(), /the name bob belongs to another key: you are still alice/);
  story.hear({ type: 'connection', state });
  assert.deepEqual(story.take('signInAs'), [], 'once');
  story.take('history');
  story.hearRooms(ROOMS, {});
  const read = story.take('history').map((effect) => effect.room);
  assert.deepEqual(
    read.sort(),
    ['dev', 'general', 'ops'],
    'nothing of what came meanwhile is missing',
  );
  assert.equal(story.model.nameAsked, null);
  assert.match(signedIn().say('/nick alice').frame(), /you are alice/);
});

test('another name that is not signed in yet can be taken back, and what was written under it dropped', () => {
  const story = signedIn().say('/nick bob').keys('enter');
  story.take('signInAs');
  story.say('/nick alice').keys('enter');
  assert.deepEqual(story.take('signInAs'), [{ type: 'signInAs', name: 'alice' }]);
  const other = signedIn().say('/nick bob').keys('enter');
  other.take('signInAs');
  const request = { type: 'post', room: 'general', text: 'as bob' } as const;
  other.hear({ type: 'outbox', items: [{ number: 1, id: '', state: 'queued', request }] });
  const reason = 'the name bob belongs to another key: choose another name';
  other.hear({ type: 'connection', state: { type: 'refused', code: 'name-taken', reason } });
  assert.deepEqual(other.take('signInAs'), []);
  assert.match(other.frame(), /Ctrl\+O, then d, drops what waits under that name/);
  other.hear({ type: 'outbox', items: [] });
  assert.deepEqual(other.take('signInAs'), [{ type: 'signInAs', name: 'alice' }]);
});

test('what is typed while no room is open goes to nobody who begins to write just then', () => {
  const story = new ScreenStory().signedIn([room('general')]);
  story.hear({ type: 'room', room: { ...room('general'), joined: false } });
  story.type('the password is');
  story.hear({ type: 'room', room: direct('bob') });
  assert.equal(story.model.openRoom, null);
  story.hearRooms([direct('bob')], {});
  assert.equal(story.model.openRoom, null);
  story.keys('enter');
  assert.deepEqual(story.take('request'), []);
  assert.equal(story.model.roomless.text, 'the password is');
});

test('who is in another room, and which rooms there are, is told where one asked', () => {
  const story = signedIn().say('/who dev');
  const people = [{ account: 'b', name: 'bob', state: 'here' as const }];
  story.do({ type: 'peopleCame', room: 'dev', people, shown: true });
  assert.match(story.frame(), /#dev: 1 here: bob/);
  const alone = new ScreenStory().signedIn([room('general')]);
  alone.hear({ type: 'room', room: { ...room('general'), joined: false } });
  alone.do({ type: 'roomsCame', rooms: [room('ops')], shown: true });
  assert.match(alone.frame(), /rooms: 1 · \/join ROOM · #ops/);
});

test('a stale server is told of until another one is in sync, however often it is signed in to', () => {
  const story = signedIn();
  const account = story.model.account ?? '';
  const about = { account, name: 'alice', rooms: [room('general')], prunedBelow: 0, reads: [] };
  const signIn = (server: string, lacks: boolean) =>
    story.hear({ type: 'signedIn', server, ...about, lacks });
  signIn('server1', true);
  assert.match(story.frame(), /LACKS/);
  signIn('server1', false);
  assert.match(story.frame(), /LACKS/, 'it knows no better');
  // Those that were there from the start have not what is missing, wherever they have been meanwhile.
  story.hear({ type: 'cluster', cluster: cluster(['server1', 'server2']) });
  story.hear({ type: 'cluster', cluster: cluster(['server1']) });
  story.hear({ type: 'cluster', cluster: cluster(['server1', 'server2']) });
  assert.match(story.frame(), /LACKS/);
  story.hear({ type: 'cluster', cluster: cluster(['server1', 'server3']) });
  assert.doesNotMatch(story.frame(), /LACKS/, 'one that was away has what was missing');
});

test('whoever was refused at the start, and takes another name, has what that name left behind', () => {
  const saved = { openRoom: 'ops', rooms: { ops: { draft: 'of alice', read: null } }, sent: [] };
  const left = { ops: { draft: 'of zed', read: null } };
  const story = new ScreenStory({ saved: { ...saved, sent: ['by alice'] } });
  story.do({ type: 'nameChosen', saved: { openRoom: null, rooms: left, sent: ['by zed'] } });
  story.hearRooms(ROOMS, { name: 'zed' });
  assert.deepEqual(story.model.sentTexts, ['by zed']);
  assert.equal(view(story, 'ops').draft.text, 'of zed');
  assert.equal(story.model.ofChosenName, null);
});

test('a space that is typed before there is a room is not lost', () => {
  const story = new ScreenStory().type('good ').signedIn(ROOMS).type('morning');
  assert.equal(draft(story), 'good morning');
});

test('lines that are entered before there is a room stay lines', () => {
  const story = new ScreenStory().say('one').say('two').signedIn(ROOMS);
  assert.equal(draft(story), 'one\ntwo');
  assert.deepEqual(story.take('request'), [], 'nobody knew in which room');
});

test('while servers start here nothing else is said of them, and one can write', () => {
  const story = new ScreenStory({ isLocal: true });
  const local = { server1: 'starting', server2: 'starting', server3: 'starting' } as const;
  const state = { type: 'noServer', tried: [], attempt: 1, nextAttemptMs: 0, lostMs: 0 } as const;
  story.do({ type: 'localChanged', local }).hear({ type: 'connection', state }).type('hel');
  assert.match(story.frame(), /◌ STARTING server1, server2, server3/);
  assert.doesNotMatch(story.frame(), /No server answers/);
  story.signedIn([room('general')]).hear({ type: 'cluster', cluster: cluster(['server2']) });
  assert.match(story.frame(), /◌ STARTING/, 'fewer copies are no news yet');
  story.hear({ type: 'recovered', tookMs: 420, leader: 'server3', resent: 0 });
  assert.doesNotMatch(story.type('lo').frame(), /RECOVERED/, 'nothing failed');
  assert.match(story.frame(), /#general ❯ hello/);
  const running = { server1: 'running', server2: 'running', server3: 'running' } as const;
  story.do({ type: 'localChanged', local: running });
  assert.match(story.frame(), /◍ 1 of 3 servers/);
});

test('a start without a server offers to start one with a key', () => {
  const story = new ScreenStory();
  const state = { type: 'noServer', tried: [], attempt: 1, nextAttemptMs: 0, lostMs: 0 } as const;
  story.hear({ type: 'connection', state }).type('l');
  assert.equal(story.take('startLocal').length, 1);
  assert.equal(story.type('r').take('retry').length, 1);
  assert.equal(story.type('q').take('quit').length, 1);
});

test('/kill names servers that are not there', () => {
  const story = signedIn({ isLocal: true }).say('/kill server9');
  assert.deepEqual(story.take('server'), []);
  assert.match(
    story.model.hint?.text ?? '',
    /no server server9: there are server1, server2, server3/,
  );
  assert.deepEqual(story.keys('ctrl+u').say('/kill server3').take('server'), [
    { type: 'server', verb: 'kill', id: 'server3' },
  ]);
});
