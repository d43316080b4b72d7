// Where the posts that were shown last stand, by their ids. Forgotten by halves: looking for the oldest of a Map walks
// over everything that was deleted before it.

/** Posts of a half: twice what a resumption may send, so that it finds all that it may repeat. */
const HALF_POSTS = 10_000;

type Placed = Readonly<{ id: string; order: string; room: string }>;

export class RecentPosts {
  private newer = new Map<string, Placed>();
  private older = new Map<string, Placed>();

  /** @returns its place in the order; undefined when it was not shown, or long ago */
  orderOf(id: string): string | undefined {
    return (this.newer.get(id) ?? this.older.get(id))?.order;
  }

  note({ id, order, room }: Placed): void {
    this.older.delete(id);
    this.newer.set(id, { id, order, room });
    if (this.newer.size < HALF_POSTS) return;
    this.older = this.newer;
    this.newer = new Map();
  }

  /**
   * A page has what stands between its ends: what it lacks there is not shown any more, and is news when it comes.
   * @param posts of one room, oldest first
   */
  notePage(posts: readonly Placed[]): void {
    const [oldest, newest] = [posts[0], posts.at(-1)];
    if (!oldest || !newest) return;
    const isWithin = ({ order, room }: Placed) =>
      room === oldest.room && order > oldest.order && order < newest.order;
    this.forget(isWithin);
    for (const post of posts) this.note(post);
  }

  forget(isForgotten: (post: Placed) => boolean): void {
    for (const half of [this.newer, this.older])
      for (const post of half.values()) if (isForgotten(post)) half.delete(post.id);
  }

  clear(): void {
    this.newer = new Map();
    this.older = new Map();
  }
}
