// What the chat writes into entries: compact JSON, told apart by `t`. Old bodies stay readable for ever,
// so fields are only ever added. A body that does not parse is kept by the ring and ignored here.
import { z } from 'zod';
import {
  AccountId,
  PostText,
  RoomId,
  RoomName,
  Topic,
  UserName,
} from '../../lib/protocol/fields.ts';
import type { Entry } from '../ring/entry.ts';

/** `account.seed/number` */
const RequestId = z.string().max(64);
const made = { q: RequestId, u: AccountId };

/** A key claims a name; the account's id follows from both. */
const ClaimBody = z.object({ t: z.literal('claim'), k: z.string().max(64), n: UserName });
const PostBody = z.object({ t: z.literal('post'), ...made, r: RoomId, x: PostText });
const CreateBody = z.object({ t: z.literal('create'), ...made, n: RoomName, x: Topic });
const JoinBody = z.object({ t: z.literal('join'), ...made, r: RoomId });
const LeaveBody = z.object({ t: z.literal('leave'), ...made, r: RoomId });
const TopicBody = z.object({ t: z.literal('topic'), ...made, r: RoomId, x: Topic });

const Body = z.discriminatedUnion('t', [
  ClaimBody,
  PostBody,
  CreateBody,
  JoinBody,
  LeaveBody,
  TopicBody,
]);
export type Body = z.infer<typeof Body>;

export function encodeBody(body: Body): string {
  return JSON.stringify(body);
}

/** An entry is asked for its body when it is indexed, folded and shown: it is parsed once. */
const parsed = new WeakMap<Entry, Body | null>();

/** @returns null for an entry whose body is none of ours */
export function bodyOf(entry: Entry): Body | null {
  let body = parsed.get(entry);
  if (body === undefined) {
    body = parseBody(entry.body);
    parsed.set(entry, body);
  }
  return body;
}

function parseBody(text: string): Body | null {
  try {
    return Body.safeParse(JSON.parse(text)).data ?? null;
  } catch {
    return null;
  }
}
