// What clients were told of posts, again and again: first as they were said, then edited, taken back, reacted to, or
// moved further up. Whatever it is, somebody asked for it; and in the end what a screen was told last of a post is
// what the history says of it. What the history says is reckoned here from its entries, apart from the product's fold.
import { bodyOf, isNote, type NoteBody } from '../../daemon/chat/bodies.ts';
import { type Entry, orderOf } from '../../daemon/ring/entry.ts';
import type { OutboxItem } from '../../lib/client/api.ts';
import type { HistoryPost } from '../../lib/protocol/events.ts';
import type { SimulatedClient } from './client.ts';
import { check } from './invariant.ts';

type Told = Omit<HistoryPost, 'name' | 'reply'>;

export class Screens {
  /** By post: as it was said, and each edit that was asked for. */
  private readonly texts = new Map<string, Set<string>>();
  private readonly deletions = new Set<string>();
  /** `post emoji account`, of everyone who ever asked to put it there. */
  private readonly reactions = new Set<string>();
  /** By client and id, as it was told last. */
  private readonly told = new Map<SimulatedClient, Map<string, Told>>();

  onRequest(client: SimulatedClient, id: string, request: OutboxItem['request']): void {
    switch (request.type) {
      case 'post':
        return this.noteText(id, request.text);
      case 'editPost':
        return this.noteText(request.post, request.text);
      case 'deletePost':
        this.deletions.add(request.post);
        return;
      case 'react':
        this.reactions.add(`${request.post} ${request.emoji} ${client.session.self.account}`);
    }
  }

  private noteText(post: string, text: string): void {
    this.texts.set(post, (this.texts.get(post) ?? new Set()).add(text));
  }

  private of(client: SimulatedClient): Map<string, Told> {
    const told = this.told.get(client) ?? new Map<string, Told>();
    this.told.set(client, told);
    return told;
  }

  has(client: SimulatedClient, post: string): boolean {
    return this.told.get(client)?.has(post) ?? false;
  }

  /** A client is told of a post, whether for the first time or not. */
  onTold(client: SimulatedClient, post: Told): void {
    const { id, text, deleted, reactions = [] } = post;
    const isSaid = deleted ? this.deletions.has(id) && text === '' : this.texts.get(id)?.has(text);
    check(isSaid === true, 11, () => `nobody said ${id}: ${text}${deleted ? ' (deleted)' : ''}`);
    for (const { emoji, by } of reactions) {
      const invented = by.find((account) => !this.reactions.has(`${id} ${emoji} ${account}`));
      check(invented === undefined, 11, () => `${invented} never put ${emoji} under ${id}`);
    }
    this.of(client).set(id, post);
  }

  /** A post that comes as a new one: where it is there already, only a late one is looked for by its id. */
  onPost(client: SimulatedClient, post: Told & { late?: boolean | undefined }): void {
    if (!post.late) this.checkPlace(client, post);
    this.onTold(client, post);
  }

  /** One of its own is stored: it stands on its screen from now on, and no higher than it did. */
  onStored(client: SimulatedClient, post: Told): void {
    const before = this.of(client).get(post.id);
    if (!before) return this.onTold(client, post);
    const { order } = post;
    const isHigher = order > before.order;
    check(!isHigher, 10, () => `${client.id} has ${post.id} at ${before.order} and at ${order}`);
    this.of(client).set(post.id, { ...before, order });
  }

  private checkPlace(client: SimulatedClient, { id, order }: Told): void {
    const before = this.of(client).get(id)?.order ?? order;
    check(before === order, 10, () => `${client.id} has ${id} at ${before} and at ${order}`);
  }

  /**
   * A post goes up to the place of the copy that counts: it was there, further down, or a page took it away, because its
   * leader had it further up already.
   */
  onMoved(client: SimulatedClient, post: Told): void {
    const before = this.of(client).get(post.id);
    const isHigher = before === undefined || post.order < before.order;
    check(isHigher, 11, () => `${client.id} has ${post.id} moved from ${before?.order} down`);
    if (before || this.reachesTo(client, post)) this.onTold(client, post);
  }

  /** What stands elsewhere on a screen is not changed on it; what a page took away from it is put in again. */
  onChanged(client: SimulatedClient, post: Told): void {
    const before = this.of(client).get(post.id);
    const isHere = before ? before.order === post.order : this.reachesTo(client, post);
    if (isHere) this.onTold(client, post);
  }

  /** Whether a screen has what comes before a post in its room. */
  private reachesTo(client: SimulatedClient, { room, order }: Told): boolean {
    return [...this.of(client).values()].some((each) => each.room === room && each.order < order);
  }

  /**
   * A page, read after a reset: puts its posts where this leader has them.
   * @returns whether it reaches down to the oldest of what was there before
   */
  onPage(client: SimulatedClient, posts: readonly Told[]): boolean {
    const [oldest] = posts;
    if (!oldest) return true;
    const isWhole = ![...this.of(client).values()].some(
      ({ room, order }) => room === oldest.room && order < oldest.order,
    );
    // As the screen does: what a page lacks between two of its posts stands elsewhere by now.
    const newest = posts.at(-1)?.order ?? '';
    const ids = new Set(posts.map(({ id }) => id));
    for (const [id, { room, order }] of this.of(client)) {
      const isWithin = room === oldest.room && order > oldest.order && order < newest;
      if (isWithin && !ids.has(id)) this.of(client).delete(id);
    }
    for (const post of posts) this.onTold(client, post);
    return isWhole;
  }

  /** Its screen is empty. */
  onEmptied(client: SimulatedClient): void {
    this.told.delete(client);
  }

  /** What happens in rooms that one is not in is not told. */
  keepRooms(client: SimulatedClient, isIn: (room: string) => boolean): void {
    const told = this.of(client);
    for (const [id, { room }] of told) if (!isIn(room)) told.delete(id);
  }

  /**
   * @param posts everything that the history shows
   * @param others all entries that are no posts
   */
  checkEnd(posts: readonly Entry[], others: Iterable<Entry>): void {
    const outcomes = outcomesOf(others);
    const history = new Map<string, string>();
    for (const entry of posts) {
      const body = bodyOf(entry);
      if (body?.t !== 'post') continue;
      const { text = body.x, deleted, reactions } = outcomes.get(body.q) ?? NOTHING;
      const shown = deleted ? '' : text;
      history.set(
        body.q,
        JSON.stringify([orderOf(entry), shown, deleted, deleted ? [] : [...reactions].sort()]),
      );
    }
    for (const [client, told] of this.told) {
      for (const [id, post] of told) {
        const expected = history.get(id);
        // One that was pruned is on screens, and in no history.
        if (expected === undefined) continue;
        const last = textOf(post);
        const text = () =>
          `${client.id} was told ${last} of ${id}, and the history says ${expected}`;
        check(last === expected, 10, text);
      }
    }
  }
}

function textOf({ order, text, deleted = false, reactions = [] }: Told): string {
  const all = reactions.flatMap(({ emoji, by }) => by.map((account) => `${emoji} ${account}`));
  return JSON.stringify([order, text, deleted, all.sort()]);
}

type Outcome = { text?: string; deleted: boolean; reactions: Set<string> };

const NOTHING: Outcome = { deleted: false, reactions: new Set() };

/** What became of each post: of the copies of one request the lowest counts, of all others the last. */
function outcomesOf(others: Iterable<Entry>): Map<string, Outcome> {
  const lowest = new Map<string, { place: string; body: NoteBody }>();
  for (const entry of others) {
    const body = bodyOf(entry);
    if (!isNote(body)) continue;
    const known = lowest.get(body.q);
    const place = orderOf(entry);
    if (!known || place < known.place) lowest.set(body.q, { place, body });
  }
  const outcomes = new Map<string, Outcome>();
  const inOrder = [...lowest.values()].sort((one, other) => (one.place < other.place ? -1 : 1));
  for (const { body } of inOrder) {
    const outcome = outcomes.get(body.p) ?? { deleted: false, reactions: new Set() };
    outcomes.set(body.p, outcome);
    if (body.t === 'edit') outcome.text = body.x;
    else if (body.t === 'delete') outcome.deleted = true;
    else if (body.o) outcome.reactions.add(`${body.e} ${body.u}`);
    else outcome.reactions.delete(`${body.e} ${body.u}`);
  }
  return outcomes;
}
