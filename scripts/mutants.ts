// npm run mutants [-- --seeds 2000] [-- --only WORDS]: shows that the checkers see. Each deliberate mistake of
// test/mutants is simulated until an invariant breaks; one that survives is a hole in the checkers.
import { parseArgs } from 'node:util';
import { execa } from 'execa';
import { MUTANTS } from '../test/mutants/mutants.ts';

const HOOK = new URL('../test/mutants/mutate.ts', import.meta.url).href;
const SIMULATE = new URL('./simulate.ts', import.meta.url).pathname;

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '2000' },
    from: { type: 'string', default: String(Math.floor(Math.random() * 2 ** 32)) },
    only: { type: 'string', default: '' },
  },
});

let survivors = 0;
console.log(`up to ${values.seeds} seeds each, drawn from ${values.from}`);
for (const { name } of MUTANTS.filter((mutant) => mutant.name.includes(values.only))) {
  const words = ['--import', HOOK, SIMULATE, '--seeds', values.seeds, '--from', values.from];
  const { stdout, stderr, exitCode } = await execa(
    process.execPath,
    [...words, '--failures', '1'],
    { reject: false, env: { SYNCNET_MUTANT: name } },
  );
  const tally = /^(\d+) seeds,.* failed/m.exec(stdout);
  const broken = /^(InvariantBroken|AssertionError): (.*)$/m.exec(stdout);
  if (exitCode === 1 && tally && broken) {
    console.log(`caught after ${tally[1]} seeds  ${name}: ${broken[2]}`);
  } else if (exitCode === 0 && tally) {
    survivors += 1;
    console.log(`SURVIVED ${tally[1]} seeds  ${name}`);
  } else {
    survivors += 1;
    console.log(`BROKEN  ${name}: ${(stderr || stdout).slice(-600)}`);
  }
}
console.log(survivors === 0 ? 'every mutant was caught' : `${survivors} mutants were not caught`);
process.exitCode = survivors === 0 ? 0 : 1;
