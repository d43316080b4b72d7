// npm run torture -- --minutes M --seed N: real servers and clients under real faults, and a report.
import { cpSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { execa } from 'execa';
import { type Enclosure, enclosureHere, endAsked, runEnclosed } from '../test/torture/enclosure.ts';
import { openNetwork } from '../test/torture/network.ts';
import { reportText } from '../test/torture/report.ts';
import { loopback, Servers } from '../test/torture/servers.ts';
import { timelineSvg } from '../test/torture/timeline-svg.ts';
import { isHeld, type Outcome, torture } from '../test/torture/torture.ts';

const USAGE = `Tortures three real servers while real clients talk, and checks that every promise was kept.

  npm run torture                             one minute of faults from a fresh seed
  npm run torture -- --minutes M --seed N     faults drawn from the seed, for so long
  --loopback                                  signals and wiped directories only
  --report DIR                                where the page and its picture go, and after a broken promise the
                                              servers' logs and disks (torture-report in the temporary folder)
  --keep                                      the logs and disks go there in any case

Network faults need Linux, root, and Debian's packages iproute2 and iptables.
`;
const PICTURE = 'timeline.svg';
const IDS = ['server1', 'server2', 'server3'];

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '1' },
    seed: { type: 'string' },
    loopback: { type: 'boolean', default: false },
    report: { type: 'string', default: join(tmpdir(), 'torture-report') },
    keep: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

async function main(): Promise<number> {
  if (values.help) {
    console.log(USAGE);
    return 0;
  }
  const enclosure = enclosureHere();
  if (enclosure) return await inside(enclosure);
  const script = new URL(import.meta.url).pathname;
  const argv = process.argv.slice(2);
  return await runEnclosed({ script, argv, wantsNetwork: !values.loopback });
}

async function inside(enclosure: Enclosure): Promise<number> {
  const seed = values.seed ? Number(values.seed) : Math.floor(Math.random() * 2 ** 31);
  const command = `npm run torture -- --minutes ${values.minutes} --seed ${seed}${values.loopback ? ' --loopback' : ''}`;
  console.log(command);
  if (enclosure.mounts) await execa('mount', ['-t', 'tmpfs', 'tmpfs', '/run']);
  const network = enclosure.network ? await openNetwork(IDS) : null;
  const servers = new Servers(network?.place ?? (await loopback()), enclosure.directory);
  const signal = endAsked(() => servers.close().finally(() => process.exit(1)));
  try {
    const outcome = await torture({
      seed,
      durationMs: Number(values.minutes) * 60_000,
      servers,
      network,
      canMount: enclosure.mounts,
      signal,
      say: (line) => console.log(line),
    });
    const place = network ? 'each server in a network namespace of its own' : 'on loopback';
    const where = enclosure.missing ? `${place} (${enclosure.missing})` : place;
    writeReport(outcome, { where, command, servers });
    return isHeld(outcome) ? 0 : 1;
  } finally {
    await servers.close();
  }
}

function writeReport(
  outcome: Outcome,
  { where, command, servers }: { where: string; command: string; servers: Servers },
): void {
  const { report } = values;
  mkdirSync(report, { recursive: true });
  const text = reportText(outcome, { where, command, picture: PICTURE });
  const title = `${command}: ${isHeld(outcome) ? 'every promise was kept' : 'promises were broken'}`;
  writeFileSync(join(report, 'README.md'), text);
  writeFileSync(join(report, PICTURE), timelineSvg({ title, servers: IDS, ...outcome }));
  if (values.keep || !isHeld(outcome)) keepEvidence(outcome, servers);
  console.log(`\n${text}\nwritten to ${report}`);
}

/** What somebody needs who looks for the cause: what happened when, the logs, and the disks as they are. */
function keepEvidence(outcome: Outcome, { directory }: Servers): void {
  const evidence = join(values.report, 'evidence');
  rmSync(evidence, { recursive: true, force: true });
  cpSync(directory, evidence, { recursive: true });
  writeFileSync(join(evidence, 'outcome.json'), JSON.stringify(outcome, null, 1));
}

process.exit(await main());
