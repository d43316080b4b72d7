// What is not stored yet, in a real terminal: shown where it is, taken back or mended in the outbox, kept over a
// quit, and given back with the reason when the server refuses it.
import assert from 'node:assert/strict';
import { testFlow } from '../support/flow.ts';
import { KEYS } from '../support/terminal.ts';
import { waitFor } from '../support/wait-for.ts';

const CTRL_O = '\u000f';

testFlow(
  'what waits is seen, mended and dropped, outlives a quit, and is sent once and in order',
  { golden: 'outbox', pace: 1 / 2 },
  async (flow) => {
    flow.comes('bob');
    flow.later();
    flow.says('bob', 'the server goes down now');
    await flow.terminal.waitForText('goes down now');
    await flow.seesPeople(2);
    flow.server.dies();
    await flow.terminal.waitForText('RECONNECTING');
    for (const text of ['restart server one', 'restart sever two', 'sell everything'])
      flow.types(text);
    await flow.shows('three posts wait, in order', /3 queued/);
    flow.keys(CTRL_O);
    await flow.shows('the outbox', /3 not stored yet/);
    flow.keys(KEYS.down, KEYS.down, 'd');
    await flow.shows('the last one dropped', /2 not stored yet/);
    flow.keys(KEYS.up, 'e');
    await flow.shows('the first one is in the composer again', /❯ restart server one/);
    flow.keys(' and three', KEYS.enter);
    await flow.shows('written anew it stands behind the other', /sever two.*one and three/);

    assert.equal(await flow.quits(), 0);
    await flow.again({ connected: false });
    await flow.shows('after a quit and a start without a server', /2 queued|No server answers/);
    await flow.server.returns();
    flow.server.lead();
    await flow.shows('sent when there is one', /sever two ✓.*one and three ✓/);
    flow.comes('bob');
    assert.deepEqual(flow.texts('bob'), [
      'the server goes down now',
      'restart sever two',
      'restart server one and three',
    ]);
  },
);

testFlow(
  'what a server refuses is given back with the reason',
  { golden: 'refusals' },
  async (flow) => {
    flow.types('/join nowhere');
    await flow.shows('a room that is none', /nowhere/);
    flow.types('/create lab');
    await flow.terminal.waitForText('#lab ❯');
    flow.types('/create general');
    await flow.shows('a room that exists', /general/);
    flow.types('/nick two words');
    await flow.shows('a name that is none', /is no name/);
    flow.keys(KEYS.ctrlC);
    await flow.shows('Ctrl+C clears the line', /#lab ❯/);
  },
);

testFlow(
  'what waits is tried again when one says so, and sent in order',
  { golden: 'outbox-retry', pace: 1 / 4 },
  async (flow) => {
    const { stage } = flow.server;
    flow.server.dies();
    await flow.terminal.waitForText('RECONNECTING');
    for (const count of ['one', 'two', 'three', 'four', 'five']) flow.types(`part ${count}`);
    flow.keys(CTRL_O);
    await flow.shows('five posts wait', /5 not stored yet/);
    await flow.server.returns();
    stage.commits = false;
    flow.server.lead();
    const before = stage.sequence;
    flow.keys('r');
    // Stored by none of the others yet: a room full of people would see nothing of them.
    await waitFor('all to be sent', () => stage.sequence === before + 5, 15_000);
    flow.keys(KEYS.escape);
    stage.commit(before + 2);
    await flow.shows('two of them are stored', /RESENDING 2 of 5, in order/);
    stage.commits = true;
    stage.commit();
    await flow.shows('all are', /part one.*part two.*part three.*part four.*part five ✓/);
  },
);

testFlow(
  'a post to a room that one has left elsewhere is refused with the reason, and its words are there',
  { golden: 'refused-post' },
  async (flow) => {
    flow.comes('bob');
    const ops = flow.creates('bob', 'ops');
    flow.types('/join ops');
    await flow.terminal.waitForText('#ops ❯');
    flow.server.dies();
    await flow.terminal.waitForText('RECONNECTING');
    flow.types('words for a room that alice leaves');
    await flow.shows('said without a server', /words for a room.*RECONNECTING/);
    // At another of her devices.
    flow.comes('alice');
    flow.asks('alice', { type: 'leaveRoom', room: ops });
    await flow.server.returns();
    flow.server.lead();
    await flow.shows('refused', /not sent/);
  },
);
