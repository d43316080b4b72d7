// How the ids that both ends know are derived, so that a client can name a room or a post before any
// server has answered.
import { createHash } from 'node:crypto';

/** Of an id made from a hash: 96 bits, 16 characters, so that chance collisions need not be handled. */
const HASH_ID_BYTES = 12;

function hashId(domain: string, text: string): string {
  const hash = createHash('sha256').update(`syncnet ${domain}\n${text}`).digest();
  // Of the bytes, because a piece of the text would keep all of it in memory.
  return hash.toString('base64url', 0, HASH_ID_BYTES);
}

/** The form in which two names are compared: NFKC, lower case. */
export function foldName(name: string): string {
  return name.normalize('NFKC').toLowerCase();
}

/**
 * An account is one name of one key: a person's two names are two accounts.
 * @param key base64url of the 32-byte Ed25519 public key
 */
export function accountIdOf(key: string, name: string): string {
  return hashId('account', `${key}\n${foldName(name)}`);
}

/** A session's full id, which no other account can make. */
export function sessionIdOf(accountId: string, seed: string): string {
  return `${accountId}.${seed}`;
}

/** The id of a numbered request, and of the post it makes. */
export function postIdOf(sessionId: string, number: number): string {
  return `${sessionId}/${number}`;
}

/** The id of the room that a createRoom request makes. */
export function roomIdOf(postId: string): string {
  return hashId('room', postId);
}

/** The room of two accounts, whoever of them opens it first; of one, where somebody writes to themselves. */
export function directRoomIdOf(one: string, other: string): string {
  return hashId('direct', [one, other].sort().join('\n'));
}

/** The room that exists from the start; its id is its name. */
export const GENERAL_ROOM_ID = 'general';

/**
 * The text a sign-in signs. The server's nonce makes it good for one connection only; the leading words
 * keep the signature from meaning anything elsewhere.
 */
export function signInText(fields: {
  nonce: string;
  server: string;
  name: string;
  session: string;
}): string {
  return ['syncnet sign-in v1', fields.server, fields.nonce, fields.name, fields.session].join(
    '\n',
  );
}

/** The hybrid time in a place of the one order, milliseconds since 1970: its first twelve hexadecimal digits. */
export function timeOfOrder(order: string): number {
  return Number.parseInt(order.slice(0, 12), 16);
}
