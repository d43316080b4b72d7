// `syncnet-tui tail`: a room's posts in the one order, those from before and then as they come, each once.
import type * as z from 'zod';
import { type ChatClient, QueryError } from '../../lib/client/api.ts';
import type { HistoryPost, PostEvent } from '../../lib/protocol/events.ts';
import { PAGE_POSTS_MAX } from '../../lib/protocol/limits.ts';
import { clockTime } from '../line-rows.ts';
import { reactionText } from '../reaction-text.ts';
import { cleanLine, cleanText, printableJson } from '../text.ts';
import type { TailOptions } from './command-line.ts';
import { EXIT, type Io, placeLabel, reachedRoom, signedIn, whileServed } from './reach.ts';

type Post = z.infer<typeof HistoryPost> & Pick<z.infer<typeof PostEvent>, 'late'>;

/** Ids remembered against printing twice; a page and what comes meanwhile are far fewer. */
const PRINTED_IDS_MAX = 100_000;

/** Posts whose changes are printed: the newest. */
const TEXTS_MAX = 1_000;

function jsonLine(type: 'post' | 'changed', post: Post, room: string): string {
  const { id, name, text, time, late, action, edited, deleted, reply, reactions = [] } = post;
  const fields = { type, id, room, name, text, time: new Date(time).toISOString() };
  return printableJson({
    ...fields,
    ...(late ? { late } : {}),
    ...(action ? { action } : {}),
    ...(edited ? { edited } : {}),
    ...(deleted ? { deleted } : {}),
    ...(reply ? { reply: reply.id } : {}),
    ...(reactions.length > 0
      ? { reactions: reactions.map(({ emoji, count }) => ({ emoji, count })) }
      : {}),
  });
}

/**
 * `10:01 bob: text`, `10:01 * bob waves`; further lines of a text are indented, so that none passes for a post. The
 * reactions are those that it has by then.
 */
function plainLine(post: Post): string {
  const name = cleanLine(post.name);
  const who = post.action ? `* ${name}` : `${name}:`;
  const said = post.deleted ? '(deleted)' : cleanText(post.text).replace(/\n/g, '\n      ');
  const reactions = post.reactions?.length ? ` (${cleanLine(reactionText(post.reactions))})` : '';
  return `${clockTime(post.time)} ${who} ${said}${post.edited ? ' (edited)' : ''}${reactions}`;
}

class Printer {
  /** Orders of what was printed, by id. */
  private readonly printed = new Map<string, string>();
  /** What the newest of them said, to tell an edit from a reaction. */
  private readonly texts = new Map<string, string>();
  private readonly write: (type: 'post' | 'changed', post: Post) => void;
  private highest = '';
  /** Pages are read down to this place: what is not above it was not asked for, or is remembered no longer. */
  floor = '';

  constructor(options: TailOptions, io: Io) {
    this.write = (type, post) => {
      const line = options.json ? jsonLine(type, post, placeLabel(options.place)) : plainLine(post);
      io.stdout.write(`${line}\n`);
    };
  }

  /** Each post once; one that belongs above what is printed already is late. */
  print(post: Post): void {
    if (this.printed.has(post.id)) return;
    this.write('post', post.order < this.highest ? { ...post, late: true } : post);
    this.remember(post);
    this.printed.set(post.id, post.order);
    if (post.order > this.highest) this.highest = post.order;
    const [oldest] = this.printed;
    if (this.printed.size <= PRINTED_IDS_MAX || !oldest) return;
    this.printed.delete(oldest[0]);
    this.beginAbove(oldest[1]);
  }

  private remember({ id, text }: Post): void {
    this.texts.set(id, text);
    const [oldest] = this.texts.keys();
    if (this.texts.size > TEXTS_MAX && oldest !== undefined) this.texts.delete(oldest);
  }

  /** Another text of one of the posts that were printed last. */
  change(post: Post): void {
    const before = this.texts.get(post.id);
    if (before === undefined || before === post.text) return;
    this.remember(post);
    this.write('changed', post);
  }

  /** What is not above this place is not read from pages. */
  beginAbove(order: string): void {
    if (order > this.floor) this.floor = order;
  }
}

/** Waits until the client is signed in (again). */
function connected(client: ChatClient): Promise<void> {
  if (client.connection.type === 'connected') return Promise.resolve();
  const { promise, resolve } = Promise.withResolvers<void>();
  const unsubscribe = client.subscribe((event) => {
    if (event.type === 'connection' && event.state.type === 'connected') resolve();
  });
  return promise.finally(unsubscribe);
}

/** One page, asked for again after each failover. */
async function pageOf(client: ChatClient, query: Parameters<ChatClient['history']>[0]) {
  for (;;) {
    try {
      return await client.history(query);
    } catch (error) {
      if (!(error instanceof QueryError) || error.code !== 'connection-lost') throw error;
      await connected(client);
    }
  }
}

/** The newest `count` posts, those above the place `down` only, oldest first. */
async function newest(
  client: ChatClient,
  wanted: { room: string; count: number; down: string },
): Promise<Post[]> {
  const pages: (readonly Post[])[] = [];
  let left = wanted.count;
  let before: string | undefined;
  while (left > 0) {
    const limit = Math.min(PAGE_POSTS_MAX, left);
    const place = before === undefined ? {} : { before };
    const page = await pageOf(client, { room: wanted.room, limit, ...place });
    pages.unshift(page.posts.filter((post) => post.order > wanted.down));
    left -= page.posts.length;
    before = page.posts[0]?.order;
    if (!page.more || before === undefined || before <= wanted.down) break;
  }
  return pages.flat();
}

/**
 * Prints until the reader has enough, or, with --no-follow, what there is.
 * @param ended resolves when nobody reads any more
 * @returns the exit code
 * @throws HeadlessError when no server is reached, the sign-in or the room is refused
 */
export async function runTail(
  client: ChatClient,
  options: TailOptions,
  io: Io,
  ended: Promise<void>,
): Promise<number> {
  const printer = new Printer(options, io);
  // What comes while pages are under way is printed behind them.
  let held: Post[] | null = [];
  let room = '';
  let filling = Promise.resolve();
  /** Fills that are not done: what is held is let out by the last of them. */
  let fills = 0;
  const broken = Promise.withResolvers<never>();

  /** @param posts what the pages have */
  function filled(posts: readonly Post[]): void {
    for (const post of posts) printer.print(post);
    fills -= 1;
    if (fills > 0) return;
    for (const post of held ?? []) printer.print(post);
    held = null;
  }
  /** The newest posts that were asked for; one at least, because the next pages are read down to the oldest of them. */
  async function begin(last: number): Promise<void> {
    const count = Math.max(1, last);
    const posts = await newest(client, { room, count, down: '' });
    if (posts.length === count) printer.beginAbove(posts[0]?.order ?? '');
    filled(last === 0 ? [] : posts);
  }
  /** Everything since the beginning that was not printed, wherever a merge has put it. */
  async function fillAgain(): Promise<void> {
    const count = Number.POSITIVE_INFINITY;
    filled(await newest(client, { room, count, down: printer.floor }));
  }
  client.subscribe((event) => {
    if (event.type === 'reset' && room !== '') {
      // At once: what comes behind it on the same connection must not pass the pages.
      held ??= [];
      fills += 1;
      filling = filling.then(fillAgain);
      filling.catch(broken.reject);
    }
    const isChange = event.type === 'changed' || event.type === 'moved';
    if (isChange && event.post.room === room) printer.change(event.post);
    if (event.type !== 'post' || (room !== '' && event.post.room !== room)) return;
    if (held) held.push(event.post);
    else printer.print(event.post);
  });
  const rooms = await signedIn(client, options.timeoutMs);
  const wanted = { place: options.place, create: false };
  room = await whileServed(client, reachedRoom(client, rooms, wanted), {
    goneMsMax: options.timeoutMs,
  });
  const early: Post[] = held.filter((post) => (post as z.infer<typeof PostEvent>).room === room);
  held = early;
  fills += 1;
  filling = filling.then(() => begin(options.last));
  filling.catch(broken.reject);
  await filling;
  // Who follows waits for the next server, however long it takes.
  const following = Promise.race([ended, broken.promise]);
  if (options.follow) await whileServed(client, following, { goneMsMax: Number.POSITIVE_INFINITY });
  await filling;
  return EXIT.done;
}
