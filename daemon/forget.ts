// An operator says that a server is gone for good, so that it no longer holds pruning up: whether the leader
// writes that down.
import { encodeBody } from './chat/bodies.ts';
import type { Host } from './host.ts';
import type { Ring } from './ring/state.ts';

/** `later`: it cannot be done just now, by this server; the same may be asked again, of whoever leads then. */
export type Verdict = Readonly<{ outcome: 'done' | 'refused' | 'later'; reason: string }>;

/** At the server that is told: whether it was written down, and why not. */
export function forgetServer(
  { ring, host }: { ring: Ring; host: Host },
  { server, wallMs }: { server: string; wallMs: number },
): Verdict {
  const refused = (reason: string) => ({ outcome: 'refused' as const, reason });
  const later = (reason: string) => ({ outcome: 'later' as const, reason });
  if (server !== ring.self.id && !ring.peers.has(server))
    return refused(`${server} is none of the cluster's servers`);
  if (ring.phase !== 'leading' || !ring.view)
    return later(`${ring.self.id} does not lead; ${ring.view?.leader ?? 'nobody it knows'} does`);
  if (ring.view.inSync.includes(server))
    return refused(`${server} is in sync: stop it first, if it is to go for good`);
  const before = ring.entryCount;
  const body = encodeBody({ t: 'forget', s: server, w: wallMs });
  host.feedRing({ type: 'append', body, above: null });
  if (ring.entryCount === before) return later('the leader is busy: try again');
  return { outcome: 'done', reason: `${server} is forgotten until it is in sync again` };
}
