// A value of which the last write counts, by the one order, whatever the order in which the writes arrive; of the
// copies of one request the lowest. Reading it costs nothing, however often it was written.

/** One write, by one request. */
type Write<T> = { place: string; value: T };

export class Register<T> {
  /** By request. All are kept: a copy that comes late can take the last of them further down. */
  private readonly writes = new Map<string, Write<T>>();
  private last: Write<T> | null = null;

  write(request: string, next: Write<T>): void {
    const known = this.writes.get(request);
    if (known && next.place >= known.place) return;
    this.writes.set(request, next);
    if (known !== undefined && known === this.last) this.last = this.findLast();
    else if (!this.last || next.place > this.last.place) this.last = next;
  }

  private findLast(): Write<T> | null {
    let last: Write<T> | null = null;
    for (const each of this.writes.values()) if (!last || each.place > last.place) last = each;
    return last;
  }

  /** undefined when nothing was written. */
  get value(): T | undefined {
    return this.last?.value;
  }
}
