// The invariants of docs/ARCHITECTURE.md, held against what every server does, after every step. The
// numbers are those of the list there.
import type { Entry } from '../../daemon/ring/entry.ts';
import { entryHash, streamIdOf } from '../../daemon/ring/entry.ts';
import type { Cluster, Observer, Server } from './cluster.ts';
import type { Acknowledged } from './probe-chat.ts';

export class InvariantBroken extends Error {
  override name = 'InvariantBroken';
  readonly invariant: number;
  constructor(invariant: number, text: string) {
    super(`invariant ${invariant}: ${text}`);
    this.invariant = invariant;
  }
}

function check(condition: boolean, invariant: number, text: () => string): void {
  if (!condition) throw new InvariantBroken(invariant, text());
}

export class Checkers implements Observer {
  cluster: Cluster | null = null;
  readonly acknowledged: Acknowledged[] = [];
  private readonly acknowledgedIds = new Set<string>();
  private readonly contents = new Map<string, string>();
  private readonly installed = new Map<string, string>();
  private readonly terms = new Map<string, { promised: number; installed: number }>();

  onAcknowledged(server: Server, acknowledged: Acknowledged): void {
    const view = server.running?.ring.view;
    const { entry, requestId } = acknowledged;
    const stream = streamIdOf(entry);
    check(
      view?.leader === server.id,
      2,
      () => `${server.id} acknowledges ${requestId} without leading`,
    );
    for (const id of view?.inSync ?? []) {
      const held = this.cluster?.server(id).disk.everHad(stream, entry.sequence) ?? false;
      check(
        held,
        2,
        () => `${requestId} is acknowledged, but not on the disk of ${id}, which is in sync`,
      );
    }
    if (this.acknowledgedIds.has(requestId)) return;
    this.acknowledgedIds.add(requestId);
    this.acknowledged.push(acknowledged);
  }

  onSaved(_server: Server, entry: Entry): void {
    const key = `${streamIdOf(entry)}.${entry.sequence}`;
    const hash = Buffer.from(entryHash(entry)).toString('base64');
    const known = this.contents.get(key);
    check(known === undefined || known === hash, 5, () => `two entries of key ${key}`);
    this.contents.set(key, hash);
  }

  onStep(server: Server): void {
    const ring = server.running?.ring;
    if (!ring) return;
    const { view } = ring;
    const positionOf = (id: string) => this.cluster?.server(id).ringPosition ?? 0;
    if (view) {
      const highest = view.inSync.every((id) => positionOf(id) <= positionOf(view.leader));
      check(highest, 3, () => `view ${JSON.stringify(view)} is not led by its highest`);
      if (view.leader === server.id) {
        const key = `${view.term}.${server.ringPosition}.${ring.self.incarnation}`;
        const text = JSON.stringify(view.inSync);
        const known = this.installed.get(key);
        check(
          known === undefined || known === text,
          4,
          () => `${key} installed ${known} and ${text}`,
        );
        this.installed.set(key, text);
      }
    }
    if (ring.stream && view) {
      check(
        ring.stream.id.startsWith(`${view.term}.`),
        6,
        () => `${ring.stream?.id} in term ${view.term}`,
      );
    }
    const termsKey = ring.self.incarnation;
    const before = this.terms.get(termsKey);
    const { promisedTerm, installedTerm } = server.disk.record;
    check(
      !before || (promisedTerm >= before.promised && installedTerm >= before.installed),
      7,
      () => `terms of ${server.id} decreased`,
    );
    this.terms.set(termsKey, { promised: promisedTerm, installed: installedTerm });
  }

  /** After healing and quiet: 1, 5, 14. */
  checkHealed(): void {
    const cluster = this.cluster as Cluster;
    const servers = [...cluster.servers.values()];
    const highest = servers.at(-1) as Server;
    for (const server of servers) {
      const view = server.running?.ring.view;
      check(
        view?.leader === highest.id,
        14,
        () => `${server.id} has the view ${JSON.stringify(view)}`,
      );
      check(
        JSON.stringify(view?.inSync) === JSON.stringify(servers.map(({ id }) => id).sort()),
        14,
        () => `in sync with ${server.id} is ${JSON.stringify(view?.inSync)}`,
      );
      check(
        sameDigest(server, highest),
        14,
        () => `${server.id} and ${highest.id} hold different entries`,
      );
      for (const entries of server.disk.streams.values())
        for (const entry of entries) this.onSaved(server, entry);
    }
    for (const { requestId, entry } of this.acknowledged) {
      for (const server of servers) {
        const held = server.disk.streams.get(streamIdOf(entry))?.[entry.sequence - 1];
        check(
          held?.body === requestId,
          1,
          () => `${requestId} was acknowledged and is not on ${server.id}`,
        );
      }
    }
  }
}

function sameDigest(one: Server, other: Server): boolean {
  const theirs = other.disk.digest();
  const ours = one.disk.digest();
  return (
    ours.size === theirs.size &&
    [...ours].every(([stream, sequence]) => theirs.get(stream) === sequence)
  );
}
