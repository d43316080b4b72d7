// A history as long as one likes, written straight into a data directory: rooms of very unequal size, people who
// talk in some of them, words as unequal as in any language. The same size gives the same bytes.
import { encodeBody } from '../../daemon/chat/bodies.ts';
import { type Entry, orderOf } from '../../daemon/ring/entry.ts';
import { openSqliteStore } from '../../daemon/store/sqlite-store.ts';
import type { EntryIndex, Store } from '../../daemon/store/store.ts';
import { accountIdOf, roomIdOf } from '../../lib/ids.ts';
import { seededRandom } from '../../lib/random.ts';
import { fillIndex } from './filled-index.ts';

/** Entries in one transaction while the directory is filled. */
const CHUNK = 20_000;

/** The commonest words of English, in this order: about half of all that is said. */
const COMMON =
  `the of and to a in for is on that by this with i you it not or be are from at as your all have
new more an was we will home can us about if page my has search free but our one other do no information time they
site he up may what which their news out use any there see only so his when contact here business who web also now
help get pm view online first am been would how were services some these click its like service than find`.split(
    /\s+/,
  );

const VOCABULARY = 40_000;
const SYLLABLES = 'ka lo mi ra te su no vi da pe ro ti ma se lu ne ko fi ba ru ve so la di'.split(
  ' ',
);

/** What every share of posts is followed by. */
const SHARE_EDITED = 0.005;
const SHARE_REACTED = 0.01;

/** Accounts in each room. */
const MEMBERS = 6;

/** Posts of one session before its owner begins another. */
const SESSION_POSTS = 400;

/** A year for ten million posts: one every three seconds. */
const POST_MS = 3_150;
const BEGAN_MS = Date.UTC(2025, 0, 1);

export type HistorySize = Readonly<{ posts: number; rooms: number; accounts: number }>;

type Random = () => number;

function wordOf(number: number): string {
  const common = COMMON[number];
  if (common !== undefined) return common;
  let rest = number * 7_919;
  let word = '';
  do {
    word += SYLLABLES[rest % SYLLABLES.length];
    rest = Math.floor(rest / SYLLABLES.length);
  } while (rest > 0);
  return word;
}

/** A million draws of Zipf's law, made once: drawing from them costs nothing. */
function zipf(random: Random, count: number, exponent: number): Uint32Array {
  const sums = new Float64Array(count);
  let sum = 0;
  for (let rank = 0; rank < count; rank += 1) {
    sum += 1 / (rank + 2) ** exponent;
    sums[rank] = sum;
  }
  return Uint32Array.from({ length: 1 << 20 }, () => {
    const wanted = random() * sum;
    let low = 0;
    let high = count - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((sums[middle] ?? 0) < wanted) low = middle + 1;
      else high = middle;
    }
    return low;
  });
}

class Writer {
  private readonly size: HistorySize;
  private readonly random: Random;
  private readonly words: Uint32Array;
  private readonly roomDraws: Uint32Array;
  private readonly accounts: string[];
  private readonly sent: Uint32Array;
  private readonly members: string[][] = [];
  private readonly roomIds: string[] = [];
  private readonly vocabulary: string[];
  private sequence = 0;
  private timeMs = BEGAN_MS;

  constructor(size: HistorySize) {
    this.size = size;
    this.random = seededRandom(size.posts);
    this.words = zipf(this.random, VOCABULARY, 1.07);
    this.roomDraws = zipf(this.random, size.rooms, 0.7);
    this.vocabulary = Array.from({ length: VOCABULARY }, (_, number) => wordOf(number));
    this.accounts = Array.from({ length: size.accounts }, (_, number) =>
      accountIdOf(keyOf(number), nameOf(number)),
    );
    this.sent = new Uint32Array(size.accounts);
  }

  private pick(draws: Uint32Array): number {
    return draws[Math.floor(this.random() * draws.length)] ?? 0;
  }

  private entry(body: string): Entry {
    this.sequence += 1;
    this.timeMs += POST_MS;
    return {
      term: 1,
      ringPosition: 3,
      incarnation: 'ffffffffffffffff',
      sequence: this.sequence,
      hlcMs: this.timeMs,
      hlcCounter: 0,
      wallMs: this.timeMs,
      body,
    };
  }

  private requestOf(account: number): string {
    const number = this.sent[account] ?? 0;
    this.sent[account] = number + 1;
    const seed = String(Math.floor(number / SESSION_POSTS)).padStart(12, '0');
    return `${this.accounts[account]}.${seed}/${(number % SESSION_POSTS) + 1}`;
  }

  private text(): string {
    const count = 6 + Math.floor(this.random() * 20);
    const words: string[] = [];
    for (let index = 0; index < count; index += 1)
      words.push(this.vocabulary[this.pick(this.words)] ?? '');
    return words.join(' ');
  }

  *entries(): Iterable<{ entry: Entry; index: EntryIndex }> {
    yield* this.people();
    for (let count = 0; count < this.size.posts; count += 1) yield* this.post();
  }

  private other(body: string, requestId: string | null) {
    const index: EntryIndex = { kind: 'other', room: null, requestId };
    return { entry: this.entry(body), index };
  }

  private *people() {
    const { rooms, accounts } = this.size;
    for (let number = 0; number < accounts; number += 1) {
      const body = encodeBody({ t: 'claim', k: keyOf(number), n: nameOf(number) });
      yield this.other(body, null);
    }
    for (let room = 0; room < rooms; room += 1) {
      const creator = room % accounts;
      const q = this.requestOf(creator);
      const u = this.accounts[creator] ?? '';
      yield this.other(encodeBody({ t: 'create', q, u, n: `room${room}`, x: 'talk' }), q);
      const id = roomIdOf(q);
      this.roomIds.push(id);
      this.members.push([String(creator)]);
      for (let member = 1; member < Math.min(MEMBERS, accounts); member += 1) {
        const account = (creator + member * 13) % accounts;
        const request = this.requestOf(account);
        const joined = { t: 'join' as const, q: request, u: this.accounts[account] ?? '', r: id };
        yield this.other(encodeBody(joined), request);
        this.members[room]?.push(String(account));
      }
    }
  }

  private *post() {
    const room = this.pick(this.roomDraws);
    const members = this.members[room] ?? [];
    const account = Number(members[Math.floor(this.random() ** 2 * members.length)]);
    const q = this.requestOf(account);
    const u = this.accounts[account] ?? '';
    const r = this.roomIds[room] ?? '';
    const body = encodeBody({ t: 'post', q, u, r, x: this.text() });
    const index: EntryIndex = { kind: 'post', room: r, requestId: q };
    yield { entry: this.entry(body), index };
    const chance = this.random();
    if (chance >= SHARE_EDITED + SHARE_REACTED) return;
    const request = this.requestOf(account);
    const made = { q: request, u, r, p: q };
    if (chance < SHARE_EDITED)
      yield this.other(encodeBody({ t: 'edit', ...made, x: this.text() }), request);
    else yield this.other(encodeBody({ t: 'react', ...made, e: '👍', o: true }), request);
  }
}

const keyOf = (number: number) => String(number).padStart(43, '0');
const nameOf = (number: number) => `person${number}`;

/** Appends all of a history to a store, in transactions of some thousand entries. */
function fillStore(store: Store, size: HistorySize): void {
  let count = 0;
  store.begin();
  for (const { entry, index } of new Writer(size).entries()) {
    store.append({ entry, order: orderOf(entry), index });
    count += 1;
    if (count % CHUNK !== 0) continue;
    store.commit();
    store.begin();
  }
  store.commit();
}

/** Makes a data directory that holds such a history, and its search index. */
export function fillDirectory(directory: string, size: HistorySize): void {
  const store = openSqliteStore({ directory, incarnationOf: () => '00000000000000aa' });
  fillStore(store, size);
  fillIndex(directory, store);
  store.close();
}
