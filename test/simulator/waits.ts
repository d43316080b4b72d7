// How long things take once everything is healed: a server that joins gets on, and what was acknowledged is shown to
// those who are connected. Without these a run that comes right at the very end would pass, however long people waited.
import { UNSHOWN_MS_MAX } from '../../daemon/ring/settings.ts';
import type { SimulatedClient } from './client.ts';
import type { Cluster } from './cluster.ts';
import { check } from './invariant.ts';

/**
 * The leader gets it from whoever has it, and begins a view for its sake within UNSHOWN_MS_MAX. Before that a damaged
 * entry may hold up what follows it for two rounds of repair (5 s each), and after it two changes of view fail.
 */
const SHOWN_MS_MAX = UNSHOWN_MS_MAX + 15_000;
/** A server that joins gets entries, or is done: a pull is repeated after a second, a round of repair takes 5 s. */
const JOINING_MS_MAX = 10_000;

type Joining = Readonly<{ start: number; entries: number; sinceMs: number }>;

export class Waits {
  private readonly joining = new Map<string, Joining>();
  /** Acknowledged posts of #general, and since when they have been. */
  private readonly acknowledged = new Map<string, number>();
  /** Since when each client has been connected to a leader that has enough copies. */
  private readonly connected = new Map<SimulatedClient, number>();
  private healedMs: number | null = null;

  onAcknowledged(id: string, nowMs: number): void {
    if (!this.acknowledged.has(id)) this.acknowledged.set(id, nowMs);
  }

  /** From here on nothing is broken. To be called every now and then. @param isOwed whether a client must be shown a post, and was not */
  check(cluster: Cluster, isOwed: (client: SimulatedClient, id: string) => boolean): void {
    const nowMs = cluster.scheduler.nowMs();
    this.healedMs ??= nowMs;
    for (const server of cluster.all()) this.checkJoining(server, nowMs);
    for (const client of cluster.clients) this.noteConnected(cluster, client, nowMs);
    for (const [id, ackedMs] of this.acknowledged) {
      let isDone = true;
      for (const client of cluster.clients) {
        if (!isOwed(client, id)) continue;
        isDone = false;
        const connectedMs = this.connected.get(client) ?? nowMs;
        const waitedMs = nowMs - Math.max(ackedMs, this.healedMs, connectedMs);
        const text = () => `${client.id} is not shown ${id} for ${Math.round(waitedMs)} ms`;
        check(waitedMs <= SHOWN_MS_MAX, 10, text);
      }
      if (isDone) this.acknowledged.delete(id);
    }
  }

  private noteConnected(cluster: Cluster, client: SimulatedClient, nowMs: number): void {
    const { connection, server } = client.session;
    const ring = server === null ? undefined : cluster.server(server).running?.ring;
    const inSync = ring?.stream ? (ring.view?.inSync.length ?? 0) : 0;
    const served = connection.type === 'connected' && ring && inSync >= ring.copiesMin;
    if (!served) this.connected.delete(client);
    else if (!this.connected.has(client)) this.connected.set(client, nowMs);
  }

  private checkJoining(server: ReturnType<Cluster['server']>, nowMs: number): void {
    const ring = server.running?.ring;
    if (ring?.phase !== 'joining') {
      this.joining.delete(server.id);
      return;
    }
    const before = this.joining.get(server.id);
    const { starts: start } = server;
    const { entryCount: entries } = ring;
    // What is damaged on its own disk, and is no post, holds it up as long as someone may have it.
    const stands = ring.foldIsWhole && before?.start === start && before.entries === entries;
    const sinceMs = stands ? before.sinceMs : nowMs;
    this.joining.set(server.id, { start, entries, sinceMs });
    const text = () => `${server.id} joins for ${Math.round(nowMs - sinceMs)} ms and gets nothing`;
    check(nowMs - sinceMs <= JOINING_MS_MAX, 14, text);
  }
}
