// The list of who is in a room: right after an outage, in step with the number of members, and none in a crowd.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Room } from '../../../lib/client/api.ts';
import type { Person } from '../../../lib/protocol/events.ts';
import { orderOf, post, room, ScreenStory, SELF } from '../../support/screen-story.ts';

const WIDE = { columns: 120, rows: 24 };

const people = (...names: readonly string[]): Person[] =>
  names.map((name) => ({ account: `account-of-${name}`, name, state: 'here' }));
const crowd = (count: number) =>
  people(...Array.from({ length: count }, (_, index) => `p${index}`));
const withMembers = (members: number): Room => ({ ...room('general'), members });

function told(rooms: readonly Room[]) {
  const about = { server: 'server3', rooms, prunedBelow: 0, lacks: false, reads: [] };
  return { type: 'signedIn' as const, account: SELF, name: 'alice', ...about };
}

function wide(listed: readonly Person[], rooms: readonly Room[] = [room('general'), room('ops')]) {
  const story = new ScreenStory(WIDE).signedIn(rooms);
  return story.do({ type: 'peopleCame', room: 'general', people: listed, shown: false });
}

const asked = (story: ScreenStory) => story.take('people').map((effect) => effect.room);
const listOf = (story: ScreenStory, id = 'general') =>
  story.model.rooms.find((view) => view.room.id === id)?.people?.map(({ name }) => name) ?? null;

test('after an outage the list is asked for again, and stays until it comes', () => {
  const story = wide(people('alice', 'bob', 'carol'));
  story.hear(told([room('general'), room('ops')]));
  assert.deepEqual(asked(story), ['general']);
  assert.deepEqual(listOf(story), ['alice', 'bob', 'carol']);
});

test('a list of a room that is not open is asked for when it is opened again', () => {
  const story = wide(people('alice', 'bob', 'carol'));
  story.keys('ctrl+n');
  assert.deepEqual(asked(story), ['ops']);
  story.hear(told([room('general'), room('ops')]));
  assert.equal(listOf(story), null);
  story.keys('ctrl+p');
  assert.ok(asked(story).includes('general'));
});

test('a list with another number of people than the room has members is asked for again', () => {
  const story = wide(people('alice', 'bob', 'carol'));
  story.hear({ type: 'room', room: withMembers(3) });
  assert.deepEqual(asked(story), []);
  const came = { room: 'general', account: 'account-of-dave', name: 'dave', time: 0 };
  story.hear({
    type: 'member',
    member: { type: 'member', ...came, change: 'joined', order: orderOf(9) },
  });
  story.hear({ type: 'room', room: withMembers(4) });
  assert.deepEqual([asked(story), listOf(story)?.length], [[], 4]);
  story.hear({ type: 'room', room: withMembers(6) });
  assert.deepEqual(asked(story), ['general']);
});

test('from 499 members over 501 to 499 there is a list, a number, and a list of now', () => {
  const story = wide(crowd(499), [withMembers(499)]);
  assert.match(story.frame(), /PEOPLE 499/);
  story.hear({ type: 'room', room: withMembers(501) });
  assert.match(story.frame(), /PEOPLE 501\n.*\/who names them/);
  assert.deepEqual([asked(story), listOf(story)], [[], null]);
  story.hear({ type: 'room', room: withMembers(499) });
  assert.deepEqual(asked(story), ['general']);
});

test('whoever signs in to a room with a crowd in it does not ask for everyone', () => {
  const story = new ScreenStory(WIDE).hear(told([withMembers(20_000)]));
  assert.deepEqual(asked(story), []);
  assert.match(story.frame(), /PEOPLE 20000/);
});

test('a narrow screen asks for nobody', () => {
  const story = new ScreenStory().signedIn([room('general')]);
  story.hear(told([withMembers(9)]), { type: 'room', room: withMembers(7) });
  assert.deepEqual(asked(story), []);
});

test('a room where people came or went has a mark, until something is said there or it is opened', () => {
  const story = wide(people('alice', 'bob', 'carol'));
  const ops = () =>
    story
      .frame()
      .split('\n')
      .find((row) => row.includes('#ops')) ?? '';
  const changes = (account: string, place: number) =>
    story.hear({
      type: 'member',
      member: {
        ...{ type: 'member', room: 'ops', account, name: 'dave', time: 0 },
        ...{ change: 'joined', order: orderOf(place) },
      },
    });
  changes(SELF, 8);
  assert.doesNotMatch(ops(), /·/, 'one comes there oneself, from another device');
  changes('account-of-dave', 9);
  assert.match(ops(), /#ops +·/);
  story.hear({ type: 'post', post: post('ops', { name: 'bob', text: 'hi', place: 10 }) });
  assert.match(ops(), /#ops +1/);
  story.keys('ctrl+n', 'ctrl+p');
  assert.doesNotMatch(ops(), /·|1/);
});
