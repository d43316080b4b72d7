// `syncnet-daemon forget server1`, at the operator's side: the leader is found by asking every server's HTTP port,
// and told there. While leadership changes nobody leads for a moment, so both are tried again for a while.
import type { ClusterServer } from '../lib/cluster-file.ts';
import type { DaemonConfig } from './config.ts';
import { sealOperator } from './ops/operator-seal.ts';

/** Longest wait for one server's answer. */
const ANSWER_MS_MAX = 3_000;
/** A change of leader takes far less, a server that comes back and takes over too. */
const PATIENCE_MS = 10_000;
const AGAIN_AFTER_MS = 200;

/** What to say, and the exit code: 0 done, 1 refused, 3 nobody reached, or nobody who could do it in time. */
export type Outcome = Readonly<{ text: string; code: 0 | 1 | 3 }>;

/**
 * @param options.patienceMs time after which a cluster without a leader is given up
 * @param options.onWaiting told once, with the reason, when the first attempt led nowhere
 */
export async function askToForget(
  config: Pick<DaemonConfig, 'cluster' | 'secret' | 'self'>,
  {
    patienceMs = PATIENCE_MS,
    onWaiting = () => {},
  }: { patienceMs?: number; onWaiting?: (reason: string) => void } = {},
): Promise<Outcome> {
  const endMs = performance.now() + patienceMs;
  for (let attempt = 1; ; attempt += 1) {
    const outcome = await attemptOf(config);
    // Done, refused, or not even one answers: then no change of leader is under way.
    if (!('later' in outcome)) return outcome;
    if (performance.now() >= endMs) return { text: outcome.later, code: 3 };
    if (attempt === 1) onWaiting(outcome.later);
    await new Promise((resolve) => setTimeout(resolve, AGAIN_AFTER_MS));
  }
}

async function attemptOf({
  cluster,
  secret,
  self,
}: Pick<DaemonConfig, 'cluster' | 'secret' | 'self'>): Promise<Outcome | { later: string }> {
  const answers = await Promise.allSettled(cluster.servers.map(leadingAt));
  const urls = answers.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []));
  const leader = urls.find((url) => url !== null);
  const tried = cluster.servers.map(({ host, httpPort }) => `${host}:${httpPort}`).join(', ');
  if (urls.length === 0) return { text: `no server answered; asked ${tried}`, code: 3 };
  if (!leader) return { later: `nobody leads at present; asked ${tried}` };
  try {
    const response = await fetch(`${leader}/forget?server=${self.id}`, {
      method: 'POST',
      headers: { authorization: sealOperator(secret, `forget ${self.id}`, Date.now()) },
      signal: AbortSignal.timeout(ANSWER_MS_MAX),
    });
    const { reason, error } = (await response.json()) as { reason?: string; error?: string };
    const text = reason ?? error ?? response.statusText;
    if (response.status === 503) return { later: text };
    return { text, code: response.ok ? 0 : 1 };
  } catch {
    return { later: `the leader did not answer; asked ${leader}` };
  }
}

/** @returns where it is told, of a server that leads; null of one that does not. @throws where none answers */
async function leadingAt({ host, httpPort }: ClusterServer): Promise<string | null> {
  const url = `http://${host.includes(':') ? `[${host}]` : host}:${httpPort}`;
  const response = await fetch(`${url}/status`, { signal: AbortSignal.timeout(ANSWER_MS_MAX) });
  const status = (await response.json()) as { phase: string };
  return status.phase === 'leading' ? url : null;
}
