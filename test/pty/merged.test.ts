// What people said on the other side of a split, as it comes to light in a real terminal when the sides meet again.
import assert from 'node:assert/strict';
import { ChatStage } from '../support/chat-stage.ts';
import { testFlow } from '../support/flow.ts';
import { knownPerson } from '../support/known-people.ts';
import { KEYS } from '../support/terminal.ts';

testFlow(
  'what the other side of a split said stands in its place, marked, and draft and reading place stay',
  { golden: 'merged' },
  async (flow) => {
    flow.comes('bob');
    const ops = flow.creates('bob', 'ops');
    flow.types('/join ops');
    await flow.terminal.waitForText('#ops ❯');
    flow.later();
    flow.says('bob', 'before the split', ops);

    const other = new ChatStage({ id: 'server2', ringPosition: 2 });
    other.catchUpFrom(flow.server.stage);
    other.wallMs = flow.server.stage.wallMs;
    other.lead({ copies: 1, term: 9 });
    const carol = other.join(knownPerson('carol'));
    other.request(carol, { type: 'joinRoom', name: 'ops' });
    for (const text of ['on the other side', 'so am I', 'anyone here?']) {
      other.wallMs += 60_000;
      other.post(carol, text, ops);
    }

    flow.later(10);
    flow.says('bob', 'on this side', ops);
    flow.keys('half a thought');
    await flow.shows('each side hears its own only', /on this side.*half a thought/);

    flow.server.stage.catchUpFrom(other);
    flow.server.lead();
    await flow.shows('what the other side said', /(merged|other side) .*half a thought/);
    flow.later();
    flow.says('bob', 'all here again', ops);
    await flow.shows('and the room goes on below', /all here again/);

    flow.keys(KEYS.ctrlC);
    flow.types('seen it');
    await flow.terminal.waitForText(/seen it/);
    assert.deepEqual(flow.texts('bob', ops), [
      'before the split',
      ...['on the other side', 'so am I', 'anyone here?'],
      ...['on this side', 'all here again', 'seen it'],
    ]);
  },
);

testFlow(
  'who reads further up when the sides meet stays at what is read',
  { sizes: ['80x24'] },
  async (flow) => {
    flow.comes('bob');
    for (let line = 1; line <= 60; line += 1) flow.says('bob', `line ${line} of the night`);
    await flow.terminal.waitForText('line 60 of');
    const other = new ChatStage({ id: 'server2', ringPosition: 2 });
    other.catchUpFrom(flow.server.stage);
    other.wallMs = flow.server.stage.wallMs;
    other.lead({ copies: 1, term: 9 });
    const carol = other.join(knownPerson('carol'));
    for (let line = 1; line <= 5; line += 1) other.post(carol, `other side ${line}`);
    flow.server.stage.wallMs += 60_000;
    flow.says('bob', 'after the split');
    await flow.terminal.waitForText('after the split');
    flow.keys(KEYS.pageUp, KEYS.pageUp);
    await flow.terminal.waitForText(/newer/);
    await flow.terminal.settled(300);
    const readHere = () => flow.terminal.screen().filter((row) => / of the night/.test(row));
    const before = readHere();
    flow.server.stage.catchUpFrom(other);
    flow.server.lead();
    await flow.terminal.waitForText(/5 messages from the other side|[67] newer|\d+ newer/);
    await flow.terminal.settled(300);
    assert.deepEqual(readHere(), before);
    flow.keys(KEYS.end);
    await flow.terminal.waitForText('after the split');
    await flow.terminal.waitForText(/merged after a split[\s\S]*other side 5/);
  },
);
