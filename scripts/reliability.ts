// npm run reliability [-- NAME…]: finds the figures of docs/RELIABILITY.md anew, and puts them there. One after
// the other: they measure time. `failover` is the whole table of failover times.
import { execa } from 'execa';

const RUNS: Readonly<Record<string, readonly string[]>> = {
  torture: ['--minutes', '5'],
  sigkill: ['--measure', 'sigkill', '--runs', '50'],
  sigterm: ['--measure', 'sigterm', '--runs', '50'],
  sigstop: ['--measure', 'sigstop', '--runs', '50'],
  cable: ['--measure', 'cable', '--runs', '50'],
  takeback: ['--measure', 'takeback', '--runs', '50'],
  etcd: ['--measure', 'etcd', '--runs', '50'],
  load: ['--measure', 'load', '--minutes', '10'],
};
const GROUPS: Readonly<Record<string, readonly string[]>> = {
  failover: ['sigkill', 'sigterm', 'sigstop', 'cable', 'takeback'],
};
const TORTURE = new URL('./torture.ts', import.meta.url).pathname;

const asked = process.argv.slice(2).flatMap((name) => GROUPS[name] ?? [name]);
const unknown = asked.filter((name) => !(name in RUNS));
if (unknown.length > 0) {
  const names = [...Object.keys(GROUPS), ...Object.keys(RUNS)];
  console.error(`expected some of ${names.join(', ')}, got ${unknown.join(', ')}`);
  process.exit(2);
}
for (const [name, words] of Object.entries(RUNS)) {
  if (asked.length > 0 && !asked.includes(name)) continue;
  console.log(`\n${name}`);
  const { exitCode } = await execa(process.execPath, [TORTURE, ...words, '--record'], {
    stdio: 'inherit',
    reject: false,
  });
  if (exitCode !== 0) process.exitCode = 1;
}
