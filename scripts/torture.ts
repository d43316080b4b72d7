// npm run torture -- --minutes M --seed N: real servers and clients under real faults, and a report.
import { cpSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { execa } from 'execa';
import { MUTANTS, type Mutant } from '../test/mutants/mutants.ts';
import { machineText, record } from '../test/support/record.ts';
import { isHeld } from '../test/torture/audit.ts';
import { compare, etcdVersion } from '../test/torture/compare.ts';
import { type Enclosure, enclosureHere, endAsked, runEnclosed } from '../test/torture/enclosure.ts';
import { endure } from '../test/torture/endurance.ts';
import { MEASURES, type MeasureOptions, measure } from '../test/torture/measure.ts';
import {
  comparedText,
  enduranceText,
  measureCells,
  measureText,
} from '../test/torture/measure-report.ts';
import { openNetwork } from '../test/torture/network.ts';
import { FAULT_KINDS, type FaultKind, possibleKinds } from '../test/torture/plan.ts';
import { reportText } from '../test/torture/report.ts';
import { loopback, Servers } from '../test/torture/servers.ts';
import { timelineSvg } from '../test/torture/timeline-svg.ts';
import { type Outcome, type TortureOptions, torture } from '../test/torture/torture.ts';

const USAGE = `Tortures three real servers while real clients talk, and checks that every promise was kept.

  npm run torture                             one minute of faults from a fresh seed
  npm run torture -- --minutes M --seed N     faults drawn from the seed, for so long
  npm run torture -- --measure WHAT --runs R  how long people notice it: sigkill, sigterm, sigstop, takeback, cable
  npm run torture -- --measure etcd --runs R  SIGKILL of the leader, beside etcd's (Debian's package etcd-server)
  npm run torture -- --measure load --minutes M  servers that were called dead while all cores were busy
  --most N                                    so many are no failure, on a machine that others use too: 0 by default
  --faults KIND,…                             only these: ${FAULT_KINDS.join(', ')}
  --loopback                                  signals and wiped directories only
  --report DIR                                where the page and its picture go, and after a broken promise the
                                              servers' logs and disks (torture-report in the temporary folder)
  --mutant WORDS                              servers with one of the deliberate mistakes of test/mutants: the run
                                              is to find that promises were broken
  --record                                    the figures go into docs/RELIABILITY.md
  --keep                                      the logs and disks go there in any case

Network faults need Linux, root, and Debian's packages iproute2 and iptables.
`;
/** One measured failover, with what it takes to be ready for the next one; etcd's two clusters included. */
const RUN_MS_MAX = 30_000;
/** All waits at the end of a run together, each of which is bounded by a minute. */
const END_MS_MAX = 600_000;
const PICTURE = 'timeline.svg';
const RECORDED_PICTURE = 'torture-timeline.svg';
const IDS = ['server1', 'server2', 'server3'];

const { values } = parseArgs({
  options: {
    record: { type: 'boolean', default: false },
    minutes: { type: 'string', default: '1' },
    seed: { type: 'string' },
    measure: { type: 'string' },
    runs: { type: 'string', default: '50' },
    most: { type: 'string', default: '0' },
    loopback: { type: 'boolean', default: false },
    report: { type: 'string', default: join(tmpdir(), 'torture-report') },
    faults: { type: 'string' },
    mutant: { type: 'string' },
    keep: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

const measured = MEASURES.find((name) => name === values.measure);
// What is measured is measured on loopback, where no bridge adds to it; a cable needs one.
const isLoad = values.measure === 'load';
const isEtcd = values.measure === 'etcd';
const wantsNetwork = values.measure ? measured === 'cable' : !values.loopback;

function wantedKinds(): FaultKind[] | null {
  return values.faults ? (values.faults.split(',') as FaultKind[]) : null;
}

function wantedMutant(): Mutant | undefined {
  const words = values.mutant;
  return words === undefined ? undefined : MUTANTS.find(({ name }) => name.includes(words));
}

/** How long the run lasts when nothing hangs. */
function expectedMs(): number {
  const isCounted = measured || isEtcd;
  return isCounted ? Number(values.runs) * RUN_MS_MAX : Number(values.minutes) * 60_000;
}

async function main(): Promise<number> {
  if (values.help) {
    console.log(USAGE);
    return 0;
  }
  for (const name of ['minutes', 'runs', 'seed', 'most'] as const) {
    const given = values[name];
    if (given === undefined || (Number(given) >= 0 && given.trim() !== '')) continue;
    console.error(`--${name}: expected a number, got ${given}`);
    return 2;
  }
  const unknown = wantedKinds()?.filter((kind) => !FAULT_KINDS.includes(kind)) ?? [];
  if (unknown.length > 0) {
    console.error(
      `--faults: expected some of ${FAULT_KINDS.join(', ')}, got ${unknown.join(', ')}`,
    );
    return 2;
  }
  if (values.measure && !measured && !isLoad && !isEtcd) {
    console.error(
      `--measure: expected one of ${MEASURES.join(', ')}, etcd, load, got ${values.measure}`,
    );
    return 2;
  }
  if (values.mutant !== undefined && !wantedMutant()) {
    console.error(`--mutant: no mistake of test/mutants has the words ${values.mutant}`);
    return 2;
  }
  const enclosure = enclosureHere();
  if (enclosure) return await inside(enclosure);
  const script = new URL(import.meta.url).pathname;
  const timeoutMs = expectedMs() + END_MS_MAX;
  return await runEnclosed({ script, argv: process.argv.slice(2), wantsNetwork, timeoutMs });
}

async function inside(enclosure: Enclosure): Promise<number> {
  if (enclosure.mounts) await execa('mount', ['-t', 'tmpfs', 'tmpfs', '/run']);
  const network = enclosure.network ? await openNetwork(IDS) : null;
  const place = network?.place ?? (await loopback());
  const servers = new Servers(place, enclosure.directory, wantedMutant()?.name);
  const signal = endAsked(() => abandon(servers, enclosure));
  const seed = values.seed ? Number(values.seed) : Math.floor(Math.random() * 2 ** 31);
  const say = (line: string) => console.log(line);
  const common = { seed, servers, network, signal, say };
  try {
    if (measured)
      return await runMeasure({ ...common, measure: measured, runs: Number(values.runs) });
    const durationMs = Number(values.minutes) * 60_000;
    if (isEtcd) return await runEtcd({ ...common, measure: 'sigkill', runs: Number(values.runs) });
    if (isLoad) return await runLoad({ ...common, durationMs });
    const kinds = { canMount: enclosure.mounts, only: wantedKinds() };
    const possible = possibleKinds({ network: network !== null, disk: enclosure.mounts });
    const impossible = kinds.only?.filter((kind) => !possible.includes(kind)) ?? [];
    if (impossible.length > 0) {
      const why = enclosure.missing || '--loopback leaves out the network';
      console.error(`--faults: ${impossible.join(', ')} cannot be done here: ${why}`);
      return 2;
    }
    return await runTorture({ ...common, ...kinds, durationMs }, enclosure);
  } finally {
    await servers.close();
  }
}

/** Nobody is left to remove what was written: done here, small disks taken away first. */
async function abandon(servers: Servers, { directory }: Enclosure): Promise<void> {
  await servers.close();
  for (const id of servers.ids) {
    await execa('umount', ['--lazy', servers.dataDirectory(id)], { reject: false });
  }
  rmSync(directory, { recursive: true, force: true });
  process.exit(1);
}

async function runMeasure(options: MeasureOptions): Promise<number> {
  if (options.measure === 'cable' && !options.network) {
    console.error('a cable is pulled in network namespaces only: root, iproute2 and iptables');
    return 2;
  }
  const found = await measure(options);
  const command = `npm run torture -- --measure ${options.measure} --runs ${options.runs}`;
  const of = { measure: options.measure, command };
  console.log(`\n${measureText(found, of)}`);
  recordIfAsked(options.measure, measureCells(found, of));
  return isHeld(found) ? 0 : 1;
}

function recordIfAsked(name: string, figures: string): void {
  if (!values.record) return;
  record(name, figures);
  record('machine', machineText(Date.now()));
}

async function runEtcd(options: MeasureOptions): Promise<number> {
  const version = await etcdVersion();
  if (version === null) {
    console.error('--measure etcd: etcd is not installed; on Debian: apt-get install etcd-server');
    return 2;
  }
  const compared = await compare(options, version);
  const command = `npm run torture -- --measure etcd --runs ${options.runs}`;
  const text = comparedText(compared, command);
  console.log(`\n${text}`);
  recordIfAsked('etcd', `\n\n${text}\n\n`);
  return isHeld(compared.syncnet) ? 0 : 1;
}

async function runLoad(options: Parameters<typeof endure>[0]): Promise<number> {
  const endured = await endure(options);
  const command = `npm run torture -- --measure load --minutes ${values.minutes}`;
  const text = enduranceText(endured, command);
  console.log(text);
  recordIfAsked('load', `\n\n${text}\n\n`);
  const { suspicions, viewChanges } = endured;
  return isHeld(endured) && suspicions + viewChanges <= Number(values.most) ? 0 : 1;
}

async function runTorture(options: TortureOptions, { missing }: Enclosure): Promise<number> {
  const { minutes, loopback: isLoopback } = values;
  const only = values.faults ? ` --faults ${values.faults}` : '';
  const mutant = wantedMutant() ? ` --mutant '${wantedMutant()?.name}'` : '';
  const where = `${only}${isLoopback ? ' --loopback' : ''}${mutant}`;
  const command = `npm run torture -- --minutes ${minutes} --seed ${options.seed}${where}`;
  console.log(command);
  const outcome = await torture(options);
  const place = options.network ? 'each server in a network namespace of its own' : 'on loopback';
  const network = missing ? `${place} (${missing})` : place;
  writeReport(outcome, { where: network, command, servers: options.servers });
  return isHeld(outcome) ? 0 : 1;
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
  const svg = timelineSvg({ title, servers: IDS, ...outcome });
  writeFileSync(join(report, PICTURE), svg);
  if (values.record) {
    // Whatever is recorded of a run shows its own picture.
    const picture = fileURLToPath(new URL(`../docs/${RECORDED_PICTURE}`, import.meta.url));
    writeFileSync(picture, svg);
    const page = reportText(outcome, { where, command, picture: RECORDED_PICTURE });
    recordIfAsked('torture', `\n\n${page}\n`);
  }
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
