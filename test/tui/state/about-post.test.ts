// What one does with a post that is there: by keys on the one that was chosen, and by commands.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Quote, Reaction } from '../../../lib/protocol/events.ts';
import { orderOf, post, room, ScreenStory, SELF, waiting } from '../../support/screen-story.ts';

const OPS = [
  post('ops', { name: 'bob', text: 'who restarts it?', place: 1 }),
  { ...post('ops', { name: 'alice', text: 'i do', place: 2 }), account: SELF },
  post('ops', { name: 'carol', text: 'see [the page](https://example.org/x)', place: 3 }),
  { ...post('ops', { name: 'alice', text: 'done', place: 4 }), account: SELF },
];

const story = () => new ScreenStory().signedIn([room('ops')], { ops: { posts: OPS, more: false } });
const requests = (told: ScreenStory) => told.take('request').map(({ request }) => request);
const draft = (told: ScreenStory) => told.model.rooms[0]?.draft.text;

test('↑ on an empty line edits the last message, again the one before, ↓ comes back', () => {
  const told = story().keys('up');
  assert.equal(draft(told), 'done');
  assert.match(told.frame(), /edit ❯ done/);
  assert.equal(draft(told.keys('up')), 'i do');
  assert.equal(draft(told.keys('down')), 'done');
  assert.equal(draft(told.keys('down')), '');
  assert.doesNotMatch(told.frame(), /edit ❯/);
});

test('an edit is sent once it differs, and what was begun before it is there again', () => {
  const told = story().type('half a th').keys('alt+s', 'up').type('e');
  assert.deepEqual(requests(told), [], 'the post above is not ours');
  told.keys('down').type('e').type('!').keys('enter');
  assert.deepEqual(requests(told), [
    { type: 'editPost', room: 'ops', post: 'alice/4', text: 'done!' },
  ]);
  assert.equal(draft(told), 'half a th');
});

test('Esc leaves a message as it was, and so does Enter on what was not changed', () => {
  for (const key of ['escape', 'enter']) {
    const told = story().keys('up', key);
    assert.deepEqual(requests(told), []);
    assert.equal(draft(told), '');
    assert.equal(told.model.rooms[0]?.writing, null);
  }
});

test('what was made of an edit that is left can be put in, and its post says what it said', () => {
  const told = story().type('half').keys('alt+s').type('e').type(' at last').keys('escape');
  assert.equal(draft(told), 'half');
  assert.match(told.frame(), /edit left · Alt\+V puts its text in/);
  assert.equal(draft(told.type(': ').keys('alt+v')), 'half: done at last');
  assert.deepEqual(requests(told), []);
});

test('what was made of one edit is kept when another one is begun from it', () => {
  const told = story().keys('up').type('!').keys('alt+s', 'up', 'up').type('e');
  assert.equal(draft(told), 'i do');
  assert.equal(draft(told.keys('ctrl+u', 'alt+v', 'alt+v')), 'done!');
});

test('a line that was dropped is brought back with an edit in between', () => {
  for (const leave of ['escape', 'enter', 'down']) {
    const told = story().type('half a thought').keys('ctrl+c', 'up', leave);
    assert.equal(draft(told), '');
    assert.equal(draft(told.keys('ctrl+_')), 'half a thought', leave);
  }
});

test('in an edit undo goes back to what the message says, and no further', () => {
  const told = story().type('half').keys('ctrl+c', 'up').type('!').keys('ctrl+_');
  assert.equal(draft(told), 'done');
  assert.match(told.keys('ctrl+_').frame(), /nothing to undo/);
});

test('whoever is alone in a room is told that there is nobody to answer', () => {
  const own = OPS.filter(({ account }) => account === SELF);
  const told = new ScreenStory().signedIn([room('ops')], { ops: { posts: own, more: false } });
  assert.match(told.keys('alt+r').frame(), /nobody else said anything here yet/);
});

test('Ctrl+C leaves an edit, and an answer: what is written next is a message of its own', () => {
  const edited = story().keys('up', 'ctrl+c').type('new').keys('enter');
  assert.deepEqual(requests(edited), [{ type: 'post', room: 'ops', text: 'new' }]);
  const changed = story().keys('up').type('!').keys('ctrl+c');
  assert.equal(draft(changed), '');
  assert.equal(draft(changed.keys('alt+v')), 'done!');
  const answered = story().keys('alt+r').type('half').keys('ctrl+c');
  assert.equal(draft(answered), '');
  assert.equal(draft(answered.keys('ctrl+_', 'enter').keys()), '');
  assert.deepEqual(requests(answered), [{ type: 'post', room: 'ops', text: 'half' }]);
  const empty = story().keys('alt+r', 'ctrl+c');
  assert.equal(empty.model.rooms[0]?.writing, null);
  assert.equal(empty.model.quitAskedMs, null);
});

test('what was made of an edit is kept where earlier input stands in its place', () => {
  const told = story().say('done').say('other').keys('alt+s', 'up', 'up').type('e');
  assert.equal(draft(told.type('!').keys('up')), 'other');
  assert.equal(draft(told.keys('escape', 'alt+v')), 'i do!');
  const same = story().say('i do').keys('alt+s', 'up', 'up').type('e');
  assert.equal(draft(same.type('!').keys('up')), 'i do');
  assert.equal(draft(same.keys('escape', 'alt+v')), 'i do!');
});

test('a slash in an edit is text, and nothing left is no edit', () => {
  const told = story().keys('up', 'ctrl+u', 'enter');
  assert.match(told.frame(), /nothing is left/);
  told.type('/quit').keys('enter');
  assert.deepEqual(requests(told), [
    { type: 'editPost', room: 'ops', post: 'alice/4', text: '/quit' },
  ]);
  assert.deepEqual(told.take('quit'), []);
});

test('with text written, ↑ goes through earlier input as ever', () => {
  const told = story().say('first').type('x').keys('up');
  assert.equal(draft(told), 'first');
});

test('what waits for its answer is not edited: the one before it is', () => {
  const told = story().hear({ type: 'outbox', items: [waiting(9, 'on its way')] });
  assert.equal(draft(told.keys('up')), 'done');
});

test('an answer goes out with the id of what it answers, and Esc makes it a message of its own', () => {
  const told = story().keys('alt+s', 'up').type('r');
  assert.match(told.frame(), /↳ carol ❯/);
  told.say('nice');
  assert.deepEqual(requests(told), [{ type: 'post', room: 'ops', text: 'nice', reply: 'carol/3' }]);
  told.keys('alt+r', 'escape').say('alone');
  assert.deepEqual(requests(told), [{ type: 'post', room: 'ops', text: 'alone' }]);
});

test('d asks, and only d again takes a message back', () => {
  const told = story().keys('alt+s').type('d');
  assert.match(told.frame(), /d again deletes it for everyone/);
  told.type('j').type('d');
  assert.deepEqual(requests(told), []);
  told.type('d');
  assert.deepEqual(requests(told), [{ type: 'deletePost', room: 'ops', post: 'alice/4' }]);
});

test('a reaction is found by a few letters, and taken away by the same way', () => {
  const told = story().keys('alt+s', 'up').type('+').type('tada');
  assert.match(told.frame(), /react with :tada/);
  told.keys('enter');
  const on = { type: 'react', room: 'ops', post: 'carol/3', emoji: '🎉', on: true } as const;
  assert.deepEqual(requests(told), [on]);
  const reactions: Reaction[] = [{ emoji: '🎉', count: 2, by: [SELF, 'account-of-bob'] }];
  const [, , third] = OPS;
  assert.ok(third);
  told.hear({ type: 'changed', post: { ...third, reactions } });
  assert.match(told.frame(), /🎉.2/);
  told.say('/react :tada:');
  assert.deepEqual(requests(told), [{ ...on, on: false }]);
  told.say('/react nothing-such');
  assert.match(told.frame(), /is no emoji/);
});

test('commands do the same to the newest message that fits', () => {
  const told = story().say('/me waves').say('/edit finished').say('/reply thanks');
  assert.deepEqual(requests(told), [
    { type: 'post', room: 'ops', text: 'waves', action: true },
    { type: 'editPost', room: 'ops', post: 'alice/4', text: 'finished' },
    { type: 'post', room: 'ops', text: 'thanks', reply: 'carol/3' },
  ]);
  told.say('/delete').type('d');
  assert.deepEqual(requests(told), [{ type: 'deletePost', room: 'ops', post: 'alice/4' }]);
});

test('y copies a message, o tells the true address of its links', () => {
  const told = story().keys('alt+s', 'up').type('o');
  assert.match(told.frame(), /https:\/\/example\.org\/x/);
  told.type('y');
  assert.deepEqual(told.take('copy'), [{ type: 'copy', text: OPS[2]?.text }]);
});

test('g goes to what a message answers', () => {
  const reply: Quote = { id: 'bob/1', name: 'bob', text: 'who restarts it?', order: orderOf(1) };
  const told = story().hear({
    type: 'post',
    post: { ...post('ops', { name: 'carol', text: 'not me', place: 5 }), reply },
  });
  assert.equal(told.keys('alt+s').type('g').model.selected, 'bob/1');
});

test('choosing goes up through history, and the chosen one is always on the screen', () => {
  const posts = Array.from({ length: 60 }, (_, index) =>
    post('ops', { name: 'bob', text: `line ${index}`, place: index + 1 }),
  );
  const told = new ScreenStory({ columns: 40, rows: 12 });
  told.signedIn([room('ops')], { ops: { posts, more: false } }).keys('alt+s');
  for (let index = 59; index >= 0; index -= 1) {
    assert.match(told.frame(), new RegExp(`line ${index}\\b`));
    told.keys('up');
  }
  told.keys('escape');
  assert.equal(told.model.selected, null);
});

test('what was changed while this screen was away stands in the page that is read again', () => {
  const [first, ...others] = OPS;
  assert.ok(first);
  const told = story().hear({ type: 'reset' });
  const page = { posts: [{ ...first, text: 'who restarts it now?', edited: true }, ...others] };
  told.do({ type: 'historyCame', room: 'ops', before: null, page: { ...page, more: false } });
  assert.match(told.frame(), /who restarts it now\? \(edited\)/);
});

test('an edit that is refused says why, and gives back what was written', () => {
  const told = story().keys('up').type('!').keys('enter');
  const [request] = requests(told);
  assert.ok(request);
  const item = { number: 5, id: 'alice/5', state: 'sent' as const, request };
  const answer = { type: 'refused', number: 5, code: 'no-such-post', reason: 'gone' } as const;
  told.hear({ type: 'answer', item, answer });
  assert.match(told.frame(), /not edited: gone/);
  assert.equal(draft(told), 'done!');
});

test('an edit that is refused while something else is written stands in the timeline', () => {
  const told = story().keys('up').type('!').keys('enter');
  const [request] = requests(told);
  assert.ok(request);
  const item = { number: 5, id: 'alice/5', state: 'sent' as const, request };
  const answer = { type: 'refused', number: 5, code: 'no-such-post', reason: 'gone' } as const;
  told.type('on I go').hear({ type: 'answer', item, answer });
  assert.match(told.frame(), /not edited: gone\n.*done!/);
  assert.equal(draft(told), 'on I go');
});

test('an edit that is refused when its room is left stands in the one that is open', () => {
  const told = story().keys('up').type('!').keys('enter');
  const [request] = requests(told);
  assert.ok(request);
  const item = { number: 5, id: 'alice/5', state: 'sent' as const, request };
  const elsewhere = { ...item, request: { ...request, room: 'gone' } };
  const answer = { type: 'refused', number: 5, code: 'no-such-room', reason: 'gone' } as const;
  told.hear({ type: 'answer', item: elsewhere as typeof item, answer });
  assert.match(told.frame(), /not edited: gone\n.*done!/);
});

test('the room as plain text: who said what, in whole lines, and nothing beside it', () => {
  const told = story().keys('ctrl+y');
  const [view] = told.take('plainView');
  assert.match(view?.text ?? '', /^#ops\n--- Mon 23 Nov\n\d\d:\d\d bob: who restarts it\?\n/);
  assert.equal(
    new ScreenStory()
      .signedIn([room('dev')])
      .keys('ctrl+y')
      .take('plainView').length,
    0,
  );
});

test('letters that come in one piece, as fast typing does, are keys one by one', () => {
  assert.match(story().keys('alt+s', 'up').type('+ey').frame(), /react with [:❯ ]*ey/);
  const told = story().keys('alt+s').type('dd');
  assert.deepEqual(requests(told), [{ type: 'deletePost', room: 'ops', post: 'alice/4' }]);
  assert.equal(draft(story().keys('alt+s', 'up').type('rindeed')), 'indeed');
});

test('an answer quotes what it answers as it is now, and nothing of what was taken back', () => {
  const [asked] = OPS;
  if (!asked) throw new Error('nobody asked');
  const reply = { id: asked.id, name: 'bob', text: asked.text, order: asked.order };
  const answer = { ...post('ops', { name: 'carol', text: 'dave does', place: 5 }), reply };
  const told = story().hear({ type: 'post', post: answer });
  told.hear({ type: 'changed', post: { ...asked, text: 'who stops it?', edited: true } });
  assert.match(told.frame(), /↳ bob: who stops it\?/);
  told.hear({ type: 'changed', post: { ...asked, text: '', deleted: true } });
  assert.match(told.frame(), /↳ bob: message deleted/);
  assert.doesNotMatch(told.frame(), /who (stops|restarts) it/);
});
