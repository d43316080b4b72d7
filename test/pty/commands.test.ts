// Commands typed in a real terminal, each with what it does on the screen.
import { testFlow } from '../support/flow.ts';
import { KEYS } from '../support/terminal.ts';

testFlow('each command does what its help says', {}, async (flow) => {
  const { terminal } = flow;
  flow.comes('bob');
  flow.later();
  flow.says('bob', 'anyone?');
  await terminal.waitForText('anyone?');
  const does: readonly (readonly [command: string, shown: RegExp])[] = [
    ['/topic the lag', /#general · the l/],
    ['/reply I am', /↳ bob: anyone\?[\s\S]*I am +✓/],
    ['/edit I am here', /I am here \(edited\)/],
    ['/react :tada:', /🎉.1/u],
    ['/me waves', /alice waves +✓/],
    ['/retry', /connected already/],
    ['/rooms', /#general/],
    ['/who', /bob/],
    ['/nick bob', /bob is another account/],
    ['/topic', /give the topic/],
    ['/react', /which emoji/],
    ['/rooms now', /takes nothing behind it/],
  ];
  for (const [command, shown] of does) {
    flow.types(command);
    await terminal.waitForText(shown);
    // What was wrong is kept, to be mended.
    flow.keys(KEYS.ctrlC, ' ', KEYS.backspace);
  }
});

testFlow('a command takes back, opens and closes', {}, async (flow) => {
  const { terminal } = flow;
  flow.types('gone soon');
  await terminal.waitForText(/gone soon +✓/);
  flow.types('/delete');
  await terminal.waitForText(/again deletes it/);
  flow.keys('d');
  await terminal.waitForText('message deleted');
  flow.types('/outbox');
  await terminal.waitForText(/nothing is queued|QUEUED|queued/);
  // In one piece, as over a slow line.
  flow.keys(`${KEYS.escape}/copy${KEYS.enter}`);
  await terminal.waitForText(/select and copy/);
  flow.keys('x');
  await terminal.waitForText('#general ❯');
  flow.types('/help');
  await terminal.waitForText(/Esc closes/);
  flow.keys(KEYS.escape);
  await terminal.waitWithout(/Esc closes/);
});

testFlow('rooms are made, left, and people written to alone', {}, async (flow) => {
  const { terminal } = flow;
  flow.comes('bob');
  flow.types('/create ops What it is about');
  await terminal.waitForText('#ops ❯');
  await terminal.waitForText(/#ops · What/);
  flow.types('/leave');
  await terminal.waitForText('#general ❯');
  await terminal.waitWithout(/#ops/);
  flow.types('/dm bob hello');
  await terminal.waitForText(/bob ❯/u);
  await terminal.waitForText(/hello +✓/);
  flow.types('/1');
  await terminal.waitForText('#general ❯');
});
