// Every state of the connection as the screen tells it, in a real terminal, with three servers that die and lead when
// the story says so.
import assert from 'node:assert/strict';
import { type Flow, testFlow } from '../support/flow.ts';
import { StageServer } from '../support/stage-server.ts';
import { KEYS } from '../support/terminal.ts';

/** Two more servers, which follow the flow's own. */
async function followers(flow: Flow): Promise<StageServer[]> {
  const servers = await Promise.all([
    StageServer.open({ id: 'server1', ringPosition: 1 }),
    StageServer.open({ id: 'server2', ringPosition: 2 }),
  ]);
  for (const { stage } of servers) stage.follow('server3', 1, flow.server.address);
  flow.server.lead(servers);
  return servers;
}

testFlow(
  'the loss of a leader is told from beginning to end, and what is typed meanwhile is sent',
  { golden: 'connection', pace: 1 / 2 },
  async (flow, t) => {
    const [server1, server2] = (await followers(flow)) as [StageServer, StageServer];
    t.after(() => server1.close());
    t.after(() => server2.close());
    flow.comes('bob');
    flow.later();
    flow.says('bob', 'before');
    await flow.seesPeople(2);
    await flow.shows('connected: the leader and the round trip', /before/);
    flow.server.tells([server1], [server2]);
    await flow.shows('fewer copies than servers', /2 of 3 servers/);
    flow.server.tells([server1, server2]);
    await flow.terminal.waitWithout(/2 of 3 servers/);

    flow.server.freezes();
    await flow.shows('the leader is silent', /LEADER LOST server3 silent/);
    flow.types('typed without a leader');
    await flow.shows('what is typed is queued', /typed without a leader.*queued/);
    for (const { stage } of [server1, server2]) stage.follow(null);
    flow.server.dies();
    await flow.shows('the others have none yet', /ELECTING term/);

    for (const each of [server1, server2]) each.stage.catchUpFrom(flow.server.stage);
    server2.stage.commits = false;
    server2.lead([server1], [flow.server]);
    await flow.shows('the next leader is asked again', /RESENDING 0 of 1/);
    server2.stage.commits = true;
    server2.stage.commit();
    await flow.terminal.waitForText('RECOVERED');
    // In 40 columns it depends on the number of digits where the words are cut.
    if (flow.size !== '40x12') await flow.shows('recovered', /RECOVERED in \d+ ms/);

    server1.dies();
    server2.dies();
    await flow.shows('nobody answers any more', /RECONNECTING try/);
    flow.keys('drafts are written on');
    await flow.shows('and a draft is written on', /drafts are written on/);
    flow.keys(KEYS.ctrlC);
    assert.equal(await flow.quits(), 0);
  },
);

testFlow(
  'a start without a server says what was tried, and a start under the name of another asks for one',
  { golden: 'no-server', pace: 1 / 2 },
  async (flow) => {
    flow.comes('bob');
    flow.server.dies();
    assert.equal(await flow.quits(), 0);
    await flow.again({ connected: false, name: 'bob' });
    await flow.shows('no server', /No server answers.*connection refused/);
    // Before it is back: a screen that has found it by itself takes the letter for something else.
    flow.keys('r');
    await flow.server.returns();
    flow.server.lead();
    await flow.shows('the name is taken', /bob cannot sign in/);
    flow.keys('bo');
    await flow.shows('another is typed', /name ❯ bo/);
    flow.types('bby');
    await flow.shows('and taken', /bobby ● server3/);
  },
);
