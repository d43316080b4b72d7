// Rooms and reading, in a real terminal: what came while one was elsewhere, the way to it, and the way back.
import assert from 'node:assert/strict';
import { type Flow, testFlow } from '../support/flow.ts';
import { KEYS } from '../support/terminal.ts';
import { waitFor } from '../support/wait-for.ts';

const ALT_U = '\u001bu';

/** Three rooms of alice's, bob and carol in them. */
async function rooms(flow: Flow): Promise<{ ops: string; dev: string }> {
  flow.comes('bob');
  const ops = flow.creates('bob', 'ops');
  const dev = flow.creates('bob', 'dev');
  flow.asks('bob', { type: 'setTopic', room: ops, topic: 'Incident room: server3 rollout' });
  flow.comes('carol', 'ops', 'dev');
  for (const name of ['dev', 'ops']) {
    flow.types(`/join ${name}`);
    await flow.terminal.waitForText(`#${name} ❯`);
  }
  return { ops, dev };
}

testFlow(
  'rooms keep their places, unread is counted, and reading moves nothing',
  { golden: 'reading' },
  async (flow) => {
    const { ops, dev } = await rooms(flow);
    for (let line = 1; line <= 60; line += 1) {
      if (line % 5 === 0) flow.later();
      flow.says(line % 3 === 0 ? 'carol' : 'bob', `line ${line} of the night`, ops);
    }
    await flow.shows('a room that is open follows its end', /line 60/);

    flow.keys(KEYS.pageUp);
    await flow.shows('a page up: what is below is counted', /newer|to follow/);
    flow.later();
    flow.says('bob', 'said while alice reads above', ops);
    await flow.shows('what comes meanwhile moves nothing', /newer/);
    flow.keys(KEYS.end);
    await flow.shows('End follows again', /said while alice reads above/);

    flow.keys('\u001b1');
    await flow.terminal.waitForText('#general ❯');
    flow.later();
    flow.says('bob', 'a first thing nobody read', ops);
    flow.says('carol', '@alice a call', ops);
    flow.says('bob', 'another room', dev);
    await flow.shows('unread and calls are counted where they are', /#general ❯/);
    flow.keys(KEYS.ctrlG);
    await flow.shows('the next call: an unread line stands above it', /2 new messages/);
    flow.keys(ALT_U);
    await flow.shows('the first unread post', /a first thing nobody read/);

    flow.keys(KEYS.ctrlK, 'd');
    await flow.shows('the switcher, after one letter', /go to ❯ d/);
    flow.keys(KEYS.enter);
    await flow.shows('the room that was picked', /another room/);
    flow.asks('bob', { type: 'leaveRoom', room: dev });
    flow.comes('dave', 'dev');
    flow.comes('erin', 'dev');
    await flow.shows('who joins and leaves is one line', /dave, erin joined/);
    flow.types('/who');
    await flow.shows('who is here', /4 here: alice, carol, dave, erin/);
  },
);

testFlow(
  'Alt+U goes to the first unread post, however much came after it',
  { golden: 'first-unread' },
  async (flow) => {
    flow.comes('bob');
    const ops = flow.creates('bob', 'ops');
    flow.types('/join ops');
    await flow.terminal.waitForText('#ops ❯');
    flow.says('bob', 'read long ago', ops);
    await flow.terminal.waitForText('read long ago');
    flow.keys('\u001b1');
    await flow.terminal.waitForText('#general ❯');
    for (let line = 1; line <= 60; line += 1) flow.says('bob', `news ${line}`, ops);
    await flow.shows('sixty posts are new in another room', /\b60\b.*#general ❯/);
    flow.keys('\u001b2');
    await flow.shows('their end', /news 60/);
    flow.keys(ALT_U);
    await flow.shows('the first of them', /news 1 .*news 2 /);
  },
);

/** More than a screen keeps of a room: its end is let go while somebody reads at its beginning. */
const LONG_POSTS = 5_600;

/** The numbers that stand on the screen, top to bottom. */
function numbersOn({ terminal }: Flow): number[] {
  return terminal.screen().flatMap((row) => {
    const number = /number (\d+)/.exec(row)?.[1];
    return number === undefined ? [] : [Number(number)];
  });
}

testFlow(
  'a long room is read up to its beginning and down to its end, and no post is passed over',
  {},
  async (flow) => {
    flow.comes('bob');
    for (let post = 1; post <= LONG_POSTS; post += 1) flow.says('bob', `number ${post}`);
    await flow.terminal.waitForText(`number ${LONG_POSTS}`);
    const turn = async (key: string) => {
      const before = numbersOn(flow).join();
      flow.keys(key);
      await waitFor('another page', () => numbersOn(flow).join() !== before, 10_000);
      return numbersOn(flow);
    };
    while (numbersOn(flow)[0] !== 1) await turn(KEYS.pageUp);
    let last = numbersOn(flow).at(-1) ?? 0;
    while (last < LONG_POSTS) {
      for (const number of await turn(KEYS.pageDown)) {
        assert.ok(number <= last + 1, `number ${last} is followed by ${number}`);
        last = Math.max(last, number);
      }
    }
  },
);
