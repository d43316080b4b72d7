// The pictures of README and docs/GUIDE.md: each a story in a real terminal, and the screen at its end.
// `npm run pictures` draws them; test/pty/pictures.test.ts looks whether the program still draws what they show.
import { Flow, type SizeName } from './flow.ts';
import { StageServer } from './stage-server.ts';
import { KEYS, type Terminal } from './terminal.ts';

export type Picture = Readonly<{
  /** Of the file, below docs/pictures. */
  name: string;
  /** Above the picture, and read by screen readers. */
  title: string;
  size: SizeName;
  settings?: string;
  /** 1 where a duration is shown: it is the true one then. */
  pace?: number;
  story: (flow: Flow) => Promise<void>;
}>;

const ALT_S = '\u001bs';
const CTRL_O = '\u000f';
const CTRL_R = '\u0012';

const idOf = new WeakMap<Flow, Readonly<{ ops: string; dev: string; random: string }>>();

function idsOf(flow: Flow) {
  const ids = idOf.get(flow);
  if (!ids) throw new Error('no rooms yet');
  return ids;
}

/** A morning in a team: rooms, people, talk; #ops is open. */
async function morning(flow: Flow): Promise<void> {
  flow.comes('bob');
  const ids = {
    ops: flow.creates('bob', 'ops'),
    dev: flow.creates('bob', 'dev'),
    random: flow.creates('bob', 'random'),
  };
  idOf.set(flow, ids);
  const topic = 'Incident room: server3 rollout';
  flow.asks('bob', { type: 'setTopic', room: ids.ops, topic });
  for (const name of ['carol', 'dave']) flow.comes(name, 'ops', 'dev', 'random');
  for (const room of ['ops', 'dev', 'random', 'ops']) {
    flow.types(`/join ${room}`);
    await flow.terminal.waitForText(`#${room} ❯`);
  }
  flow.later();
  flow.says('bob', 'deploying v2.4, watch the lag graph', ids.ops);
  flow.says('carol', 'looks fine here 日本語も OK', ids.ops);
  flow.later();
  await say(flow, 'ack');
}

/** Alice says it, and it is stored. */
async function say(flow: Flow, text: string): Promise<void> {
  flow.types(text);
  await shows(flow, new RegExp(`${text.replace(/[^\w]/g, '.').slice(-20)}[^\\n]*✓`, 'u'));
}

const shows = (flow: Flow, what: RegExp | string) => flow.terminal.waitForText(what);

/** Two more servers, in sync with the one that leads. */
async function three(flow: Flow): Promise<{ server1: StageServer; server2: StageServer }> {
  const server1 = await StageServer.open({ id: 'server1', ringPosition: 1 });
  const server2 = await StageServer.open({ id: 'server2', ringPosition: 2 });
  for (const { stage } of [server1, server2]) stage.follow('server3', 1, flow.server.address);
  flow.server.lead([server1, server2]);
  flow.whenClosed(() => server1.close());
  flow.whenClosed(() => server2.close());
  return { server1, server2 };
}

async function failover(flow: Flow): Promise<void> {
  const { server1, server2 } = await three(flow);
  await morning(flow);
  const { ops, dev, random } = idsOf(flow);
  flow.later();
  flow.says('dave', '@alice review, please?', dev);
  flow.says('dave', 'lunch at one', random);
  flow.says('bob', '@alice what if the leader dies right now?', ops);
  await shows(flow, 'right now');
  flow.later();
  await say(flow, "let's see 👀");
  flow.server.dies();
  for (const each of [server1, server2]) {
    each.stage.wallMs = flow.server.stage.wallMs + 60_000;
    each.stage.catchUpFrom(flow.server.stage);
  }
  flow.types('still here, nothing lost');
  // In the outbox, and no longer where it was written: else it may be sent only when all is well again.
  await shows(flow, /still here, nothing lost[\s\S]*#ops ❯ *\n/);
  server2.lead([server1], [flow.server]);
  flow.movesTo(server2);
  await shows(flow, /nothing lost +✓/);
  await shows(flow, 'RECOVERED');
  flow.comes('carol');
  flow.says('carol', 'did anything happen? 😄', ops);
  await shows(flow, 'did anything happen');
  flow.keys('server2 took over before I looked');
  await shows(flow, 'before I looked');
}

async function waiting(flow: Flow): Promise<void> {
  await morning(flow);
  flow.server.dies();
  await shows(flow, 'RECONNECTING');
  flow.types('restarting server1 now');
  flow.types('tail -f attached');
  await shows(flow, /2 queued/);
}

/** In the order in which the guide has them. */
export const PICTURES: readonly Picture[] = [
  {
    name: 'first-start',
    title: 'SyncNet: the first start',
    size: '80x24',
    story: async (flow) => {
      await three(flow);
      await say(flow, 'hello, is anybody here?');
    },
  },
  {
    name: 'no-server',
    title: 'SyncNet: a start without a server',
    size: '80x24',
    story: async (flow) => {
      await flow.quits();
      flow.server.dies();
      await flow.again({ connected: false, name: 'alice' });
      await shows(flow, 'No server answers');
    },
  },
  {
    name: 'rooms',
    title: 'SyncNet: rooms, unread, and who is there',
    size: '120x40',
    story: async (flow) => {
      await three(flow);
      await morning(flow);
      const { ops, dev, random } = idsOf(flow);
      flow.keys('\u001b1');
      await shows(flow, '#general ❯');
      flow.later(3);
      flow.says('bob', '@alice can you check the leader?', ops);
      flow.says('dave', 'server3 leads again, term 9', ops);
      flow.says('carol', '@alice the migration is ready for review', dev);
      for (const text of ['lunch?', 'ramen', 'ramen it is']) flow.says('dave', text, random);
      flow.goes('dave');
      await shows(flow, /#random +3/);
      flow.keys('\u001b2');
      await shows(flow, '#ops ❯');
      await shows(flow, '2 new messages');
    },
  },
  {
    name: 'reading',
    title: 'SyncNet: reading above the end',
    size: '80x24',
    story: async (flow) => {
      await morning(flow);
      const { ops } = idsOf(flow);
      for (let line = 1; line <= 40; line += 1) {
        if (line % 4 === 0) flow.later();
        flow.says(line % 3 === 0 ? 'carol' : 'bob', `step ${line} of the rollout is done`, ops);
      }
      await shows(flow, 'step 40 ');
      flow.keys(KEYS.pageUp);
      await shows(flow, 'to follow');
      flow.says('bob', 'and that was the last', ops);
      await shows(flow, /newer/);
    },
  },
  {
    name: 'failover',
    title: 'SyncNet: the leader was killed, and nobody noticed but the status row',
    size: '80x24',
    pace: 1,
    story: failover,
  },
  {
    name: 'waiting',
    title: 'SyncNet: no server for a while, and what is typed waits',
    size: '80x24',
    story: waiting,
  },
  {
    name: 'outbox',
    title: 'SyncNet: the outbox',
    size: '80x24',
    story: async (flow) => {
      await waiting(flow);
      flow.keys(CTRL_O);
      await shows(flow, 'not stored yet');
    },
  },
  {
    name: 'messages',
    title: 'SyncNet: an answer, reactions, an edit, and the keys of a chosen message',
    size: '80x24',
    story: async (flow) => {
      await morning(flow);
      const { ops } = idsOf(flow);
      flow.later();
      const asked = flow.says('bob', 'who restarts server1?', ops);
      await shows(flow, 'who restarts');
      flow.keys(ALT_S, 'r');
      await shows(flow, '↳ bob ❯');
      flow.types('I do, in a minute');
      await shows(flow, /in a minute +✓/);
      flow.later();
      for (const name of ['bob', 'carol'])
        flow.asks(name, { type: 'react', room: ops, post: asked, emoji: '👍', on: true });
      flow.asks('carol', { type: 'react', room: ops, post: asked, emoji: '🎉', on: true });
      flow.keys(KEYS.up);
      await shows(flow, 'edit ❯');
      flow.types(', after the backup');
      await shows(flow, '(edited)');
      flow.types('/me puts the kettle on');
      await shows(flow, 'kettle on');
      flow.says('dave', 'thanks', ops);
      await shows(flow, 'thanks');
      flow.keys(ALT_S);
      await shows(flow, 'r answer');
    },
  },
  {
    name: 'markdown',
    title: 'SyncNet: code, links and a little Markdown',
    size: '80x24',
    story: async (flow) => {
      await morning(flow);
      const { dev } = idsOf(flow);
      flow.types('/join dev');
      await shows(flow, '#dev ❯');
      flow.says(
        'bob',
        'the **fix** is `retry(3)`, see [the review](https://example.org/r/42)',
        dev,
      );
      flow.later();
      flow.says(
        'bob',
        '```ts\nconst MAX = 3; // more never helped\nfor (let n = 0; n < MAX; n += 1) {\n  await send(n);\n}\n```',
        dev,
      );
      await shows(flow, 'await send');
      flow.later();
      flow.types('*nice*, merged');
      await shows(flow, /merged +✓/);
      flow.keys('two lines', KEYS.ctrlJ, 'in one message :tad');
      flow.keys(KEYS.tab);
      await shows(flow, '🎉');
    },
  },
  {
    name: 'search',
    title: 'SyncNet: search',
    size: '80x24',
    story: async (flow) => {
      await morning(flow);
      const { dev, random } = idsOf(flow);
      flow.says('carol', 'the lag of the replicas is back to normal', dev);
      flow.says('dave', 'jet lag. coffee, anyone?', random);
      flow.keys(CTRL_R, 'lag');
      await shows(flow, 'jet lag');
    },
  },
  {
    name: 'switcher',
    title: 'SyncNet: a room by a few letters',
    size: '80x24',
    story: async (flow) => {
      await morning(flow);
      flow.keys(KEYS.ctrlK, 'd');
      await shows(flow, /❯ d/);
    },
  },
  {
    name: 'direct',
    title: 'SyncNet: a conversation of two',
    size: '80x24',
    story: async (flow) => {
      await morning(flow);
      flow.types('/msg bob is it the disk again?');
      await shows(flow, /disk again\? +✓/);
      const room = flow.directRoom('bob');
      flow.later();
      flow.says('bob', 'looks like it. Not in #ops, please :)', room);
      await shows(flow, 'looks like it');
    },
  },
  {
    name: 'narrow',
    title: 'SyncNet: 40x12',
    size: '40x12',
    story: async (flow) => {
      await morning(flow);
      flow.keys('checking the logs');
      await shows(flow, '❯ checking');
    },
  },
  {
    name: 'ascii',
    title: 'SyncNet: glyphs = "ascii", theme = "high-contrast"',
    size: '80x24',
    settings: 'glyphs = "ascii"\ntheme = "high-contrast"\n',
    story: async (flow) => {
      flow.comes('bob');
      flow.later();
      flow.says('bob', '@alice which terminal is that?');
      await shows(flow, 'which terminal');
      flow.types('a very old one');
      await shows(flow, /old one +v/);
    },
  },
];

/** Goes through the story of a picture, and hands over the terminal at its end. */
export async function atTheEndOf<T>(
  { size, settings, pace, story }: Picture,
  use: (terminal: Terminal) => Promise<T>,
): Promise<T> {
  const flow = await Flow.open({
    size,
    ...(settings === undefined ? {} : { settings }),
    ...(pace === undefined ? {} : { pace }),
  });
  try {
    await story(flow);
    return await use(flow.terminal);
  } finally {
    await flow.close();
  }
}

/** Where the picture of that name is. */
export const pictureUrl = (name: string) =>
  new URL(`../../docs/pictures/${name}.svg`, import.meta.url);
