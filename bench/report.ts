// Runs to tables: for each case who did how much, at which cost, held up by what, and how that stands to the best
// of the peers.
import { isCrowded } from './proc-stat.ts';
import type { Results } from './results.ts';
import { type Better, bestOf, rounded, type Spread, spreadOf } from './statistics.ts';
import type { Metric, Sample, Work } from './works/work.ts';

export type Row = Readonly<{
  system: string;
  version: string;
  role: Sample['role'];
  /** By the key of the metric; what was measured in no run is missing. */
  spreads: Readonly<Record<string, Spread>>;
  serverShare: number;
  generatorShare: number;
  othersShare: number;
  bottlenecks: readonly string[];
}>;

function limitOf({ bottleneck, serverShare, generatorShare, othersShare }: Sample): string {
  const isOthers = bottleneck === 'waits' && isCrowded([serverShare, generatorShare, othersShare]);
  return isOthers ? 'others' : bottleneck;
}

/** What all runs together say of one case, in the order in which the systems had their turn. */
export function rowsOf(samples: readonly Sample[], metrics: readonly Metric[]): Row[] {
  const bySystem = Map.groupBy(samples, ({ system }) => system);
  return [...bySystem.values()].map((own) => {
    const [first] = own as [Sample];
    const median = (pick: (sample: Sample) => number) =>
      spreadOf(own.map(pick))?.median ?? Number.NaN;
    const spreads = metrics.flatMap(({ key }) => {
      const spread = spreadOf(own.map(({ values }) => values[key] ?? Number.NaN));
      return spread ? [[key, spread] as const] : [];
    });
    return {
      system: first.system,
      version: first.version,
      role: first.role,
      spreads: Object.fromEntries(spreads),
      serverShare: median(({ serverShare }) => serverShare),
      generatorShare: median(({ generatorShare }) => generatorShare),
      othersShare: median(({ othersShare }) => othersShare),
      bottlenecks: [...new Set(own.map(limitOf))],
    };
  });
}

/** The best figure of a peer; null when there was no peer. */
export function bestPeer(
  rows: readonly Row[],
  { key, better }: Metric,
): { system: string; median: number } | null {
  const peers = rows.flatMap(({ role, system, spreads }) => {
    const spread = spreads[key];
    return role === 'peer' && spread ? [{ system, median: spread.median }] : [];
  });
  return bestOf(peers, better);
}

const spreadText = ({ median, min, max, count }: Spread) =>
  count === 1 ? rounded(median) : `${rounded(median)} (${rounded(min)} to ${rounded(max)})`;

/** How a figure stands to the best of the peers: times as much, or as long. */
function ratioText(row: Row, metric: Metric, best: { median: number } | null): string {
  const own = row.spreads[metric.key]?.median;
  if (own === undefined || !best) return '-';
  return `${(own / best.median).toFixed(2)}x`;
}

/** One table for a case. */
export function caseTable(samples: readonly Sample[], metrics: readonly Metric[]): string {
  const rows = rowsOf(samples, metrics);
  const [main] = metrics as [Metric];
  const best = bestPeer(rows, main);
  const titles = metrics.map(({ title }) => title);
  const head = ['', ...titles, 'to the best peer', 'cores: server, generator, others', 'limit'];
  const lines = rows.map((row) => {
    const figures = metrics.map(({ key }) => {
      const spread = row.spreads[key];
      return spread ? spreadText(spread) : '-';
    });
    const shares = [row.serverShare, row.generatorShare, row.othersShare];
    return [
      `${row.system} ${row.version}`,
      ...figures,
      ratioText(row, main, best),
      shares.map((share) => share.toFixed(2)).join(', '),
      row.bottlenecks.join(', '),
    ];
  });
  return tableText([head, ['---', ...head.slice(1).map(() => '---:')], ...lines]);
}

const tableText = (rows: readonly (readonly string[])[]) =>
  rows.map((cells) => `| ${cells.join(' | ')} |`).join('\n');

const _ROLES: readonly Sample['role'][] = ['own', 'peer', 'context'];

/** Everything that was measured of a work, case by case. */
export function reportText(work: Work, results: Results): string {
  const samples = results.runs.flat();
  const byCase = Map.groupBy(samples, (sample) => sample.case);
  const tables = [...byCase].map(([name, own]) => `**${name}**\n\n${caseTable(own, work.metrics)}`);
  const { length } = results.runs;
  const runs = `${length} ${length === 1 ? 'run' : 'alternating runs'}, median (least to most)`;
  const where = `\`${results.command}\`: ${runs}; ${results.machine}, ${results.kernel}.`;
  return [work.about, ...tables, where].join('\n\n');
}

/** How SyncNet stands to the best of the peers in each case, by the first metric: what must not get worse. */
export function ratios(
  work: Work,
  samples: readonly Sample[],
): { case: string; system: string; ratio: number; better: Better }[] {
  const [main] = work.metrics as [Metric];
  const byCase = Map.groupBy(samples, (sample) => sample.case);
  return [...byCase].flatMap(([name, own]) => {
    const rows = rowsOf(own, work.metrics);
    const best = bestPeer(rows, main);
    return rows.flatMap(({ role, system, spreads }) => {
      const figure = spreads[main.key]?.median;
      if (role !== 'own' || figure === undefined || !best) return [];
      return [{ case: name, system, ratio: figure / best.median, better: main.better }];
    });
  });
}
