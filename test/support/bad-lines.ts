// Lines that no server accepts, and what it answers: tables for tests of real servers.
import { randomBytes } from 'node:crypto';
import { CLIENT_FRAME_BYTES_MAX } from '../../lib/protocol/limits.ts';
import { line } from './raw-client.ts';

const TEN_MEGABYTES = 10_000_000;
const DEEP = 100_000;

const deepJson = (depth: number) => `${'['.repeat(depth)}${']'.repeat(depth)}`;
const post = { type: 'post', number: 1, lowest: 1, room: 'general', text: 'hello' };
/** As deep as a line can be. */
const DEEPEST = Math.floor((CLIENT_FRAME_BYTES_MAX - 100) / 2);

/** One line each, after which the connection goes on. */
export const BAD_LINES: readonly { what: string; said: string; code: string; reason: RegExp }[] = [
  {
    what: 'words',
    said: 'hello?',
    code: 'bad-frame',
    reason: /expected one JSON object a line, got/,
  },
  { what: 'half an object', said: '{"type":', code: 'bad-frame', reason: /expected one JSON/ },
  { what: 'a list', said: '[1,2,3]', code: 'bad-frame', reason: /got an array of 3/ },
  {
    what: 'JSON as deep as a line can be',
    said: deepJson(DEEPEST),
    code: 'bad-frame',
    reason: /expected a JSON object, got an array/,
  },
  {
    what: 'a field as deep as a line can be',
    said: `{"type":"ping","query":${deepJson(DEEPEST)}}`,
    code: 'bad-request',
    reason: /query: .*expected number.*, got an array/,
  },
  {
    what: 'an unknown type',
    said: '{"type":"shutdown"}',
    code: 'bad-request',
    reason: /type: expected one of signIn, .*, got "shutdown"/,
  },
  {
    what: 'a number in place of a text',
    said: JSON.stringify({ ...post, text: 7 }),
    code: 'bad-request',
    reason: /text: .*expected string.*, got 7/,
  },
  {
    what: 'a text in place of a number',
    said: JSON.stringify({ ...post, number: '1' }),
    code: 'bad-request',
    reason: /number: .*expected number.*, got "1"/,
  },
  {
    what: 'nothing in place of a room',
    said: JSON.stringify({ ...post, room: null }),
    code: 'bad-request',
    reason: /room: .*expected string.*, got null/,
  },
  {
    what: 'an escape sequence for the terminals of others',
    said: JSON.stringify({ ...post, text: '\u001b[2J' }),
    code: 'bad-request',
    reason: /text: control characters .* not allowed/,
  },
  {
    what: 'a field that is none',
    said: '{"type":"ping","query":1,"sudo":true}',
    code: 'bad-request',
    reason: /sudo/,
  },
  {
    what: 'a post without a sign-in',
    said: JSON.stringify(post),
    code: 'not-signed-in',
    reason: /sign in/,
  },
];

/** What ends the connection. Garbage has a line feed in every 256 bytes or so: far more than twenty lines, none of them too long. */
export const RELENTLESS: readonly { what: string; said: () => string | Buffer; code: string }[] = [
  { what: 'garbage', said: () => randomBytes(100_000), code: 'bad-frame' },
  {
    what: 'a line of ten megabytes',
    said: () => 'x'.repeat(TEN_MEGABYTES),
    code: 'frame-too-long',
  },
  { what: `JSON ${DEEP} deep`, said: () => deepJson(DEEP), code: 'frame-too-long' },
];

const identity = { incarnation: '0'.repeat(16), boot: '0'.repeat(16) };
const answer = { type: 'answer', nonce: '0'.repeat(32), mac: '0'.repeat(64), to: 'server1' };
/** What a stranger may say on a peer port. */
export const BAD_PEERS: readonly { what: string; said: string; reason: string }[] = [
  { what: 'garbage', said: `${randomBytes(1_000).toString('latin1')}\n`, reason: 'no-answer' },
  { what: 'a line of ten megabytes', said: 'x'.repeat(TEN_MEGABYTES), reason: 'no-answer' },
  { what: `JSON ${DEEP} deep`, said: `${deepJson(DEEP)}\n`, reason: 'no-answer' },
  { what: 'wrong types', said: line({ ...answer, from: 3 }), reason: 'no-answer' },
  {
    what: 'a proof made without the secret',
    said: line({ ...answer, from: { id: 'server3', ...identity } }),
    reason: 'wrong-secret',
  },
  {
    what: 'a server that the cluster does not know',
    said: line({ ...answer, from: { id: 'server9', ...identity } }),
    reason: 'unknown-server',
  },
];
