// `syncnet-daemon forget server1`: an operator says that a server is gone for good, so that it no longer holds
// pruning up. The leader is found by asking every server's HTTP port, and told there.
import { encodeBody } from './chat/bodies.ts';
import type { DaemonConfig } from './config.ts';
import type { Host } from './host.ts';
import { sealOperator } from './ops/operator-seal.ts';
import type { Ring } from './ring/state.ts';

/** Longest wait for one server's answer. */
const ANSWER_MS_MAX = 3_000;

export type Verdict = Readonly<{ ok: boolean; reason: string }>;

/** At the server that is told: whether it was written down, and why not. */
export function forgetServer(
  { ring, host }: { ring: Ring; host: Host },
  { server, wallMs }: { server: string; wallMs: number },
): Verdict {
  const no = (reason: string) => ({ ok: false, reason });
  if (server !== ring.self.id && !ring.peers.has(server))
    return no(`${server} is none of the cluster's servers`);
  if (ring.phase !== 'leading' || !ring.view)
    return no(`${ring.self.id} does not lead; ${ring.view?.leader ?? 'nobody it knows'} does`);
  if (ring.view.inSync.includes(server))
    return no(`${server} is in sync: stop it first, if it is to go for good`);
  const before = ring.entryCount;
  const body = encodeBody({ t: 'forget', s: server, w: wallMs });
  host.feedRing({ type: 'append', body, above: null });
  if (ring.entryCount === before) return no('the leader is busy: try again');
  return { ok: true, reason: `${server} is forgotten until it is in sync again` };
}

/** At the operator's side. @returns what to say, and the exit code: 0 done, 1 refused, 3 nobody reached */
export async function askToForget(config: DaemonConfig): Promise<{ text: string; code: number }> {
  const { cluster, secret, self } = config;
  const asked = cluster.servers.map(async ({ host, httpPort }) => {
    const url = `http://${host.includes(':') ? `[${host}]` : host}:${httpPort}`;
    const signal = AbortSignal.timeout(ANSWER_MS_MAX);
    const status = (await (await fetch(`${url}/status`, { signal })).json()) as { phase: string };
    return status.phase === 'leading' ? url : null;
  });
  const answers = await Promise.allSettled(asked);
  const urls = answers.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []));
  const leader = urls.find((url) => url !== null);
  if (!leader) {
    const tried = cluster.servers.map(({ host, httpPort }) => `${host}:${httpPort}`).join(', ');
    const found = urls.length === 0 ? 'no server answered' : 'nobody leads at present';
    return { text: `${found}; asked ${tried}`, code: 3 };
  }
  const command = `forget ${self.id}`;
  const response = await fetch(`${leader}/forget?server=${self.id}`, {
    method: 'POST',
    headers: { authorization: sealOperator(secret, command, Date.now()) },
    signal: AbortSignal.timeout(ANSWER_MS_MAX),
  });
  const { reason, error } = (await response.json()) as { reason?: string; error?: string };
  return { text: reason ?? error ?? response.statusText, code: response.ok ? 0 : 1 };
}
