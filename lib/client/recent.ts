// Where the posts that were shown last stand, by their ids. Forgotten by halves: looking for the oldest of a Map walks
// over everything that was deleted before it.

/** Posts of a half: twice what a resumption may send, so that it finds all that it may repeat. */
const HALF_POSTS = 10_000;

export class RecentPosts {
  private newer = new Map<string, string>();
  private older = new Map<string, string>();

  /** @returns its place in the order; undefined when it was not shown, or long ago */
  orderOf(id: string): string | undefined {
    return this.newer.get(id) ?? this.older.get(id);
  }

  note({ id, order }: Readonly<{ id: string; order: string }>): void {
    this.older.delete(id);
    this.newer.set(id, order);
    if (this.newer.size < HALF_POSTS) return;
    this.older = this.newer;
    this.newer = new Map();
  }

  clear(): void {
    this.newer = new Map();
    this.older = new Map();
  }
}
