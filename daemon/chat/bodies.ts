// What the chat writes into entries: compact JSON, told apart by `t`. Old bodies stay readable for ever,
// so fields are only ever added. A body that does not parse is kept by the ring and ignored here.
import * as z from 'zod';
import { assert } from '../../lib/assert.ts';
import {
  AccountId,
  Emoji,
  isAccountId,
  isPostText,
  isRoomId,
  Order,
  PostId,
  PostText,
  RoomId,
  RoomName,
  ServerId,
  Topic,
  UserName,
} from '../../lib/protocol/fields.ts';
import type { Entry } from '../ring/entry.ts';

/** `account.seed/number` */
const REQUEST_ID_CHARS_MAX = 64;
const RequestId = z.string().max(REQUEST_ID_CHARS_MAX);
const made = { q: RequestId, u: AccountId };

/** A key claims a name; the account's id follows from both. */
const ClaimBody = z.object({ t: z.literal('claim'), k: z.string().max(64), n: UserName });
/** `y`: the post that is answered; `a`: what somebody does. */
const PostBody = z.object({
  t: z.literal('post'),
  ...made,
  r: RoomId,
  x: PostText,
  y: PostId.optional(),
  a: z.literal(true).optional(),
});
/** What becomes of the post `p` later. */
const EditBody = z.object({ t: z.literal('edit'), ...made, r: RoomId, p: PostId, x: PostText });
const DeleteBody = z.object({ t: z.literal('delete'), ...made, r: RoomId, p: PostId });
const ReactBody = z.object({
  t: z.literal('react'),
  ...made,
  r: RoomId,
  p: PostId,
  e: Emoji,
  o: z.boolean(),
});
const CreateBody = z.object({ t: z.literal('create'), ...made, n: RoomName, x: Topic });
const JoinBody = z.object({ t: z.literal('join'), ...made, r: RoomId });
const LeaveBody = z.object({ t: z.literal('leave'), ...made, r: RoomId });
const TopicBody = z.object({ t: z.literal('topic'), ...made, r: RoomId, x: Topic });

/** The account `u` opens the conversation of it and `v`, which is perhaps itself. */
const DirectBody = z.object({ t: z.literal('direct'), ...made, v: AccountId });

/** Markers in one entry at most: some 20 kB. */
export const READ_MARKERS_MAX = 200;
/** How far accounts have read rooms. Nobody's request: a leader gathers it from what it hears. */
const ReadBody = z.object({
  t: z.literal('read'),
  m: z.array(z.tuple([AccountId, RoomId, Order])).max(READ_MARKERS_MAX),
});

/** What is left of a post when it is pruned: its request, so that a repeat is known for ever. */
const PrunedBody = z.object({ t: z.literal('pruned'), q: RequestId });
/** Posts whose hybrid time is below `b` milliseconds are pruned on every server that has this entry. */
const PruneBody = z.object({ t: z.literal('prune'), b: z.int().min(0) });
/** A server that is gone holds nothing back, until it is in sync after `w` (wall clock, milliseconds). */
const ForgetBody = z.object({ t: z.literal('forget'), s: ServerId, w: z.int().min(0) });

const Body = z.discriminatedUnion('t', [
  ClaimBody,
  PostBody,
  EditBody,
  DeleteBody,
  ReactBody,
  CreateBody,
  JoinBody,
  LeaveBody,
  TopicBody,
  DirectBody,
  ReadBody,
  PrunedBody,
  PruneBody,
  ForgetBody,
]);
export type Body = z.infer<typeof Body>;
export type BodyOf<T extends Body['t']> = Extract<Body, { t: T }>;

/** A body that changes how a post is shown. */
export type NoteBody = BodyOf<'edit' | 'delete' | 'react'>;

export function isNote(body: Body | null): body is NoteBody {
  return body?.t === 'edit' || body?.t === 'delete' || body?.t === 'react';
}

/** The post encoded last: its entry is looked at next. Made from a request that its schema has let in. */
let encodedPost: Readonly<{ text: string; body: Body }> | null = null;

export function encodeBody(body: Body): string {
  const text = JSON.stringify(body);
  if (body.t === 'post') encodedPost = { text, body };
  return text;
}

/**
 * An entry is asked for its body when it is indexed, folded and shown, soon after each other: it is parsed once. The last
 * few hundred are kept, in two generations. A WeakMap of all would be looked through whenever young objects are cleared
 * away, 3 ms at a time where 1 ms is enough.
 */
const KEPT_MAX = 256;
let newer = new Map<Entry, Body | null>();
let older = new Map<Entry, Body | null>();

function keep(entry: Entry, body: Body | null): void {
  if (newer.size >= KEPT_MAX) {
    older = newer;
    newer = new Map();
  }
  newer.set(entry, body);
}

/** @returns null for an entry whose body is none of ours */
export function bodyOf(entry: Entry): Body | null {
  let known = newer.get(entry);
  if (known === undefined) known = older.get(entry);
  if (known !== undefined) return known;
  const body = readBody(entry);
  keep(entry, body);
  return body;
}

/** The same of an entry that comes from the disk, is looked at once, and displaces none of those above. */
export function readBody(entry: Entry): Body | null {
  return parseBody(entry.body);
}

/** @throws AssertionError for an entry that is no post */
export function prunedBodyOf(entry: Entry): string {
  const body = bodyOf(entry);
  assert(body?.t === 'post', 'only posts are pruned');
  return encodeBody({ t: 'pruned', q: body.q });
}

/** The request that made an entry; null for one that no client asked for. */
export function requestOf(body: Body): string | null {
  return 'q' in body ? body.q : null;
}

function parseBody(text: string): Body | null {
  if (text === encodedPost?.text) return encodedPost.body;
  try {
    const value: unknown = JSON.parse(text);
    return plainPost(value) ?? Body.safeParse(value).data ?? null;
  } catch {
    return null;
  }
}

/** The commonest body, read without its schema. @returns null for whatever that is to judge */
export function plainPost(value: unknown): BodyOf<'post'> | null {
  if (typeof value !== 'object' || value === null || Object.keys(value).length !== 5) return null;
  const { t, q, u, r, x } = value as Record<string, unknown>;
  const isPost =
    t === 'post' && typeof q === 'string' && q.length <= REQUEST_ID_CHARS_MAX && isAccountId(u);
  return isPost && isRoomId(r) && isPostText(x) ? (value as BodyOf<'post'>) : null;
}
