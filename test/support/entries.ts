// Entries for tests, with as little said as the test is about.
import { type Entry, orderOf } from '../../daemon/ring/entry.ts';
import type { StoredEntry } from '../../daemon/store/store.ts';

/** An entry of server 3's first stream; its time is its sequence unless given. */
export function entryOf(fields: Partial<Entry> & { sequence: number }): Entry {
  const hlcMs = fields.hlcMs ?? 1_000 + fields.sequence;
  return {
    term: 1,
    ringPosition: 3,
    incarnation: '00000000000000aa',
    hlcMs,
    hlcCounter: 0,
    wallMs: hlcMs,
    body: `body ${fields.sequence}`,
    ...fields,
  };
}

/** The entry of a post as the store takes it. */
export function storedPost(entry: Entry, room: string, requestId: string): StoredEntry {
  return { entry, order: orderOf(entry), index: { kind: 'post', room, requestId } };
}

/** Any other entry as the store takes it. */
export function storedOther(entry: Entry, requestId: string | null = null): StoredEntry {
  return { entry, order: orderOf(entry), index: { kind: 'other', room: null, requestId } };
}
