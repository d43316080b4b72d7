// What tail prints when a client has to read again: everything once, nothing left out. Other failovers are in
// test/e2e/headless.test.ts.
import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { test } from 'node:test';
import type { ChatClient, ClientEvent } from '../../../lib/client/api.ts';
import { runTail } from '../../../tui/headless/tail.ts';
import { post, room } from '../../support/screen-story.ts';
import { waitFor } from '../../support/wait-for.ts';

type Post = ReturnType<typeof post>;

const said = (place: number) => post('general', { name: 'bob', text: `post ${place}`, place });

/** A client of one room; pages come when the test lets them. */
class Stage {
  history: Post[] = [];
  readonly ended = Promise.withResolvers<void>();
  readonly out = new PassThrough();
  private readonly listeners: ((event: ClientEvent) => void)[] = [];
  private printed = '';
  private pages: (() => void)[] = [];
  readonly done: Promise<number>;

  constructor(
    history: readonly Post[],
    last: number,
    { json }: { json: boolean } = { json: true },
  ) {
    this.history = [...history];
    this.out.on('data', (chunk) => {
      this.printed += chunk;
    });
    const client = {
      connection: { type: 'connected' },
      outbox: [],
      subscribe: (listener: (event: ClientEvent) => void) => {
        this.listeners.push(listener);
        return () => {};
      },
      history: ({ before, limit }: { before?: string; limit: number }) => {
        const { promise, resolve } = Promise.withResolvers<void>();
        this.pages.push(resolve);
        return promise.then(() => {
          const below = this.history.filter(({ order }) => before === undefined || order < before);
          return { posts: below.slice(-limit), more: below.length > limit };
        });
      },
    } as unknown as ChatClient;
    const options = {
      place: { type: 'room', name: 'general' },
      last,
      follow: true,
      json,
      timeoutMs: 5_000,
    };
    const io = { stdout: this.out, stderr: this.out, stdin: this.out };
    this.done = runTail(client, options as never, io as never, this.ended.promise);
    const rooms = [room('general')];
    const signedIn = { type: 'signedIn', account: 'a', name: 'a', server: 's', rooms };
    this.tell({ ...signedIn, prunedBelow: 0 } as ClientEvent);
  }

  tell(event: ClientEvent): void {
    for (const listener of this.listeners) listener(event);
  }

  says(each: Post): void {
    this.history = [...this.history, each].sort((one, other) => (one.order < other.order ? -1 : 1));
    this.tell({ type: 'post', post: each });
  }

  async page(): Promise<void> {
    await waitFor('a page to be asked for', () => this.pages.length > 0, 5_000);
    this.pages.shift()?.();
  }

  async lines(count: number): Promise<string[]> {
    const lines = () => this.printed.split('\n').filter((line) => line !== '');
    await waitFor(`${count} lines`, () => lines().length >= count, 5_000);
    return lines();
  }

  async texts(count: number): Promise<string[]> {
    return (await this.lines(count)).map((line) => {
      const { text, late } = JSON.parse(line) as { text: string; late?: boolean };
      return late ? `${text} (late)` : text;
    });
  }

  async end(): Promise<void> {
    this.ended.resolve();
    assert.equal(await this.done, 0);
  }
}

test('after a reset the gap is printed before what comes behind it on the same connection', async () => {
  const stage = new Stage([said(1)], 10);
  await stage.page();
  await stage.texts(1);
  stage.history.push(said(2), said(3));
  stage.tell({ type: 'reset' });
  stage.says(said(4));
  await stage.page();
  assert.deepEqual(await stage.texts(4), ['post 1', 'post 2', 'post 3', 'post 4']);
  await stage.end();
});

test('what a merge has put below what was printed is printed too, and said to be late', async () => {
  const stage = new Stage([said(1)], 10);
  await stage.page();
  stage.says(said(5));
  stage.history.push(said(2), said(3));
  stage.history.sort((one, other) => (one.order < other.order ? -1 : 1));
  await stage.texts(2);
  stage.tell({ type: 'reset' });
  await stage.page();
  const late = ['post 2 (late)', 'post 3 (late)'];
  assert.deepEqual(await stage.texts(4), ['post 1', 'post 5', ...late]);
  await stage.end();
});

test('what is older than what was asked for stays out, after a reset too', async () => {
  const old = Array.from({ length: 30 }, (_, index) => said(index + 1));
  for (const [last, before] of [
    [2, ['post 29', 'post 30']],
    [0, []],
  ] as const) {
    const stage = new Stage(old, last);
    await stage.page();
    stage.tell({ type: 'reset' });
    await stage.page();
    stage.says(said(31));
    assert.deepEqual(await stage.texts(before.length + 1), [...before, 'post 31']);
    await stage.end();
  }
});

test('two resets in a row lose nothing and double nothing', async () => {
  const stage = new Stage([], 10);
  await stage.page();
  stage.tell({ type: 'reset' });
  stage.says(said(1));
  stage.tell({ type: 'reset' });
  stage.says(said(2));
  await stage.page();
  await stage.page();
  assert.deepEqual(await stage.texts(2), ['post 1', 'post 2']);
  await stage.end();
});

test('an edit of a post that was printed is printed, a reaction to it is not', async () => {
  const stage = new Stage([said(1)], 10);
  await stage.page();
  await stage.texts(1);
  const reactions = [{ emoji: '👍', count: 1, by: ['a'] }];
  stage.tell({ type: 'changed', post: { ...said(1), reactions } });
  stage.tell({ type: 'changed', post: { ...said(1), text: 'edited 1', edited: true, reactions } });
  stage.tell({ type: 'changed', post: { ...said(9), text: 'never printed', edited: true } });
  stage.tell({ type: 'changed', post: { ...said(1), text: '', deleted: true } });
  stage.says(said(2));
  assert.deepEqual(await stage.texts(4), ['post 1', 'edited 1', '', 'post 2']);
  await stage.end();
});

test('the reactions that a post has when it is printed are printed with it', async () => {
  const reactions = [{ emoji: '👍', count: 2, by: ['a', 'b'] }];
  const liked = { ...said(1), reactions };
  for (const json of [true, false]) {
    const stage = new Stage([liked, said(2)], 10, { json });
    await stage.page();
    const [first = '', second = ''] = await stage.lines(2);
    if (json) assert.deepEqual(JSON.parse(first).reactions, [{ emoji: '👍', count: 2 }]);
    else assert.match(first, /^10:00 bob: post 1 \(👍 2\)$/);
    assert.doesNotMatch(second, /reactions|👍/);
    await stage.end();
  }
});

test('an edit that a leader tells of in the lower place of the post is printed', async () => {
  const stage = new Stage([said(1), said(5)], 10);
  await stage.page();
  await stage.texts(2);
  const lower = { ...said(5), order: said(2).order };
  stage.tell({ type: 'moved', post: { ...lower, text: 'edited 5', edited: true } });
  stage.says(said(6));
  assert.deepEqual(await stage.texts(4), ['post 1', 'post 5', 'edited 5', 'post 6']);
  await stage.end();
});
