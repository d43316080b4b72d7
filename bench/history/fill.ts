// node bench/history/fill.ts DIRECTORY POSTS KEY NAME: writes a long history into an empty data directory, with its
// search index, as if somebody had said it all in a thousand rooms. Run as a process of its own: it never pauses.
import { encodeBody } from '../../daemon/chat/bodies.ts';
import { type Entry, orderOf } from '../../daemon/ring/entry.ts';
import { openSqliteStore } from '../../daemon/store/sqlite-store.ts';
import type { EntryIndex, Store } from '../../daemon/store/store.ts';
import { postIdOf } from '../../lib/ids.ts';
import { fillIndex } from '../../test/support/filled-index.ts';
import {
  accountOf,
  INCARNATION,
  postText,
  postTimeMs,
  ROOMS,
  requestOf,
  roomOf,
  SESSION,
} from './story.ts';

/** Entries in one transaction: large enough that the disk does not set the pace. */
const TRANSACTION_ENTRIES = 50_000;
/** Of a leader that is gone: nobody goes on with its stream. */
const MAKER = 'ffffffffffffffff';

const [directory = '', postsText = '', key = '', name = ''] = process.argv.slice(2);
const posts = Number(postsText);
const account = accountOf(key, name);

function* entries(): Iterable<{ entry: Entry; index: EntryIndex }> {
  let sequence = 0;
  const made = (timeMs: number, body: string): Entry => {
    sequence += 1;
    const time = { hlcMs: timeMs, hlcCounter: sequence % 2 ** 24, wallMs: timeMs };
    return { term: 1, ringPosition: 1, incarnation: MAKER, sequence, ...time, body };
  };
  const other = { kind: 'other', room: null } as const;
  const claim = made(postTimeMs(0), encodeBody({ t: 'claim', k: key, n: name }));
  yield { entry: claim, index: { ...other, requestId: null } };
  for (let room = 0; room < ROOMS; room += 1) {
    const requestId = requestOf(account, room + 1);
    const body = encodeBody({ t: 'create', q: requestId, u: account, n: `room${room}`, x: '' });
    yield { entry: made(postTimeMs(0), body), index: { ...other, requestId } };
  }
  for (let post = 0; post < posts; post += 1) {
    const requestId = postIdOf(`${account}.${SESSION}`, ROOMS + 1 + post);
    const room = roomOf(account, post % ROOMS);
    const body = encodeBody({ t: 'post', q: requestId, u: account, r: room, x: postText(post) });
    yield { entry: made(postTimeMs(post), body), index: { kind: 'post', room, requestId } };
  }
}

function fillStore(store: Store): void {
  let count = 0;
  store.begin();
  for (const { entry, index } of entries()) {
    store.append({ entry, order: orderOf(entry), index });
    count += 1;
    if (count % TRANSACTION_ENTRIES > 0) continue;
    store.commit();
    store.begin();
  }
  store.commit();
}

const store = openSqliteStore({ directory, incarnationOf: () => INCARNATION });
fillStore(store);
fillIndex(directory, store);
store.close();
