// One round of a work that is driven by the generator: each system is started, does all its cases, and is stopped.
import { type Driven, drive } from '../generator.ts';
import type { Running, System } from '../systems/system.ts';
import { inTurn, type RoundOptions, type Sample, sampleOf } from './work.ts';

export type Case = Readonly<{
  name: string;
  settings: Readonly<Record<string, string | number>>;
}>;

/** A server may end a set-up that it should have gone through; it gets this many more chances, and it is told. */
const RETRIES = 2;

type Round = Readonly<{
  systems: readonly System[];
  cases: readonly Case[];
  valuesOf(driven: Driven): Record<string, number>;
}>;

/** Cores for the server and for the generator: one each where there is one server, all of them for several. */
export function coresOf(system: System): { server: string; generator: string } {
  return system.processes === 1
    ? { server: '0', generator: '1' }
    : { server: '0,1', generator: '0,1' };
}

export async function driveRound(round: Round, options: RoundOptions): Promise<Sample[]> {
  const samples: Sample[] = [];
  for (const system of inTurn(round.systems, options.turn)) {
    if (options.isOver()) break;
    const version = await system.version();
    if (version === null) options.say(`${system.name}: not installed (bench/install-peers)`);
    if (version === null || !options.isWanted(system)) continue;
    const running = await system.start(options.place(system));
    try {
      for (const each of round.cases) {
        if (!options.isCase(each.name) || options.isOver()) continue;
        const driven = await tryDrive(system, running, each, options);
        if (!driven) continue;
        const values = round.valuesOf(driven);
        const sample = sampleOf({ case: each.name, system, version, values }, driven);
        samples.push(sample);
        options.say(describe(sample, driven));
      }
    } finally {
      await running.stop();
    }
  }
  return samples;
}

async function tryDrive(
  system: System,
  running: Running,
  { name, settings }: Case,
  { windowMs, say }: RoundOptions,
): Promise<Driven | null> {
  const { protocol } = system;
  const { ports, pids, settings: own = {} } = running;
  const cores = coresOf(system).generator;
  const load = { protocol, ports, pids, cores, settings: { windowMs, ...settings, ...own } };
  for (let attempt = 0; attempt <= RETRIES; attempt += 1) {
    try {
      await running.settle?.();
      return await drive(load);
    } catch (error) {
      say(`${system.name}, ${name}: ${(error as Error).message}`);
    }
  }
  return null;
}

function describe(sample: Sample, driven: Driven): string {
  const values = Object.entries(sample.values).map(
    ([key, value]) => `${key} ${value.toPrecision(4)}`,
  );
  const shares = [sample.serverShare, sample.generatorShare, sample.othersShare];
  const busy = shares.map((share) => share.toFixed(2)).join(' ');
  return `${sample.system}, ${sample.case}: ${values.join(', ')}; cores of server, generator, others ${busy}; ${driven.bottleneck}; set up in ${Math.round(driven.setupMs)} ms`;
}
