// Which data directory of each server a view relies on: the one with which it promised that view. A directory that
// is lost later keeps, here, what it held when it went: what left it before was true. The one that takes its place has
// promised nothing, and whoever is in sync with it by mistake is found out.
import type { StreamId } from '../../daemon/ring/entry.ts';
import type { SimulatedServer } from './server.ts';

/** A view, as far as promises name it. */
export type PromisedView = Readonly<{ leader: string; term: number }>;

type Held = ReadonlyMap<StreamId, number>;

export class Directories {
  /** By leader, term and server; what the directory has on disk, as it grows. */
  private readonly promised = new Map<string, Held>();
  private readonly all = new Map<string, Set<Held>>();

  /** A promise leaves a server; for a leader, its view begins. */
  onPromised({ id, disk }: SimulatedServer, { leader, term }: PromisedView): void {
    this.promised.set(`${leader} ${term} ${id}`, disk.durable);
    this.all.set(id, (this.all.get(id) ?? new Set()).add(disk.durable));
  }

  /** Whether the directory that a view relies on has an entry on disk, or had it when it was lost. */
  has(view: PromisedView, id: string, entry: { stream: StreamId; sequence: number }): boolean {
    const held = this.promised.get(`${view.leader} ${view.term} ${id}`);
    return (held?.get(entry.stream) ?? 0) >= entry.sequence;
  }

  /** Whether any directory of a server that was ever in a view has it, or had it. */
  everHad(id: string, { stream, sequence }: { stream: StreamId; sequence: number }): boolean {
    return [...(this.all.get(id) ?? [])].some((held) => (held.get(stream) ?? 0) >= sequence);
  }
}
