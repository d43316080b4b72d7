// The short form, for every change: a few cases beside the peers that matter most, and whether SyncNet fell back
// against them. Absolute times say nothing on a busy machine; a ratio that halves says that something broke.
import { ratios } from './report.ts';
import type { Results } from './results.ts';
import type { Sample, Work } from './works/work.ts';

/** A ratio may fall to this part of the recorded one before it counts as a fall: less is noise. */
const FALL = 0.5;

export type Fall = Readonly<{
  case: string;
  system: string;
  /** To the best of the peers, now and as recorded; higher is better, also where less is better. */
  nowGoodness: number;
  recordedGoodness: number;
  isFall: boolean;
}>;

/**
 * How SyncNet stands now to the best of the peers that were measured now, and how it stood to the same ones when the
 * results were recorded. What was not recorded is left out.
 */
export function falls(work: Work, now: readonly Sample[], recorded: Results): Fall[] {
  const systems = new Set(now.map(({ system }) => system));
  const before = recorded.runs.flat().filter(({ system }) => systems.has(system));
  const recordedRatios = ratios(work, before);
  return ratios(work, now).flatMap((each) => {
    const same = recordedRatios.find(
      (other) => other.case === each.case && other.system === each.system,
    );
    if (!same) return [];
    const [nowGoodness, recordedGoodness] = [each, same].map(({ ratio, better }) =>
      better === 'higher' ? ratio : 1 / ratio,
    ) as [number, number];
    const isFall = nowGoodness < FALL * recordedGoodness;
    return [{ case: each.case, system: each.system, nowGoodness, recordedGoodness, isFall }];
  });
}

/** A line for whoever reads the output. */
export function fallText(fall: Fall): string {
  const { nowGoodness, recordedGoodness, isFall } = fall;
  const verdict = isFall ? 'FELL BY HALF' : 'ok';
  return `${verdict}: ${fall.system}, ${fall.case}: ${nowGoodness.toFixed(2)} times as good as the best peer, recorded ${recordedGoodness.toFixed(2)}`;
}
