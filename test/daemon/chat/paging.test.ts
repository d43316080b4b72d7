// Pages read down from a place say what pages read up say: of rooms and of conversations, with what became of posts.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { prunedBodyOf } from '../../../daemon/chat/bodies.ts';
import { directRoomIdOf } from '../../../lib/ids.ts';
import { ChatStage, type MessageOf, person } from '../../support/chat-stage.ts';

const ada = person('ada');
const bob = person('bob');
const POSTS = 20;
/** Fewer than the posts, and no divisor of their number. */
const LIMIT = 3;
/** Below every place. */
const START = '0'.repeat(23);

type Page = MessageOf<'page'>;
type Place = { before: string } | { after: string } | object;

function pageAt(stage: ChatStage, connection: number, room: string, place: Place): Page {
  stage.say(connection, { type: 'history', query: 1, room, limit: LIMIT, ...place });
  const [page] = stage.take(connection).filter((message) => message.type === 'page');
  return page ?? assert.fail('no page');
}

function readUp(stage: ChatStage, connection: number, room: string): Page['posts'] {
  const posts: Page['posts'] = [];
  for (let place: Place = {}; ; place = { before: posts[0]?.order ?? assert.fail() }) {
    const page = pageAt(stage, connection, room, place);
    posts.unshift(...page.posts);
    if (!page.more) return posts;
  }
}

function readDown(stage: ChatStage, connection: number, room: string, from: string) {
  const posts: Page['posts'] = [];
  for (let after = from; ; after = posts.at(-1)?.order ?? assert.fail()) {
    const page = pageAt(stage, connection, room, { after });
    posts.push(...page.posts);
    if (!page.more) return posts;
  }
}

/** Two people, and a room that both are in. */
function together(where: string) {
  const stage = new ChatStage();
  stage.lead();
  const writer = stage.join(ada);
  const reader = stage.join(bob);
  if (where === 'general') return { stage, writer, reader, room: where };
  stage.request(writer, { type: 'openDirect', name: 'bob' });
  return { stage, writer, reader, room: directRoomIdOf(ada.account, bob.account) };
}

for (const where of ['general', 'a conversation']) {
  test(`in ${where}, read up and read down are the same posts, as they are now`, () => {
    const { stage, writer, reader, room } = together(where);
    for (let count = 1; count <= POSTS; count += 1) stage.post(writer, `post ${count}`, room);
    const said = readUp(stage, reader, room);
    assert.equal(said.length, POSTS);
    const idOf = (count: number) => said[count - 1]?.id ?? assert.fail();
    const about = (count: number) => ({ room, post: idOf(count) });
    // At the end of a page, at the beginning of one, and two that are a page's neighbours.
    stage.request(writer, { type: 'editPost', ...about(5), text: 'edited' });
    stage.request(writer, { type: 'deletePost', ...about(8) });
    stage.request(writer, { type: 'deletePost', ...about(9) });
    stage.request(reader, { type: 'react', ...about(POSTS), emoji: '👍', on: true });
    stage.store.begin();
    const below = said[2]?.order ?? assert.fail();
    stage.store.prune({ below, limit: POSTS, replace: prunedBodyOf });
    stage.store.commit();
    stage.commits = false;
    stage.post(writer, 'not yet', room);

    const up = readUp(stage, reader, room);
    const down = readDown(stage, reader, room, START);
    assert.deepEqual(down, up);
    assert.deepEqual(
      down.map(({ id }) => id),
      said.slice(2).map(({ id }) => id),
      'all but the two that were pruned',
    );
    assert.equal(down.find(({ id }) => id === idOf(5))?.text, 'edited');
    assert.equal(down.find(({ id }) => id === idOf(8))?.deleted, true);
    assert.equal(down.at(-1)?.reactions?.length, 1);

    stage.commit();
    const [last] = readDown(stage, reader, room, up.at(-1)?.order ?? assert.fail());
    assert.equal(last?.text, 'not yet', 'and goes on where it ended');
  });
}

test('whoever is not of a conversation reads it in neither direction', () => {
  const { stage, writer, room } = together('a conversation');
  stage.post(writer, 'between us', room);
  const outsider = stage.join(person('eve'));
  for (const place of [{}, { after: START }]) {
    stage.take(outsider);
    stage.say(outsider, { type: 'history', query: 1, room, limit: LIMIT, ...place });
    assert.deepEqual(
      stage.take(outsider, 'refused').map(({ code }) => code),
      ['no-such-room'],
    );
  }
});
