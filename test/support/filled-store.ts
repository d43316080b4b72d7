// The data directories of servers that are not running, filled with more posts than anybody wants to wait for.
import { encodeBody } from '../../daemon/chat/bodies.ts';
import { orderOf } from '../../daemon/ring/entry.ts';
import { openSqliteStore } from '../../daemon/store/sqlite-store.ts';
import { accountIdOf, GENERAL_ROOM_ID, postIdOf, sessionIdOf } from '../../lib/ids.ts';
import type { Daemons } from './daemons.ts';

/** The first is of this time, the others so long after each other. */
const FIRST_MS = 1_700_000_000_000;
const APART_MS = 20_000;
/** Who says them, in turn: each says three in a row. */
const NAMES = ['bob', 'carol', 'dave', 'erin', 'frank'];
const IN_A_ROW = 3;
const KEY = 'A'.repeat(43);

function postBody(nth: number, textOf: (nth: number) => string) {
  const name = NAMES[Math.floor(nth / IN_A_ROW) % NAMES.length] as string;
  const u = accountIdOf(KEY, name);
  return {
    t: 'post' as const,
    q: postIdOf(sessionIdOf(u, 'bbbbbbbbbbbb'), nth),
    u,
    r: GENERAL_ROOM_ID,
    x: textOf(nth),
  };
}

/**
 * Puts the same posts, of another time, into the room that is always there.
 * @param textOf what the nth of them says, from 1
 */
export function fillStores(
  daemons: Daemons,
  { ids, count, textOf }: { ids: readonly string[]; count: number; textOf(nth: number): string },
): void {
  for (const id of ids) {
    const directory = daemons.dataDirectory(id);
    const incarnation = `00000000000000${id.slice(-1).padStart(2, '0')}`;
    const store = openSqliteStore({ directory, incarnationOf: () => incarnation });
    store.begin();
    const bodies = [
      ...NAMES.map((n) => ({ t: 'claim' as const, k: KEY, n })),
      ...Array.from({ length: count }, (_, index) => postBody(index + 1, textOf)),
    ];
    for (const [index, body] of bodies.entries()) {
      const atMs = FIRST_MS + index * APART_MS;
      const entry = {
        term: 1,
        ringPosition: 3,
        incarnation: 'ffffffffffffffff',
        sequence: index + 1,
        hlcMs: atMs,
        hlcCounter: 0,
        wallMs: atMs,
        body: encodeBody(body),
      };
      const found =
        body.t === 'post'
          ? { kind: 'post' as const, room: body.r, requestId: body.q }
          : { kind: 'other' as const, room: null, requestId: null };
      store.append({ entry, order: orderOf(entry), index: found });
    }
    store.commit();
    store.close();
  }
}
