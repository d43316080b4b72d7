// npm run backlog [-- --posts 1000000] [-- --silent] [-- --record]: an empty server beside two that hold a long history,
// while a room talks, or is silent. Ends with an error when anything that was said is lost, doubled or out of order anywhere.
import { parseArgs } from 'node:util';
import { backlogLines, catchUpWith } from '../test/support/backlog.ts';
import { machineText, record } from '../test/support/record.ts';

const { values } = parseArgs({
  options: {
    posts: { type: 'string', default: '1000000' },
    /** Nothing is said meanwhile. */
    silent: { type: 'boolean', default: false },
    /** The figures go into docs/RELIABILITY.md. */
    record: { type: 'boolean', default: false },
  },
});
const posts = Number(values.posts);
if (!Number.isSafeInteger(posts) || posts < 1) {
  console.error(`--posts: expected a number of posts, got ${values.posts}`);
  process.exit(2);
}
console.log(`${posts} posts are written into two directories first`);
const lines = backlogLines(await catchUpWith(posts, values.silent));
for (const line of lines) console.log(line);
if (values.record) {
  const items = [`${posts} posts in 1,000 rooms, on ${machineText(Date.now())}`, ...lines];
  record(
    values.silent ? 'backlog-silent' : 'backlog',
    `\n\n${items.map((item) => `- ${item}`).join('\n')}\n\n`,
  );
}
