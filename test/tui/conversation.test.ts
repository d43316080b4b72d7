// The effects that are about the client, and what becomes of those that fail.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type ChatClient, QueryError } from '../../lib/client/api.ts';
import { Conversation, performWith } from '../../tui/conversation.ts';
import type { Effect } from '../../tui/state/action.ts';
import { room, ScreenStory } from '../support/screen-story.ts';

/** A screen whose client can do no more than it is given. */
async function talking(client: Partial<ChatClient>) {
  const story = new ScreenStory().signedIn([room('ops')]);
  const store = {
    model: () => story.model,
    subscribe: () => () => {},
    dispatch: (action: Parameters<ScreenStory['do']>[0]) => {
      story.do(action);
    },
  };
  const conversation = await Conversation.open(
    {
      connect: async () => client as ChatClient,
      startLocal: () => assert.fail('nothing is started'),
      ...{ servers: [], name: 'alice', folder: '', local: null, told: [] },
      saved: { openRoom: null, rooms: {} },
    },
    () => store,
  );
  const reported: unknown[] = [];
  const perform = performWith(conversation.performers as never, (error) => reported.push(error));
  /** Carries out what the core has asked for. */
  const carryOut = async () => {
    for (const effect of story.effects.splice(0) as Effect[]) perform(effect);
    await new Promise((resolve) => setImmediate(resolve));
  };
  return { story, carryOut, reported };
}

test('what the outbox does not take is shown as not sent, and its text given back', async () => {
  const request = () => {
    throw new Error('no space left on device');
  };
  const { story, carryOut } = await talking({ request });
  story.say('dear words');
  await carryOut();
  assert.match(
    story.frame(),
    /not sent: it could not be kept on this\s+│\s+machine: no space left/,
  );
  assert.equal(story.model.rooms[0]?.draft.text, 'dear words');
  story.keys('enter');
  await carryOut();
  const keys = story.model.rooms[0]?.lines.map(({ key }) => key) ?? [];
  assert.equal(new Set(keys).size, keys.length, 'each has a name of its own');
});

test('a list of people that is lost with the connection is no news, unless somebody asked for it', async () => {
  const people = () => Promise.reject(new QueryError('connection-lost', 'the connection is lost'));
  const { story, carryOut, reported } = await talking({ people });
  story.effects.push({ type: 'people', room: 'ops', shown: false });
  await carryOut();
  assert.deepEqual(reported, []);
  story.say('/who');
  await carryOut();
  assert.equal(reported.length, 1);
});
