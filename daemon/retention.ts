// Old posts are pruned: the leader says in an entry of its own below which time, once every server that
// counts holds what was said until then, and each server prunes, a little a tick, off the path of the
// acknowledgements. What is left of a post is its key and its request, so that streams stay dense and a
// repeat is known for ever.
import { encodeBody, prunedBodyOf } from './chat/bodies.ts';
import type { Chat } from './chat/chat.ts';
import type { Host } from './host.ts';
import { placeFloor } from './ring/entry.ts';
import type { Ring } from './ring/state.ts';
import type { Store } from './store/store.ts';

export type RetentionSettings = Readonly<{
  /** How long posts are kept, milliseconds; null for ever. */
  retentionMs: number | null;
  /** A server that was not in sync for longer holds nothing back, milliseconds. */
  forgetAfterMs: number;
}>;

/** Entries looked at in one tick while there is something to prune: some milliseconds of work. */
const PRUNED_PER_TICK = 200;

/** The leader looks this often whether there is something to prune, and who is in sync is noted. */
const LOOK_MS = 60_000;

/** Posts go this share of the retention late, so that there are few entries about it. */
const STEP_SHARE = 1 / 50;

export type Retention = Readonly<{ tick(): void }>;

export function createRetention(parts: {
  ring: Ring;
  chat: Chat;
  store: Store;
  host: Host;
  settings: RetentionSettings;
  nowMs: () => number;
  wallMs: () => number;
}): Retention {
  const { ring, chat, store, host, settings } = parts;
  const { retentionMs } = settings;
  const lookMs = retentionMs === null ? LOOK_MS : Math.min(LOOK_MS, retentionMs * STEP_SHARE);
  let lookedMs = Number.NEGATIVE_INFINITY;
  let sweptBelowMs = 0;
  let done = false;

  /** Prunes a little. What comes in late, from a split, is pruned too. */
  function sweep(): void {
    const belowMs = chat.prunedBelowMs();
    if (belowMs === 0 || (done && belowMs === sweptBelowMs)) return;
    sweptBelowMs = belowMs;
    const below = placeFloor(belowMs);
    done = !store.hasPrunable(below);
    if (!done) host.prune({ below, limit: PRUNED_PER_TICK, replace: prunedBodyOf });
  }

  /** When each server was in sync last, as far as is known here; the clock of one never heard of starts now. */
  function noteSeen(wallMs: number): ReadonlyMap<string, number> {
    const before = store.seen();
    const inSync = ring.view?.inSync ?? [];
    const ids = [ring.self.id, ...ring.peers.keys()];
    const seen = new Map(
      ids.map((id) => [id, inSync.includes(id) ? wallMs : (before.get(id) ?? wallMs)]),
    );
    host.saveSeen(seen);
    return seen;
  }

  /** Whether a server that is not in sync must be waited for: it may hold, or lack, what would be pruned. */
  function holdsBack(id: string, seenMs: number, wallMs: number): boolean {
    if (ring.view?.inSync.includes(id)) return false;
    const forgottenMs = chat.forgottenMs().get(id);
    if (forgottenMs !== undefined && forgottenMs >= seenMs) return false;
    return wallMs - seenMs <= settings.forgetAfterMs;
  }

  function decide(seen: ReadonlyMap<string, number>): void {
    const { stream, view } = ring;
    if (retentionMs === null || ring.phase !== 'leading' || !stream || !view) return;
    if (stream.committed !== stream.sequence) return;
    const wallMs = parts.wallMs();
    for (const [id, seenMs] of seen) if (holdsBack(id, seenMs, wallMs)) return;
    // One server whose clock is ahead is no reason to forget: the slowest clock in the view counts.
    const walls = view.inSync.map((id) => ring.peers.get(id)?.announcement?.wallMs ?? wallMs);
    const belowMs = Math.min(wallMs, ...walls) - retentionMs;
    if (belowMs < chat.prunedBelowMs() + retentionMs * STEP_SHARE) return;
    if (!store.hasPrunable(placeFloor(belowMs))) return;
    host.feedRing({ type: 'append', body: encodeBody({ t: 'prune', b: belowMs }), above: null });
  }

  return {
    tick: () => {
      sweep();
      const nowMs = parts.nowMs();
      if (nowMs - lookedMs < lookMs) return;
      lookedMs = nowMs;
      done = false;
      decide(noteSeen(parts.wallMs()));
    },
  };
}
