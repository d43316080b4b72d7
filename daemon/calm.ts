// Whether the cluster has been as it is for a while. What may be put off is: while servers come, go and take over, people
// wait for every millisecond of a processor that several servers may share.
import type { Ring } from './ring/state.ts';

/** A server that returns takes the lead some 1.3 s after its start. */
const CALM_AFTER_MS = 2_000;
/** A server that flaps puts nothing off for ever. */
const PUT_OFF_MS_MAX = 10_000;

export class Calm {
  private seen = '';
  private changedMs = Number.NEGATIVE_INFINITY;
  private calmMs: number | null = null;

  /** To be asked with every tick. @param nowMs of the monotonic clock */
  isCalm(ring: Pick<Ring, 'phase' | 'view' | 'peers'>, nowMs: number): boolean {
    const links = [...ring.peers.values()].map(({ linkUp }) => Number(linkUp)).join('');
    const now = `${ring.phase} ${ring.view?.term} ${links}`;
    if (now !== this.seen) {
      this.seen = now;
      this.changedMs = nowMs;
    }
    this.calmMs ??= nowMs;
    const isCalm = nowMs - this.changedMs >= CALM_AFTER_MS || nowMs - this.calmMs >= PUT_OFF_MS_MAX;
    if (isCalm) this.calmMs = nowMs;
    return isCalm;
  }
}
