// A value of which the last write counts, by the one order, whatever the order in which the writes arrive; of the
// copies of one request the lowest. Reading it costs nothing, however often it was written.

/** One write, by one request. */
type Write<T> = Readonly<{ request: string; place: string; value: T }>;

export class Register<T> {
  private last: Write<T> | null = null;
  /**
   * By request, once there are two: most registers are written once, and there are very many of them. All are kept:
   * a copy that comes late can take the last of them further down.
   */
  private writes: Map<string, Write<T>> | null = null;

  write(request: string, { place, value }: { place: string; value: T }): void {
    const next = { request, place, value };
    if (this.last) this.add(this.last, next);
    else this.last = next;
  }

  private add(last: Write<T>, next: Write<T>): void {
    const writes = this.writes ?? new Map([[last.request, last]]);
    const known = writes.get(next.request);
    if (known && next.place >= known.place) return;
    writes.set(next.request, next);
    if (writes.size > 1) this.writes = writes;
    if (known === last) this.last = highest(writes.values());
    else if (next.place > last.place) this.last = next;
  }

  /** Of the write that counts; undefined when nothing was written. */
  get place(): string | undefined {
    return this.last?.place;
  }

  /** undefined when nothing was written. */
  get value(): T | undefined {
    return this.last?.value;
  }
}

function highest<T>(writes: Iterable<Write<T>>): Write<T> | null {
  let last: Write<T> | null = null;
  for (const each of writes) if (!last || each.place > last.place) last = each;
  return last;
}
