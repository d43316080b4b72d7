// The end of every run: once all is healed, what was kept is compared with what was promised.
import type { RefusalCode } from '../../lib/protocol/refusals.ts';
import { waitFor } from '../support/wait-for.ts';
import { checkEvidence, type Findings, isClean, type ReadPost } from './checker.ts';
import type { Crowd } from './crowd.ts';
import { readEverywhere, SETTLE_MS_MAX } from './history.ts';
import type { Servers } from './servers.ts';

export type Audit = Readonly<{
  findings: Findings;
  /** What kept the run from its end: servers that ended by themselves, or did not settle. */
  troubles: readonly string[];
}>;

/** Whether every promise was kept. */
export function isHeld({ findings, troubles }: Audit): boolean {
  return isClean(findings) && troubles.length === 0;
}

/**
 * The crowd is silent from here on; the servers run before and afterwards.
 * @param refusable reasons that what was done to the servers gives for a refusal
 */
export async function audit(
  servers: Servers,
  crowd: Crowd,
  refusable: readonly RefusalCode[] = [],
): Promise<Audit> {
  crowd.hush();
  const troubles: string[] = [];
  const note = (error: Error) => {
    troubles.push(error.message);
  };
  const rest = () => `${crowd.unansweredCount} posts to be answered`;
  await waitFor(rest, () => crowd.unansweredCount === 0, SETTLE_MS_MAX).catch(note);
  await servers.settled(servers.ids, SETTLE_MS_MAX).catch(note);
  const unseen = () => `${crowd.unseenCount} posts to be shown to every reader`;
  await waitFor(unseen, () => crowd.unseenCount === 0, SETTLE_MS_MAX).catch(note);
  const read = await readEverywhere(servers).catch((error: Error) => {
    note(error);
    return { histories: new Map<string, ReadPost[]>(), hashes: new Map<string, string>() };
  });
  const { posts, readers } = crowd;
  // All lists of findings are empty where nothing was kept because nothing was said.
  if (!posts.some(({ answer }) => answer?.type === 'stored')) {
    troubles.push('nothing was acknowledged at all');
  }
  const findings = checkEvidence({
    posts,
    sightings: new Map(readers.map((reader) => [reader.name, reader.sightings])),
    owedFrom: new Map(readers.map((reader) => [reader.name, reader.owedFrom])),
    refusable,
    ...read,
  });
  return { findings, troubles: [...servers.faints, ...troubles] };
}
