// The fields that several messages share: names, ids, positions. Everything that comes from outside
// passes one of these schemas before anything else looks at it.
import * as z from 'zod';
import {
  ROOM_NAME_CHARS_MAX,
  TEXT_CHARS_MAX,
  TOPIC_CHARS_MAX,
  USER_NAME_CHARS_MAX,
} from './limits.ts';

/** Control characters (C0, DEL, C1), line and paragraph separators, and bidi overrides and isolates. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const UNSAFE = /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff]/u;
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const UNSAFE_IN_TEXT = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069\ufeff]/u;

const wellFormed = (value: string) => value.isWellFormed();
const EMPTY_REASON = 'expected one character or more';
const UNSAFE_REASON = 'control characters and direction overrides are not allowed';

const tooLong = (charsMax: number) => `too long: at most ${charsMax} characters`;

/** A person's or bot's name: letters, digits, `_`, `-`, `.`, in Unicode's NFKC form. */
export const UserName = z
  .string()
  .min(1, EMPTY_REASON)
  .max(USER_NAME_CHARS_MAX, tooLong(USER_NAME_CHARS_MAX))
  .regex(
    /^[\p{L}\p{N}][\p{L}\p{M}\p{N}_.-]*$/u,
    'use letters, digits, _ - . and start with a letter or digit',
  )
  .refine((name) => name === name.normalize('NFKC'), 'not in the normal form NFKC');

/** A room's name without the `#`: lower case, so that `#Ops` and `#ops` cannot be two rooms. */
export const RoomName = z
  .string()
  .min(1, EMPTY_REASON)
  .max(ROOM_NAME_CHARS_MAX, tooLong(ROOM_NAME_CHARS_MAX))
  .regex(
    /^[\p{L}\p{N}][\p{L}\p{M}\p{N}_.-]*$/u,
    'use letters, digits, _ - . and start with a letter or digit',
  )
  .refine((name) => name === name.normalize('NFKC').toLowerCase(), 'use lower case');

/** What tells two of one name apart after a merge: the beginning of an id. */
const SUFFIX = /~[A-Za-z0-9_-]{4}$/;

/** A room's name as it is shown: after a merge a second room of one name has a suffix of its id. */
export const ShownRoomName = z
  .string()
  .max(ROOM_NAME_CHARS_MAX + 5)
  .refine((name) => RoomName.safeParse(name.replace(SUFFIX, '')).success, 'not a name of a room');

/** A person's name as it is shown: after a merge a second account of one name has a suffix of its id. */
export const ShownUserName = z
  .string()
  .max(USER_NAME_CHARS_MAX + 5)
  .refine((name) => UserName.safeParse(name.replace(SUFFIX, '')).success, 'not a name of a person');

export const Topic = z
  .string()
  .max(TOPIC_CHARS_MAX, tooLong(TOPIC_CHARS_MAX))
  .refine((topic) => !UNSAFE.test(topic), UNSAFE_REASON)
  .refine(wellFormed, 'not well-formed Unicode');

/** The verdict of `PostText`, in a few comparisons. */
export function isPostText(value: unknown): value is string {
  if (typeof value !== 'string' || value.length === 0 || value.length > TEXT_CHARS_MAX)
    return false;
  return !UNSAFE_IN_TEXT.test(value) && value.trim() !== '' && value.isWellFormed();
}

/** What a person wrote. Line feeds are allowed; every other control character is refused. */
export const PostText = z
  .string()
  .min(1, EMPTY_REASON)
  .max(TEXT_CHARS_MAX, tooLong(TEXT_CHARS_MAX))
  .refine((text) => !UNSAFE_IN_TEXT.test(text), UNSAFE_REASON)
  .refine((text) => text.trim() !== '', 'there is nothing but white space in it')
  .refine(wellFormed, 'not well-formed Unicode');

/** Sixteen characters of base64url, derived from key and name: `accountIdOf` in lib/ids.ts. */
const ACCOUNT_ID = /^[A-Za-z0-9_-]{16}$/;
export const AccountId = z.string().regex(ACCOUNT_ID);
export const isAccountId = (value: unknown): value is string =>
  typeof value === 'string' && ACCOUNT_ID.test(value);

/** `general`, or sixteen characters: of the request that made the room, or of two accounts (lib/ids.ts). */
const ROOM_ID = /^(general|[A-Za-z0-9_-]{16})$/;
export const RoomId = z.string().regex(ROOM_ID);
export const isRoomId = (value: unknown): value is string =>
  typeof value === 'string' && ROOM_ID.test(value);

/** The random part of a session's id, chosen by the client: 12 characters of base64url. */
export const SessionSeed = z.string().regex(/^[A-Za-z0-9_-]{12}$/);

/** A place in the one order of all entries: compare two of them as plain strings. `orderOf` makes it. */
export const Order = z
  .string()
  .regex(/^[0-9a-f]{12}\.[0-9a-f]{6}\.[0-9a-f]{10}\.[0-9a-f]{6}\.[0-9a-f]{16}\.[0-9a-f]{10}$/);

/** The id of a post: `account.seed/number` of the request that made it. `postIdOf` in lib/ids.ts. */
export const PostId = z
  .string()
  .regex(/^[A-Za-z0-9_-]{16}\.[A-Za-z0-9_-]{12}\/[1-9][0-9]{0,11}$/, 'not the id of a post');

/** One emoji, in the form that Unicode recommends for general interchange. */
export const Emoji = z
  .string()
  .max(40)
  .regex(/^\p{RGI_Emoji}$/v, 'not one emoji');

/** The verdict of `z.int()` with these bounds. */
export const isIntWithin = (value: unknown, min: number, max: number): value is number =>
  Number.isSafeInteger(value) && (value as number) >= min && (value as number) <= max;

/** Counts the requests of a session from 1. */
const REQUEST_NUMBER_MAX = 999_999_999_999;
export const RequestNumber = z.int().min(1).max(REQUEST_NUMBER_MAX);
export const isRequestNumber = (value: unknown) => isIntWithin(value, 1, REQUEST_NUMBER_MAX);

/** Chosen by the client to match an answer to its query; not kept by the server. */
export const QueryNumber = z.int().min(0).max(Number.MAX_SAFE_INTEGER);
export const isQueryNumber = (value: unknown) => isIntWithin(value, 0, Number.MAX_SAFE_INTEGER);

export const ServerId = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9_.-]{0,31}$/, 'letters, digits, _ - . (at most 32)');
