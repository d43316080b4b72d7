// A room in which one client talks at a steady pace and three listen, one through each server: what was sent,
// answered and seen, and when. Tests of failovers read off it what people would have noticed.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { execa } from 'execa';
import type { Answer, ChatClient, ConnectionState, HistoryPage } from '../../lib/client/api.ts';
import { createChatClient } from '../../lib/client/client.ts';
import { temporaryIdentity } from '../../lib/client/identity.ts';
import type { HistoryPost } from '../../lib/protocol/events.ts';
import { PAGE_POSTS_MAX } from '../../lib/protocol/limits.ts';
import { joinedRoom, signedIn } from '../../tui/headless/reach.ts';
import { Daemons, TUI_MAIN } from './daemons.ts';
import { waitFor } from './wait-for.ts';

const ROOM = 'talk';
const POST_INTERVAL_MS = 20;
const PATIENCE_MS = 20_000;
const SERVED: ReadonlySet<ConnectionState['type']> = new Set(['connected', 'resending']);

type Post = { text: string; sentMs: number; answer: Answer | null; answeredMs: number };
type Sighting = { text: string; id: string; order: string; seenMs: number };
type Absence = { fromMs: number; untilMs: number };

/** A client with a name of its own: what it was shown, and when it had no leader. */
class Participant {
  readonly client: ChatClient;
  readonly name: string;
  readonly room: string;
  /** Posts in the order in which they came. */
  readonly seen: Sighting[] = [];
  /** Posts that came below the newest that this client had, and were not marked as late. */
  readonly misplaced: string[] = [];
  private newest = '';
  /** Times without a leader, the one that lasts included. */
  readonly absences: Absence[] = [];
  /** How often the client was told that too much was missed. */
  resets = 0;
  /** Posts that a page brought and no event yet. */
  private readonly paged = new Set<string>();

  private constructor(client: ChatClient, name: string, room: string) {
    this.client = client;
    this.name = name;
    this.room = room;
    client.subscribe((event) => {
      if (event.type === 'post') this.hear(event.post);
      if (event.type === 'connection') this.note(event.state.type);
      if (event.type === 'reset') {
        this.resets += 1;
        this.newest = '';
        void this.reload();
      }
    });
  }

  static async join(
    name: string,
    servers: readonly string[],
    folder: string | null,
  ): Promise<Participant> {
    const identity = temporaryIdentity();
    const client = await createChatClient({ servers, identity, name, folder });
    const rooms = await signedIn(client, PATIENCE_MS);
    const room = await joinedRoom(client, rooms, { name: ROOM, create: true });
    return new Participant(client, name, room);
  }

  /** Posts as a screen lists them: what comes late, in its place. */
  listed(): readonly Sighting[] {
    return this.seen.toSorted((one, other) => (one.order < other.order ? -1 : 1));
  }

  private hear(post: HistoryPost & { late?: boolean | undefined }): void {
    if (post.order > this.newest) this.newest = post.order;
    else if (!post.late) this.misplaced.push(post.text);
    if (!this.paged.delete(post.id)) this.see(post);
  }

  private see({ text, id, order }: HistoryPost): void {
    this.seen.push({ text, id, order, seenMs: performance.now() });
  }

  private note(state: ConnectionState['type']): void {
    const nowMs = performance.now();
    const last = this.absences.at(-1);
    const isAbsent = last?.untilMs === Number.POSITIVE_INFINITY;
    if (SERVED.has(state) === !isAbsent) return;
    if (isAbsent) last.untilMs = nowMs;
    else this.absences.push({ fromMs: nowMs, untilMs: Number.POSITIVE_INFINITY });
  }

  /** Asks for the history again, as every client must that may have missed something. */
  private async reload(): Promise<void> {
    let page: HistoryPage = { posts: [], more: true };
    while (page.more && this.client.connection.type !== 'closed') {
      const before = page.posts[0]?.order;
      const query = { room: this.room, limit: PAGE_POSTS_MAX };
      try {
        page = await this.client.history(before === undefined ? query : { ...query, before });
      } catch {
        await delay(POST_INTERVAL_MS); // a failover: asked again
        continue;
      }
      const known = new Set(this.seen.map(({ id }) => id));
      for (const post of page.posts.filter(({ id }) => !known.has(id))) {
        this.paged.add(post.id);
        this.see(post);
      }
    }
  }
}

export class Talk {
  readonly posts: Post[] = [];
  private readonly daemons: Daemons;
  private readonly writer: Participant;
  private readonly readers: readonly Participant[];
  private readonly byNumber = new Map<number, Post>();
  private timer: NodeJS.Timeout | null = null;

  private constructor(daemons: Daemons, writer: Participant, readers: readonly Participant[]) {
    this.daemons = daemons;
    this.writer = writer;
    this.readers = readers;
    writer.client.subscribe((event) => {
      if (event.type !== 'answer') return;
      const post = this.byNumber.get(event.answer.number);
      if (!post) return;
      post.answer = event.answer;
      post.answeredMs = performance.now();
    });
  }

  static async join(daemons: Daemons): Promise<Talk> {
    const addresses = daemons.addresses();
    const folder = join(daemons.directory, 'outbox');
    const writer = await Participant.join('writer', addresses, folder);
    const readers = await Promise.all(
      addresses.map((address, index) => {
        const others = addresses.filter((other) => other !== address);
        return Participant.join(`reader${index + 1}`, [address, ...others], null);
      }),
    );
    return new Talk(daemons, writer, readers);
  }

  /** Three daemons led by the highest and everyone in the room, for as long as a test runs. */
  static async amid(t: TestContext): Promise<{ daemons: Daemons; talk: Talk }> {
    const daemons = await Daemons.start();
    t.after(() => daemons.close());
    const talk = await Talk.join(daemons);
    t.after(() => talk.close());
    return { daemons, talk };
  }

  private get everyone(): readonly Participant[] {
    return [this.writer, ...this.readers];
  }

  /** Says something now, and waits for nothing. */
  say(): Post {
    const text = `post ${this.posts.length + 1}`;
    const post: Post = {
      text,
      sentMs: performance.now(),
      answer: null,
      answeredMs: Number.POSITIVE_INFINITY,
    };
    this.posts.push(post);
    const { number } = this.writer.client.request({ type: 'post', room: this.writer.room, text });
    this.byNumber.set(number, post);
    return post;
  }

  /** Talks from now on, 50 posts a second, whether they are answered or not. */
  begin(): void {
    const startMs = performance.now();
    const already = this.posts.length;
    this.timer = setInterval(() => {
      const due = already + (performance.now() - startMs) / POST_INTERVAL_MS;
      while (this.posts.length < due) this.say();
    }, POST_INTERVAL_MS);
  }

  /** Says nothing more until the next `begin`; what was said is answered. */
  async hush(): Promise<void> {
    this.stop();
    const isAnswered = () => this.posts.every(({ answer }) => answer !== null);
    await waitFor('an answer to each post', isAnswered, PATIENCE_MS);
  }

  private stop(): void {
    if (this.timer) clearInterval(this.timer);
    this.timer = null;
  }

  /** How often clients had to ask for histories again, because too much was missed to be sent. */
  get resets(): number {
    return this.everyone.reduce((sum, { resets }) => sum + resets, 0);
  }

  get storedCount(): number {
    return this.posts.filter(({ answer }) => answer?.type === 'stored').length;
  }

  /** Stops talking, and waits until everything is answered and everyone has seen as much as was stored. */
  private async end(): Promise<void> {
    this.stop();
    const isOver = () => {
      const isAnswered = this.posts.every(({ answer }) => answer !== null);
      const stored = this.storedCount;
      return isAnswered && this.readers.every(({ seen }) => seen.length >= stored);
    };
    // What is wrong then is told by `problems`, post by post.
    await waitFor('the end of the talk', isOver, PATIENCE_MS).catch(() => {});
  }

  /** Ends the talk: everyone saw everything once and in order, and every server has it so. */
  async assertNothingLost(): Promise<void> {
    await this.end();
    assert.deepEqual(this.problems(), []);
    for (const id of this.daemons.ids()) assert.deepEqual(await this.historyProblems(id), []);
    const statuses = await this.daemons.settled();
    assert.equal(new Set(statuses.map(({ historyHash }) => historyHash)).size, 1);
  }

  /** What a participant would complain of: posts not stored, not seen, seen twice or in another order. */
  private problems(): string[] {
    const refused = this.posts.flatMap(({ text, answer }) =>
      answer?.type === 'stored' ? [] : [`${text}: ${JSON.stringify(answer)}`],
    );
    const misread = this.readers.flatMap((reader) => [
      ...this.misread(reader.name, reader.listed()),
      ...reader.misplaced.map((text) => `${reader.name}: ${text} came late, and was not marked`),
    ]);
    return [...refused, ...misread];
  }

  /** Each stored post once, in the order in which it was said, under the id that its answer told. */
  private misread(who: string, seen: readonly { text: string; id: string }[]): string[] {
    const counts = new Map<string, number>();
    for (const { text } of seen) counts.set(text, (counts.get(text) ?? 0) + 1);
    const stored = this.posts.flatMap(({ text, answer }) =>
      answer?.type === 'stored' ? [{ text, id: answer.id }] : [],
    );
    const notOnce = stored.flatMap(({ text }) => {
      const count = counts.get(text) ?? 0;
      return count === 1 ? [] : [`${who}: ${text} ${count} times`];
    });
    if (notOnce.length > 0) return notOnce;
    return Array.from({ length: Math.max(stored.length, seen.length) }, (_, index) => index)
      .filter(
        (index) =>
          seen[index]?.text !== stored[index]?.text || seen[index]?.id !== stored[index]?.id,
      )
      .map((index) => `${who}: ${seen[index]?.text} in place of ${stored[index]?.text}`);
  }

  /**
   * The room's history as the headless `tail` prints it when it knows this server only.
   * @returns what is wrong with it
   */
  private async historyProblems(id: string): Promise<string[]> {
    const words = ['tail', '--room', ROOM, '--name', 'auditor', '--last', 'all', '--no-follow'];
    const identity = join(this.daemons.directory, 'auditor.json');
    const { stdout, stderr, exitCode } = await execa(
      'node',
      [TUI_MAIN, ...words, '--json', '--servers', this.daemons.address(id), '--identity', identity],
      { reject: false },
    );
    if (exitCode !== 0) return [`tail through ${id} ended with ${exitCode}: ${stderr}`];
    const lines = stdout.split('\n').filter((line) => line !== '');
    return this.misread(
      `history through ${id}`,
      lines.map((line) => JSON.parse(line)),
    );
  }

  /** From a moment until the last reader saw something that was said after it: what a death cost them. */
  gapAfter(fromMs: number): number {
    const said = new Set(
      this.posts.filter(({ sentMs }) => sentMs > fromMs).map(({ text }) => text),
    );
    const firsts = this.readers.map(
      ({ seen }) => seen.find(({ text }) => said.has(text))?.seenMs ?? Number.POSITIVE_INFINITY,
    );
    return Math.max(...firsts) - fromMs;
  }

  /** The longest time in which a reader saw nothing, of those that overlap with a span. */
  longestSilence(fromMs: number, untilMs: number): number {
    let longestMs = 0;
    for (const { seen } of this.readers) {
      for (const [index, { seenMs }] of seen.entries()) {
        const beforeMs = seen[index - 1]?.seenMs ?? seenMs;
        if (seenMs > fromMs && beforeMs < untilMs)
          longestMs = Math.max(longestMs, seenMs - beforeMs);
      }
    }
    return longestMs;
  }

  /** The longest that a post of a span waited for its answer. */
  longestAnswer(fromMs = 0, untilMs = Number.POSITIVE_INFINITY): number {
    const within = this.posts.filter(({ sentMs }) => sentMs > fromMs && sentMs < untilMs);
    return Math.max(...within.map(({ sentMs, answeredMs }) => answeredMs - sentMs));
  }

  /** How long posts of a span waited for their answers: the given share of them no longer. */
  answerPercentile(share: number, fromMs: number, untilMs: number): number {
    const waits = this.posts
      .filter(({ sentMs }) => sentMs > fromMs && sentMs < untilMs)
      .map(({ sentMs, answeredMs }) => answeredMs - sentMs)
      .sort((one, other) => one - other);
    return waits[Math.floor(share * (waits.length - 1))] ?? Number.NaN;
  }

  /** The longest that anyone was without a leader. */
  longestAbsence(): number {
    const nowMs = performance.now();
    const lasted = this.everyone.flatMap(({ absences }) =>
      absences.map(({ fromMs, untilMs }) => Math.min(nowMs, untilMs) - fromMs),
    );
    return Math.max(0, ...lasted);
  }

  async close(): Promise<void> {
    this.stop();
    await Promise.all(this.everyone.map(({ client }) => client.close()));
  }
}
