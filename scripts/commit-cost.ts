// What a commit of posts costs the store, by itself: transactions of so many posts, from so many people who each talk in a
// room of their own.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { encodeBody } from '../daemon/chat/bodies.ts';
import { orderOf } from '../daemon/ring/entry.ts';
import { openSqliteStore } from '../daemon/store/sqlite-store.ts';
import type { Store } from '../daemon/store/store.ts';

const USAGE = `What a commit of posts costs the store by itself: processor and time for each post, on the disk of the temporary folder.

  npm run bench:commit               transactions of 1, 64 and 1,000 posts, in 4 and in 200 rooms
  --posts N                          only transactions of so many
  --rooms N                          only so many rooms, each with somebody who talks there
`;

const INCARNATION = 'ffffffffffffffff';
const TEXT = 'hello there, this is a message of usual length: some sixty characters';
const FROM_MS = 1_790_000_000_000;
/** Before the window, so that the tables are no longer small. */
const WARM_UP_POSTS = 20_000;
const WARM_UP_BATCH = 1_000;
/** A transaction of one takes longer than any other for each post. */
const POSTS_OF_ONE = 3_000;
const POSTS = 60_000;

/** @param sequence of the one stream, from 1 */
function appendPost(store: Store, sequence: number, rooms: number): void {
  const writer = sequence % rooms;
  const account = `acc${String(writer).padStart(13, '0')}`;
  const session = `${account}.sess${String(writer).padStart(8, '0')}`;
  const requestId = `${session}/${Math.floor(sequence / rooms) + 1}`;
  const room = `room${String(writer).padStart(12, '0')}`;
  const time = { hlcMs: FROM_MS + sequence, hlcCounter: 0, wallMs: FROM_MS + sequence };
  const key = { term: 1, ringPosition: 3, incarnation: INCARNATION, sequence };
  const body = encodeBody({ t: 'post', q: requestId, u: account, r: room, x: TEXT });
  const entry = { ...key, ...time, body };
  store.append({ entry, order: orderOf(entry), index: { kind: 'post', room, requestId } });
}

/** @returns µs of processor, and of time, for each post */
function measure(batch: number, rooms: number): { cpu: number; wall: number } {
  const directory = mkdtempSync(join(tmpdir(), 'syncnet-commit-'));
  const store = openSqliteStore({ directory, incarnationOf: () => INCARNATION });
  let sequence = 0;
  const write = (posts: number, size: number) => {
    for (let written = 0; written < posts; written += size) {
      store.begin();
      for (let each = 0; each < size; each += 1) {
        sequence += 1;
        appendPost(store, sequence, rooms);
      }
      store.commit();
    }
  };
  try {
    write(WARM_UP_POSTS, WARM_UP_BATCH);
    const from = sequence;
    const cpuBefore = process.cpuUsage();
    const fromMs = performance.now();
    write(batch === 1 ? POSTS_OF_ONE : POSTS, batch);
    const { user, system } = process.cpuUsage(cpuBefore);
    const wall = ((performance.now() - fromMs) * 1_000) / (sequence - from);
    return { cpu: (user + system) / (sequence - from), wall };
  } finally {
    store.close();
    rmSync(directory, { recursive: true });
  }
}

const text = { type: 'string' } as const;
const { values } = parseArgs({
  options: { posts: text, rooms: text, help: { type: 'boolean', default: false } },
});
if (values.help) {
  process.stdout.write(USAGE);
  process.exit(0);
}
const numbers = (given: string | undefined, usual: readonly number[]) => {
  if (given === undefined) return usual;
  const number = Number(given);
  if (Number.isInteger(number) && number > 0) return [number];
  process.stderr.write(`expected a whole number above 0, got ${given}\n`);
  process.exit(2);
};
const batches = numbers(values.posts, [1, 64, 1_000]);
const roomCounts = numbers(values.rooms, [4, 200]);
for (const rooms of roomCounts) {
  for (const batch of batches) {
    const { cpu, wall } = measure(batch, rooms);
    const cost = `${cpu.toFixed(1)} µs of processor, ${wall.toFixed(1)} µs in all, for each post`;
    process.stdout.write(`${batch} posts in a transaction, ${rooms} rooms: ${cost}\n`);
  }
}
