// What a kind of work is to the bench: its cases, who does them, what is told of them, and how one round of it runs.
import type { Driven } from '../generator.ts';
import type { Better } from '../statistics.ts';
import type { Place, System } from '../systems/system.ts';

/** One figure that a case is judged by. */
export type Metric = Readonly<{ key: string; title: string; better: Better }>;

/** What one system did of one case in one run. */
export type Sample = Readonly<{
  case: string;
  system: string;
  version: string;
  role: System['role'];
  /** By the key of its metric. */
  values: Readonly<Record<string, number>>;
  /** Cores used, all processes of the server together; by the generator; by anyone else. */
  serverShare: number;
  generatorShare: number;
  othersShare: number;
  bottleneck: string;
}>;

export type RoundOptions = Readonly<{
  /** How long a window of measurement lasts. */
  windowMs: number;
  /** Of a history that is filled in before. */
  posts: number;
  /** An empty directory and ports of its own for the next server. */
  place(system: System): Place;
  isWanted(system: System): boolean;
  isCase(name: string): boolean;
  /** The time for this run is over: nothing more is begun. */
  isOver(): boolean;
  /** Counts the runs: another system begins each time. */
  turn: number;
  say(line: string): void;
}>;

export type Work = Readonly<{
  name: string;
  title: string;
  /** What was done, for whoever reads the table. */
  about: string;
  /** The first is what ratios are taken of. */
  metrics: readonly Metric[];
  windowMs: number;
  /** What of it the short form does: systems, by name, and cases. */
  short: Readonly<{
    systems: readonly string[];
    cases: readonly string[];
    windowMs: number;
  }> | null;
  /** Measures every system once. */
  round(options: RoundOptions): Promise<readonly Sample[]>;
}>;

/** Whoever is measured first in one run is not first in the next one. */
export function inTurn<T>(all: readonly T[], turn: number): T[] {
  const first = turn % Math.max(1, all.length);
  return [...all.slice(first), ...all.slice(0, first)];
}

/** What is told of every window, whatever was measured in it. */
export function sampleOf(
  given: { case: string; system: System; version: string; values: Record<string, number> },
  driven: Driven,
): Sample {
  const { system, version, values } = given;
  return {
    case: given.case,
    system: system.name,
    version,
    role: system.role,
    values,
    serverShare: driven.serverShares.reduce((sum, share) => sum + share, 0),
    generatorShare: driven.generatorShare,
    othersShare: driven.othersShare,
    bottleneck: driven.bottleneck,
  };
}
