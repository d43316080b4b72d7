// People who talk while the servers are tortured: senders who post at a steady pace whatever happens, readers
// who note what they are shown. They use the client core that the screen uses.
import { join } from 'node:path';
import type { ChatClient, Room } from '../../lib/client/api.ts';
import { createChatClient } from '../../lib/client/client.ts';
import { type Identity, temporaryIdentity } from '../../lib/client/identity.ts';
import type { Random } from '../../lib/random.ts';
import { joinedRoom, signedIn } from '../../tui/headless/reach.ts';
import { type SentPost, type Sighting, unseenBy } from './checker.ts';

const ROOMS = ['harbour', 'workshop', 'kitchen'] as const;
const SIGN_IN_MS_MAX = 30_000;

/** A sent post with its times, in milliseconds of the run's clock; Infinity for what has not come yet. */
export type TimedPost = { -readonly [Key in keyof SentPost]: SentPost[Key] } & {
  sentMs: number;
  answeredMs: number;
  /** When the first reader saw it. */
  seenMs: number;
};

export type Reader = {
  readonly name: string;
  readonly client: ChatClient;
  readonly sightings: Sighting[];
  /** How often it was told that it had missed too much to be sent. */
  resets: number;
  /** Posts that had been sent when it was last told so. */
  owedFrom: number;
};

/** Joins every room, making those that are not there. @returns their ids */
export async function joinRooms(client: ChatClient): Promise<string[]> {
  const known: readonly Room[] = await signedIn(client, SIGN_IN_MS_MAX);
  const ids: string[] = [];
  for (const name of ROOMS) ids.push(await joinedRoom(client, known, { name, create: true }));
  return ids;
}

/** One who posts, and comes back with the same outbox after leaving. */
export class Sender {
  readonly name: string;
  private readonly servers: readonly string[];
  private readonly folder: string | null;
  private readonly identity: Identity = temporaryIdentity();
  private readonly crowd: Crowd;
  private readonly byNumber = new Map<number, TimedPost>();
  private client: ChatClient | null = null;
  private rooms: readonly string[] = [];
  private count = 0;

  constructor(name: string, servers: readonly string[], crowd: Crowd, folder: string | null) {
    this.name = name;
    this.servers = servers;
    this.crowd = crowd;
    this.folder = folder;
  }

  async join(): Promise<void> {
    await this.open();
    if (this.client) this.rooms = await joinRooms(this.client);
  }

  /** Leaves without a word; what is not answered stays in the outbox. */
  async leave(): Promise<void> {
    const { client } = this;
    this.client = null;
    await client?.close();
  }

  /** Comes back with what was in the outbox. */
  async open(): Promise<void> {
    const { servers, identity, name, folder, crowd } = this;
    const client = await createChatClient({ servers, identity, name, folder });
    client.subscribe((event) => {
      if (event.type === 'cluster') crowd.noteLeader(event.cluster.leader?.id ?? null);
      if (event.type !== 'answer') return;
      const post = this.byNumber.get(event.answer.number);
      if (!post) return;
      this.byNumber.delete(event.answer.number);
      post.answer = event.answer;
      post.answeredMs = crowd.nowMs();
    });
    this.client = client;
  }

  /** Posts into one of the rooms, if it is there. @param draw in [0, 1) */
  say(draw: number): void {
    const { client, crowd, name } = this;
    if (!client) return;
    const room = this.rooms[Math.floor(draw * this.rooms.length)] as string;
    this.count += 1;
    const text = `${name} ${this.count}`;
    const sentMs = crowd.nowMs();
    const never = Number.POSITIVE_INFINITY;
    const post: TimedPost = {
      ...{ sender: name, sequence: this.count, room, text, answer: null, sentMs },
      answeredMs: never,
      seenMs: never,
    };
    crowd.note(post);
    const { number } = client.request({ type: 'post', room, text });
    this.byNumber.set(number, post);
  }
}

export class Crowd {
  readonly posts: TimedPost[] = [];
  readonly senders: Sender[] = [];
  readonly readers: Reader[] = [];
  /** Who led from when on, as the senders were told. */
  readonly leaders: { id: string | null; fromMs: number }[] = [];
  private readonly byText = new Map<string, TimedPost>();
  private readonly beganMs = performance.now();
  private timers: NodeJS.Timeout[] = [];

  /** Everyone in every room, each with a list of the servers that begins with another one. */
  static async gather(options: {
    addresses: readonly string[];
    senders: number;
    readers: number;
    /** Of the senders' outboxes; null keeps them in memory, for those that never leave. */
    directory: string | null;
  }): Promise<Crowd> {
    const crowd = new Crowd();
    const { addresses, directory } = options;
    const listFrom = (index: number) => {
      const first = index % addresses.length;
      return [...addresses.slice(first), ...addresses.slice(0, first)];
    };
    // One after the other: who makes the rooms is not left to chance.
    for (let index = 0; index < options.senders; index += 1) {
      const name = `sender${index + 1}`;
      const folder = directory === null ? null : join(directory, `outbox-${name}`);
      const sender = new Sender(name, listFrom(index), crowd, folder);
      crowd.senders.push(sender);
      await sender.join();
    }
    for (let index = 0; index < options.readers; index += 1) {
      await crowd.addReader(`reader${index + 1}`, listFrom(index));
    }
    return crowd;
  }

  private async addReader(name: string, servers: readonly string[]): Promise<void> {
    const identity = temporaryIdentity();
    const client = await createChatClient({ servers, identity, name, folder: null });
    const reader: Reader = { name, client, sightings: [], resets: 0, owedFrom: 0 };
    this.readers.push(reader);
    client.subscribe((event) => {
      if (event.type === 'reset') {
        reader.resets += 1;
        reader.owedFrom = this.posts.length;
      }
      if (event.type !== 'post') return;
      const { id, text } = event.post;
      const seenMs = this.nowMs();
      reader.sightings.push({ id, text });
      const post = this.byText.get(text);
      if (post) post.seenMs = Math.min(post.seenMs, seenMs);
    });
    await joinRooms(client);
  }

  /** Milliseconds since the crowd came together. */
  nowMs(): number {
    return performance.now() - this.beganMs;
  }

  note(post: TimedPost): void {
    this.posts.push(post);
    this.byText.set(post.text, post);
  }

  noteLeader(id: string | null): void {
    if (this.leaders.at(-1)?.id !== id) this.leaders.push({ id, fromMs: this.nowMs() });
  }

  /** Everyone talks from now on; whoever fell behind catches up at once. */
  begin(intervalMs: number, random: Random): void {
    for (const sender of this.senders) {
      const startMs = this.nowMs();
      let said = 0;
      const timer = setInterval(() => {
        const due = (this.nowMs() - startMs) / intervalMs;
        for (; said < due; said += 1) sender.say(random());
      }, intervalMs);
      this.timers.push(timer);
    }
  }

  hush(): void {
    for (const timer of this.timers) clearInterval(timer);
    this.timers = [];
  }

  get unansweredCount(): number {
    return this.posts.filter(({ answer }) => answer === null).length;
  }

  /** Stored, and still to be shown to a reader who is owed it. */
  get unseenCount(): number {
    return this.readers.reduce(
      (sum, { sightings, owedFrom }) =>
        sum + unseenBy(sightings, this.posts.slice(owedFrom)).length,
      0,
    );
  }

  async close(): Promise<void> {
    this.hush();
    for (const sender of this.senders) await sender.leave();
    await Promise.all(this.readers.map(({ client }) => client.close()));
  }
}
