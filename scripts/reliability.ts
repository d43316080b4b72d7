// npm run reliability [-- NAME…]: finds the figures of docs/RELIABILITY.md anew, and puts them there. One after
// the other: they measure time. `failover` is the whole table of failover times.
import { execa } from 'execa';

/** The script of each, and its words. */
const RUNS: Readonly<Record<string, readonly [string, ...string[]]>> = {
  mutants: ['mutants.ts'],
  simulate: ['simulate.ts', '--minutes', '30'],
  torture: ['torture.ts', '--minutes', '5'],
  sigkill: ['torture.ts', '--measure', 'sigkill', '--runs', '50'],
  sigterm: ['torture.ts', '--measure', 'sigterm', '--runs', '50'],
  sigstop: ['torture.ts', '--measure', 'sigstop', '--runs', '50'],
  cable: ['torture.ts', '--measure', 'cable', '--runs', '50'],
  takeback: ['torture.ts', '--measure', 'takeback', '--runs', '50'],
  etcd: ['torture.ts', '--measure', 'etcd', '--runs', '50'],
  backlog: ['backlog.ts'],
  'backlog-silent': ['backlog.ts', '--silent'],
  load: ['torture.ts', '--measure', 'load', '--minutes', '10'],
};
const GROUPS: Readonly<Record<string, readonly string[]>> = {
  failover: ['sigkill', 'sigterm', 'sigstop', 'cable', 'takeback'],
};
const asked = process.argv.slice(2).flatMap((name) => GROUPS[name] ?? [name]);
const unknown = asked.filter((name) => !(name in RUNS));
if (unknown.length > 0) {
  const names = [...Object.keys(GROUPS), ...Object.keys(RUNS)];
  console.error(`expected some of ${names.join(', ')}, got ${unknown.join(', ')}`);
  process.exit(2);
}
for (const [name, [script, ...words]] of Object.entries(RUNS)) {
  if (asked.length > 0 && !asked.includes(name)) continue;
  console.log(`\n${name}`);
  const { pathname } = new URL(`./${script}`, import.meta.url);
  const { exitCode } = await execa(process.execPath, [pathname, ...words, '--record'], {
    stdio: 'inherit',
    reject: false,
  });
  if (exitCode !== 0) process.exitCode = 1;
}
