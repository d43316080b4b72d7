// npm run mutants: shows that the checkers see. The scripted scenarios are played with each deliberate mistake of
// test/mutants. One that breaks an assertion, an invariant or a test there is caught; one that only makes a scenario tell
// another story is simulated too, and so is one that none of them shows. One that survives all is a hole in the checkers.
import { parseArgs } from 'node:util';
import { execa } from 'execa';
import type { Failure } from '../test/mutants/failures.ts';
import { MUTANTS, type Mutant } from '../test/mutants/mutants.ts';
import { machineText, record } from '../test/support/record.ts';

const USAGE = `Plays scenarios, tests and the simulator with one deliberate mistake at a time; each is to be caught.

  npm run mutants                       all of them
  npm run mutants -- --list             their names
  npm run mutants -- --only WORDS       those whose name has these words
  --seeds COUNT                         of the simulator, where nothing scripted catches it (2000)
  --from N                              drawn from N, not fresh ones
  --simulate                            leaves the scenarios and tests out
  --record                              the table goes into docs/RELIABILITY.md
`;

const HOOK = new URL('../test/mutants/mutate.ts', import.meta.url).href;
const SIMULATE = new URL('./simulate.ts', import.meta.url).pathname;
const REPORTER = new URL('../test/mutants/failures.ts', import.meta.url).pathname;
const SCENARIOS = new URL('../test/scenarios/scenarios.test.ts', import.meta.url).pathname;
/** All scenarios take two seconds. */
const SCENARIOS_MS_MAX = 120_000;

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '2000' },
    from: { type: 'string', default: String(Math.floor(Math.random() * 2 ** 32)) },
    only: { type: 'string', default: '' },
    simulate: { type: 'boolean', default: false },
    record: { type: 'boolean', default: false },
    list: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});
const chosen = MUTANTS.filter(({ name }) => name.includes(values.only));
if (values.help || values.list) {
  console.log(values.help ? USAGE : chosen.map(({ name }) => name).join('\n'));
  process.exit(0);
}
if (chosen.length === 0) {
  console.error(`no mutant's name has "${values.only}": --list tells their names`);
  process.exit(2);
}

/** `surely`: what was played came to an assertion, an invariant or a test, not only to another story. */
type Verdict = Readonly<{ isCaught: boolean; surely?: boolean; text: string }>;

/** @param mutant null for the product as it is */
async function run(mutant: string | null, words: readonly string[]) {
  const preloaded = mutant === null ? [] : ['--import', HOOK];
  const { stdout, stderr, exitCode } = await execa(process.execPath, [...preloaded, ...words], {
    reject: false,
    env: { SYNCNET_MUTANT: mutant ?? '' },
    timeout: words.includes('--test') ? SCENARIOS_MS_MAX : 0,
  });
  return { stdout, stderr, exitCode };
}

/** @returns null when every scenario, or test, came out as ever, but perhaps for some moments */
async function play({ name, test }: Mutant): Promise<Verdict | null> {
  const file = test === undefined ? SCENARIOS : new URL(`../${test}`, import.meta.url).pathname;
  const words = ['--test', `--test-reporter=${REPORTER}`, '--test-isolation=none', file];
  const { stdout, stderr, exitCode } = await run(name, words);
  if (exitCode === 0) return null;
  const lines = stdout.split('\n').filter((line) => line.startsWith('{'));
  const failures = lines.map((line) => JSON.parse(line) as Failure);
  // The file as a whole: it could not be loaded, so that no test of it says anything.
  const isLoaded = !failures.some(({ title }) => title.endsWith('.ts'));
  if (failures.length === 0 || !isLoaded)
    return { isCaught: false, text: `BROKEN  ${(stdout + stderr).slice(-600)}` };
  const broken = failures.filter(({ how }) => how === 'broken');
  const differ = failures.filter(({ how }) => how === 'differs');
  const telling = broken.length > 0 ? broken : differ;
  const [first] = telling;
  if (!first) return null;
  const others = telling.length > 1 ? ` and ${telling.length - 1} others` : '';
  const what = test === undefined ? 'scenario' : 'test';
  const how = broken.length > 0 ? `the ${what}` : `another story in the ${what}`;
  return {
    isCaught: true,
    surely: broken.length > 0,
    text: `${how} "${first.title}"${others}`,
  };
}

async function simulate(name: string): Promise<Verdict> {
  const words = [SIMULATE, '--seeds', values.seeds, '--from', values.from, '--failures', '1'];
  const { stdout, stderr, exitCode } = await run(name, words);
  const tally = /^(\d+) seeds,.* failed/m.exec(stdout);
  const broken = /^(InvariantBroken|AssertionError): (.*)$/m.exec(stdout);
  const seed = /^seed (\d+) failed /m.exec(stdout)?.[1];
  if (exitCode === 1 && tally && broken && seed !== undefined) {
    const unchanged = await run(null, [SIMULATE, '--seed', seed]);
    if (unchanged.exitCode !== 0)
      return { isCaught: false, text: `NOT SHOWN: seed ${seed} fails without it too` };
    return { isCaught: true, text: `after ${tally[1]} seeds: ${broken[2]}` };
  }
  if (exitCode === 0 && tally) return { isCaught: false, text: `survived ${tally[1]} seeds` };
  return { isCaught: false, text: `BROKEN  ${(stderr || stdout).slice(-600)}` };
}

const NOTHING: Verdict = { isCaught: false, text: '' };

async function judge(mutant: Mutant): Promise<{ played: Verdict; simulated: Verdict }> {
  const played = values.simulate ? NOTHING : ((await play(mutant)) ?? NOTHING);
  if (played.surely) return { played, simulated: NOTHING };
  return { played, simulated: await simulate(mutant.name) };
}

let survivors = 0;
const rows: string[] = [];
console.log(`the scenarios, then up to ${values.seeds} seeds each, drawn from ${values.from}`);
for (const mutant of chosen) {
  const { played, simulated } = await judge(mutant);
  const isCaught = played.isCaught || simulated.isCaught;
  if (!isCaught) survivors += 1;
  const texts = [played.text, simulated.text].filter((text) => text !== '');
  console.log(`${isCaught ? '' : 'NOT CAUGHT: '}${mutant.name}: ${texts.join('; ')}`);
  rows.push(`| ${mutant.name} | ${played.text} | ${simulated.text} |`);
}
if (values.record) {
  const head = '| deliberate mistake | shown by | simulated |\n| --- | --- | --- |';
  record('mutants', `\n\n${head}\n${rows.join('\n')}\n\nOn ${machineText(Date.now())}.\n\n`);
}
console.log(survivors === 0 ? 'every mutant was caught' : `${survivors} mutants were not caught`);
process.exitCode = survivors === 0 ? 0 : 1;
