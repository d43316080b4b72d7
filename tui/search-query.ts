// What is typed to search for: words, and where they may be: `from:bob in:#ops after:2026-11-01 before:2026-12-01`.
import type { Room, SearchRequest } from '../lib/client/api.ts';
import { SEARCH_CHARS_MAX } from '../lib/protocol/limits.ts';

export type ParsedSearch =
  | Readonly<{ type: 'search'; request: Omit<SearchRequest, 'limit'> }>
  /** Nothing to look for yet. */
  | Readonly<{ type: 'nothing' }>
  | Readonly<{ type: 'wrong'; reason: string }>;

const FILTER = /(?:^|\s)(from|in|after|before):(\S*)/gi;

/** Midnight of a day of the reader's calendar, milliseconds since 1970; null for what is no day. */
function dayMs(text: string): number | null {
  const [, year, month, day] = /^(\d{4})-(\d\d?)-(\d\d?)$/.exec(text) ?? [];
  const date = new Date(Number(year), Number(month) - 1, Number(day));
  const isDay = date.getMonth() === Number(month) - 1 && date.getDate() === Number(day);
  return isDay ? date.getTime() : null;
}

type Filters = { -readonly [Key in keyof SearchRequest]?: SearchRequest[Key] };

/** @returns what is wrong with it, in words */
function filter(
  filters: Filters,
  kind: string,
  value: string,
  rooms: readonly Room[],
): string | null {
  switch (kind) {
    case 'from':
      filters.author = value.replace(/^@/, '');
      return filters.author === '' ? 'from whom? from:bob' : null;
    case 'in': {
      const name = value.replace(/^[#@]/, '').toLowerCase();
      const called = rooms.filter((each) => each.name.toLowerCase() === name);
      const isDirect = value.startsWith('@');
      const room = called.find((each) => (each.direct !== undefined) === isDirect) ?? called[0];
      if (room) filters.room = room.id;
      if (room) return null;
      return isDirect ? `you write to nobody called ${name}` : `you are in no room #${name}`;
    }
    default: {
      const ms = dayMs(value);
      if (ms === null) return `${kind} which day? ${kind}:2026-11-23`;
      if (kind === 'after') filters.fromMs = Math.max(0, ms);
      else filters.untilMs = Math.max(0, ms);
      return null;
    }
  }
}

/** @param rooms those of this account */
export function parseSearch(typed: string, rooms: readonly Room[]): ParsedSearch {
  const filters: Filters = {};
  for (const [, kind = '', value = ''] of typed.matchAll(FILTER)) {
    const reason = filter(filters, kind.toLowerCase(), value, rooms);
    if (reason !== null) return { type: 'wrong', reason };
  }
  const text = typed.replace(FILTER, ' ').trim().slice(0, SEARCH_CHARS_MAX).toWellFormed();
  if (text === '' && filters.author === undefined) return { type: 'nothing' };
  return { type: 'search', request: { ...filters, text } };
}
