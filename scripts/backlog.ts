// npm run backlog [-- --posts 1000000] [-- --apart] [-- --record]: an empty server beside two that hold a long history,
// while a room talks. Ends with an error when anything that was said meanwhile is lost, doubled or out of order anywhere.
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { backlogLines, catchUpWith } from '../test/support/backlog.ts';
import { machineText, record } from '../test/support/record.ts';

const { values } = parseArgs({
  options: {
    posts: { type: 'string', default: '1000000' },
    /** The empty server has a core and a disk of its own, as on another machine. */
    apart: { type: 'boolean', default: false },
    /** The figures go into docs/RELIABILITY.md. */
    record: { type: 'boolean', default: false },
  },
});
const posts = Number(values.posts);
if (!Number.isSafeInteger(posts) || posts < 1) {
  console.error(`--posts: expected a number of posts, got ${values.posts}`);
  process.exit(2);
}
if (values.apart && (process.platform !== 'linux' || availableParallelism() < 2)) {
  console.error('--apart: needs Linux, for its taskset, and two cores');
  process.exit(2);
}
console.log(`${posts} posts are written into two directories first`);
const lines = backlogLines(await catchUpWith(posts, values.apart));
for (const line of lines) console.log(line);
if (values.record) {
  const items = [`${posts} posts in 1,000 rooms, on ${machineText(Date.now())}`, ...lines];
  record(
    values.apart ? 'backlog-apart' : 'backlog',
    `\n\n${items.map((item) => `- ${item}`).join('\n')}\n\n`,
  );
}
