// npm run bench:screen: how quick the screen is, measured in a real pseudo-terminal against real servers.
import { parseArgs } from 'node:util';
import { measureScreen } from '../bench/screen/measure.ts';
import { findingsOf, findingsTable } from '../bench/screen/report.ts';
import { Stage } from '../bench/screen/stage.ts';
import { machineText, record } from '../test/support/record.ts';

const USAGE = `Measures the built screen in a pseudo-terminal of 120x40, in a room of many posts: from a key to the frame
that shows it, quiet and with 2,500 posts a second coming in; start, idle cost, memory.

  npm run bench:screen                   everything, in some two minutes
  npm run bench:screen -- --minutes M    with traffic for so long: whether memory grows
  --posts N      in the open room beforehand (100000)
  --servers N    that run, 1 to 3 (1: what is measured is the screen, and two cores are few)
  --quick        fewer of everything, in some forty seconds
  --json         the figures as JSON
  --record       the figures go into docs/SCREEN-SPEED.md
  --profile DIR  a profile of the screen's processor time goes there
`;
const PAGE = 'SCREEN-SPEED.md';

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '0' },
    posts: { type: 'string', default: '100000' },
    servers: { type: 'string', default: '1' },
    quick: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    record: { type: 'boolean', default: false },
    profile: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});

async function main(): Promise<number> {
  if (values.help) {
    console.log(USAGE);
    return 0;
  }
  const [minutes, posts, servers] = [values.minutes, values.posts, values.servers].map(Number);
  const isUnderstood = [minutes, posts].every((number) => number !== undefined && number >= 0);
  if (!isUnderstood || ![1, 2, 3].includes(servers as number)) {
    console.error('expected --minutes and --posts as numbers, and --servers from 1 to 3');
    return 2;
  }
  const tell = (what: string) => process.stderr.write(`${what}…\n`);
  tell(`filling a room with ${posts} posts`);
  const stage = await Stage.set({ postsCount: posts as number, serversCount: servers as number });
  const quit = () => stage.close().finally(() => process.exit(1));
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, quit);
  try {
    const counts = values.quick
      ? { starts: 3, keys: 60, pages: 30, idleMs: 5_000 }
      : { starts: 10, keys: 300, pages: 100, idleMs: 20_000 };
    const figures = await measureScreen(stage, {
      ...counts,
      trafficMs: (minutes as number) * 60_000,
      onProgress: tell,
      nodeFlags: values.profile ? ['--cpu-prof', `--cpu-prof-dir=${values.profile}`] : [],
    });
    const findings = findingsOf(figures);
    const text = findingsTable(findings);
    console.log(values.json ? JSON.stringify(findings, null, 2) : text);
    if (values.record) {
      const words = process.argv.slice(2).filter((word) => word !== '--record');
      const command = ['npm run bench:screen', ...(words.length > 0 ? ['--', ...words] : [])];
      const head = `\`${command.join(' ')}\`, on ${machineText(Date.now())}:`;
      record('speed', `\n\n${head}\n\n${text}\n\n`, PAGE);
    }
    return 0;
  } finally {
    await stage.close();
  }
}

process.exitCode = await main();
process.exit();
