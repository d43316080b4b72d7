// What one does with a post that is there, in a real terminal: answer, edit, take back, react, look at its links.
import { type Flow, testFlow } from '../support/flow.ts';
import { KEYS } from '../support/terminal.ts';
import { waitFor } from '../support/wait-for.ts';

const ALT_S = '\u001bs';

const copied = (flow: Flow, text: string) =>
  flow.terminal.output().includes(`\u001b]52;c;${Buffer.from(text).toString('base64')}\u0007`);

testFlow(
  'posts are answered, edited, taken back and reacted to by keys on the chosen one',
  { golden: 'about-posts' },
  async (flow) => {
    flow.comes('bob');
    flow.later();
    const graph = flow.says('bob', 'the lag graph looks odd, see https://example.org/lag');
    flow.later();
    flow.says('bob', 'anyone?');
    flow.types('I look');
    await flow.terminal.waitForText(/I look +✓/);

    flow.keys(ALT_S);
    await flow.shows('the newest post is chosen, the keys for it in the last row', /r answer/);
    flow.keys(KEYS.up, KEYS.up, 'o');
    await flow.shows('the true address of a link', /https:\/\/example\.org\/lag /);
    flow.keys('y');
    await flow.shows('copied', /copied/);
    const text = 'the lag graph looks odd, see https://example.org/lag';
    await waitFor('the text on its way to the clipboard', () => copied(flow, text), 10_000);

    flow.keys(ALT_S, KEYS.up, KEYS.up, 'r');
    await flow.shows('an answer is written', /↳ bob ❯/);
    flow.later();
    flow.types('since when?');
    await flow.shows('the answer has the quote above it', /↳ bob: the lag graph.*since when\? ✓/);
    flow.keys(ALT_S, 'g');
    await flow.shows('from the answer to what it answers', /r answer/);
    flow.keys('+eyes');
    await flow.shows('an emoji is looked for by its name', /react with.*eyes/);
    flow.keys(KEYS.enter);
    await flow.shows('a reaction stands below', /👀.1/u);
    const { room } = { room: 'general' };
    flow.asks('bob', { type: 'react', room, post: graph, emoji: '👀', on: true });
    flow.asks('bob', { type: 'react', room, post: graph, emoji: '✅', on: true });
    await flow.shows('others react too', /👀.2.*✅.1/u);

    flow.keys(KEYS.up);
    await flow.shows('↑ in an empty line edits the last message', /edit ❯ since when\?/);
    flow.keys(KEYS.backspace);
    flow.types(' exactly?');
    await flow.shows('edited', /since when exactly\? \(edited\)/);
    flow.asks('bob', { type: 'editPost', room, post: graph, text: 'the lag graph is fine again' });
    await flow.shows('what bob edits changes in the quote too', /↳ bob: the lag graph is/);

    flow.keys(ALT_S, KEYS.up, 'd');
    await flow.shows('taking back asks first', /d again deletes it/);
    flow.keys('d');
    await flow.shows('taken back', /message deleted/);
    flow.asks('bob', { type: 'deletePost', room, post: graph });
    await flow.shows('what was answered is taken back', /↳ bob: message deleted/);
    flow.keys(ALT_S, KEYS.up, KEYS.up, KEYS.up, 'e');
    await flow.shows(
      'nobody edits the words of others',
      /only your own|not stored|cannot be edited/,
    );
  },
);
