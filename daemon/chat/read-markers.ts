// How far each account has read each room: the highest place it told. The same in whatever order they come.

/** Of an account, in a room, up to a place. */
export type ReadMarker = [account: string, room: string, order: string];

const keyOf = (account: string, room: string) => `${account} ${room}`;

export class ReadMarkers {
  private readonly byKey = new Map<string, ReadMarker>();

  /** @returns whether it is further than what was known */
  note(marker: ReadMarker): boolean {
    const [account, room, order] = marker;
    if (order <= (this.of(account, room) ?? '')) return false;
    this.byKey.set(keyOf(account, room), marker);
    return true;
  }

  /** null where nothing was read. */
  of(account: string, room: string): string | null {
    return this.byKey.get(keyOf(account, room))?.[2] ?? null;
  }

  /** Those that came first stand first, unless they were put behind the others. */
  all(): ReadMarker[] {
    return [...this.byKey.values()];
  }

  /** Forgets what another one knows as well. */
  forgetKnown(other: ReadMarkers): void {
    for (const [key, [account, room, order]] of this.byKey) {
      if (order <= (other.of(account, room) ?? '')) this.byKey.delete(key);
    }
  }

  putBehind(markers: readonly ReadMarker[]): void {
    for (const marker of markers) {
      const key = keyOf(marker[0], marker[1]);
      this.byKey.delete(key);
      this.byKey.set(key, marker);
    }
  }

  clear(): void {
    this.byKey.clear();
  }
}
