// npm run bench [-- WORK…]: measures SyncNet beside the servers that people would pick instead, in the same run and
// through the same generator, and says who was faster, at which cost, and what held it up.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { release, tmpdir, type } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { machineText, record } from '../test/support/record.ts';
import { setPriority } from './children.ts';
import { GOALS, goalsText } from './goals.ts';
import { barsSvg } from './plot.ts';
import { reportText, rowsOf } from './report.ts';
import { type Results, readResults, writeResults } from './results.ts';
import { falls, fallText } from './short.ts';
import { profileInto } from './systems/syncnet.ts';
import type { System } from './systems/system.ts';
import { withLock } from './turn-taking.ts';
import { coresOf } from './works/driving.ts';
import type { Metric, Sample, Work } from './works/work.ts';
import { WORKS } from './works/works.ts';

const USAGE = `Measures SyncNet beside other servers, on loopback: who is faster, at which cost, and what holds it up.

  npm run bench                     all works: ${WORKS.map(({ name }) => name).join(', ')}
  npm run bench -- fanout latency   only these
  --short           a minute of it, which fails when a ratio to the best peer has halved since it was recorded
  --runs N          runs of each, in which every server has its turn; 5 by default
  --seconds S       how long each window lasts, instead of what the work takes by itself
  --minutes M       after which a run begins nothing more; 60 by default
  --posts N         stored before the work "history" begins; 10,000,000 by default
  --only NAME,…     only servers whose name contains one of these words
  --record          the figures and plots go into docs/PERFORMANCE.md, the raw ones into bench/results
  --more            adds to the runs that are recorded there, instead of replacing them
  --priority N      servers and generator come before what else runs here: 0, the default, to 20, which needs root
  --profile DIR     where SyncNet's processor time goes, as profiles of its daemons in that folder; it is slower then
  --lock FILE       holds this lock during each run, so that several who measure take turns
  --port-base PORT  first of a thousand ports that the servers take; 25000 by default

The other servers come from Debian's packages: bench/install-peers. One that is not installed is left out, and named.
`;
const PAGE = 'PERFORMANCE.md';
/** Every server gets so many ports, each start the next ones, so that none waits for a port of the one before. */
const PORTS_EACH = 50;
const PORTS_COUNT = 1_000;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    runs: { type: 'string', default: '5' },
    seconds: { type: 'string' },
    only: { type: 'string' },
    short: { type: 'boolean', default: false },
    record: { type: 'boolean', default: false },
    more: { type: 'boolean', default: false },
    priority: { type: 'string', default: '0' },
    minutes: { type: 'string', default: '60' },
    posts: { type: 'string', default: '10000000' },
    profile: { type: 'string' },
    lock: { type: 'string' },
    'port-base': { type: 'string', default: '25000' },
    help: { type: 'boolean', default: false },
  },
});

const say = (line: string) => console.log(line);
const directory = mkdtempSync(join(tmpdir(), 'syncnet-bench-'));
process.once('exit', () => rmSync(directory, { recursive: true, force: true }));

let placesCount = 0;

function place(system: System) {
  const offset = (placesCount * PORTS_EACH) % PORTS_COUNT;
  placesCount += 1;
  const own = join(directory, String(placesCount));
  mkdirSync(own);
  const portBase = Number(values['port-base']) + offset;
  return { directory: own, portBase, cores: coresOf(system).server };
}

function isAsked({ name }: System): boolean {
  const words = values.only?.toLowerCase().split(',') ?? [''];
  return words.some((word) => name.toLowerCase().includes(word));
}

/** One run of a work: every server once. */
function round(work: Work, turn: number): Promise<readonly Sample[]> {
  const short = values.short ? work.short : null;
  const windowMs = values.seconds
    ? Number(values.seconds) * 1_000
    : (short?.windowMs ?? work.windowMs);
  const isWanted = (system: System) =>
    isAsked(system) && (short?.systems.includes(system.name) ?? true);
  const isCase = (name: string) => short?.cases.includes(name) ?? true;
  const once = () => {
    const untilMs = performance.now() + Number(values.minutes) * 60_000;
    const isOver = () => performance.now() > untilMs;
    const posts = Number(values.posts);
    return work.round({ windowMs, posts, place, isWanted, isCase, isOver, turn, say });
  };
  return values.lock ? withLock(values.lock, once) : once();
}

/** A fall that is not there the second time was the machine's. */
const SHORT_TRIES = 2;

/** Whether SyncNet held its place against the peers since the results were recorded. */
async function measureShort(work: Work): Promise<boolean> {
  const recorded = readResults(work.name);
  if (!recorded || !work.short) return true;
  for (let attempt = 1; attempt <= SHORT_TRIES; attempt += 1) {
    say(`\n${work.name}, short${attempt > 1 ? ', once more' : ''}`);
    const found = falls(work, await round(work, 0), recorded);
    for (const fall of found) say(fallText(fall));
    if (found.length === 0) say(`${work.name}: nothing to compare: no peer is installed`);
    if (found.every(({ isFall }) => !isFall)) return true;
  }
  return false;
}

async function measure(work: Work): Promise<void> {
  const priority = Number(values.priority) === 0 ? '' : ` --priority ${values.priority}`;
  const posts = work.name === 'history' ? ` --posts ${values.posts}` : '';
  const seconds = values.seconds ? ` --seconds ${values.seconds}` : '';
  const command = `npm run bench -- ${work.name}${posts}${seconds}${priority}`;
  const before = values.more ? (readResults(work.name)?.runs ?? []) : [];
  const runs: (readonly Sample[])[] = [...before];
  for (let run = 1; run <= Number(values.runs); run += 1) {
    say(`\n${work.name}, run ${run} of ${values.runs}`);
    runs.push(await round(work, runs.length));
  }
  if (runs.flat().length === 0) return say(`${work.name}: nothing was measured`);
  const machine = machineText(Date.now());
  const results: Results = {
    work: work.name,
    machine,
    kernel: `${type()} ${release()}`,
    command,
    runs,
  };
  const text = reportText(work, results);
  say(`\n## ${work.title}\n\n${text}`);
  if (values.record) recordAll(work, results, text);
}

function recordAll(work: Work, results: Results, text: string): void {
  writeResults(results);
  const picture = `bench-${work.name}.svg`;
  const [main] = work.metrics as readonly [Metric];
  const byCase = Map.groupBy(results.runs.flat(), (sample) => sample.case);
  const groups = [...byCase].map(([name, own]) => ({ name, rows: rowsOf(own, work.metrics) }));
  const file = new URL(`../docs/${picture}`, import.meta.url);
  writeFileSync(file, barsSvg(work.title, groups, main));
  const figures = `\n\n![${work.title}](${picture})\n\n${text}\n\n`;
  record(work.name, figures, PAGE);
  record('goals', `\n\n${goalsText(GOALS, readResults)}\n\n`, PAGE);
}

async function main(): Promise<number> {
  if (values.help) {
    say(USAGE);
    return 0;
  }
  const unknown = positionals.filter((name) => !WORKS.some((work) => work.name === name));
  if (unknown.length > 0) {
    console.error(
      `expected some of ${WORKS.map(({ name }) => name).join(', ')}, got ${unknown.join(', ')}`,
    );
    return 2;
  }
  setPriority(Number(values.priority));
  if (values.profile !== undefined) profileInto(values.profile);
  const wanted = WORKS.filter(({ name }) => positionals.length === 0 || positionals.includes(name));
  let isHeld = true;
  for (const work of wanted) {
    if (!values.short) await measure(work);
    else isHeld = (await measureShort(work)) && isHeld;
  }
  return isHeld ? 0 : 1;
}

process.exit(await main());
