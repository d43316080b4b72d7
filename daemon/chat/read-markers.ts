// How far each account has read each room: the highest place it told. The same in whatever order they come.

/** Of an account, in a room, up to a place. */
export type ReadMarker = [account: string, room: string, order: string];

export class ReadMarkers {
  private readonly byAccount = new Map<string, Map<string, string>>();

  /** @returns whether it is further than what was known */
  note([account, room, order]: ReadMarker): boolean {
    if (order <= (this.of(account, room) ?? '')) return false;
    const rooms = this.byAccount.get(account) ?? new Map<string, string>();
    this.byAccount.set(account, rooms.set(room, order));
    return true;
  }

  /** null where nothing was read. */
  of(account: string, room: string): string | null {
    return this.byAccount.get(account)?.get(room) ?? null;
  }

  *all(): Iterable<ReadMarker> {
    for (const [account, rooms] of this.byAccount) {
      for (const [room, order] of rooms) yield [account, room, order];
    }
  }

  /** Forgets what another one knows as well. */
  forgetKnown(other: ReadMarkers): void {
    for (const [account, room, order] of [...this.all()]) {
      if (order > (other.of(account, room) ?? '')) continue;
      const rooms = this.byAccount.get(account);
      rooms?.delete(room);
      if (rooms?.size === 0) this.byAccount.delete(account);
    }
  }

  clear(): void {
    this.byAccount.clear();
  }
}
