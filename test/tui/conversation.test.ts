// The effects that are about the client, and what becomes of those that fail.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { type ChatClient, QueryError } from '../../lib/client/api.ts';
import { Conversation, performWith } from '../../tui/conversation.ts';
import type { Effect } from '../../tui/state/action.ts';
import { room, ScreenStory } from '../support/screen-story.ts';
import { waitFor } from '../support/wait-for.ts';

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
      saved: { openRoom: null, rooms: {}, sent: [] },
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

test('a search is asked again only while its pane is there, and one that is lost is no news', async () => {
  let asked = 0;
  const search = () => {
    asked += 1;
    return Promise.reject(new QueryError('connection-lost', 'not connected at the moment'));
  };
  const { story, carryOut, reported } = await talking({ search });
  const searching = {
    type: 'search',
    query: 'lag',
    request: { text: 'lag' },
    isMore: false,
  } as const;
  const ask = async (effect: Effect) => {
    story.effects.push(effect);
    await carryOut();
  };
  story.keys('ctrl+r').type('lag');
  story.effects = [];
  await ask({ ...searching, isAgain: true });
  await waitFor('the search to be asked again', () => asked === 1, 10_000);
  await ask(searching);
  await waitFor('the failure to be told', () => reported.length === 1, 10_000);
  assert.equal(asked, 2, 'what somebody asks for is told, what is repeated is not');
  story.keys('escape');
  await ask({ ...searching, isAgain: true });
  await delay(1_500);
  assert.deepEqual([asked, reported.length], [2, 1]);
});
