// Fields that come from outside: what passes, and what never gets further.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type * as z from 'zod';
import {
  AccountId,
  Order,
  PostText,
  RequestNumber,
  RoomId,
  RoomName,
  ServerId,
  SessionSeed,
  ShownRoomName,
  Topic,
  UserName,
} from '../../../lib/protocol/fields.ts';
import { TEXT_CHARS_MAX } from '../../../lib/protocol/limits.ts';

type Row = { field: string; schema: z.ZodType; good: unknown[]; bad: unknown[] };

const ROWS: Row[] = [
  {
    field: 'a name of a user',
    schema: UserName,
    good: ['alice', 'Bob_2', 'zoë', '日本', 'a.b-c', 'x'.repeat(24)],
    bad: ['', '-alice', '.a', 'a b', 'a/b', '@a', 'a\u0007', 'Ａlice', 'x'.repeat(25), 'a\n', 7],
  },
  {
    field: 'a name of a room',
    schema: RoomName,
    good: ['general', 'ops-2', '日本', 'x'.repeat(32)],
    bad: ['', 'Ops', '#ops', 'o ps', 'ops~AAAA', 'x'.repeat(33), null],
  },
  {
    field: 'a shown name of a room',
    schema: ShownRoomName,
    good: ['ops', 'ops~AbC_', `${'x'.repeat(32)}~AAAA`],
    bad: ['ops~AAA', 'ops~AAAAA', '~AAAA', 'Ops'],
  },
  {
    field: 'a topic',
    schema: Topic,
    good: ['', 'deploys, and what broke 🚒', 'x'.repeat(250)],
    bad: ['two\nlines', '\u001b[31m', 'a\u202eb', 'x'.repeat(251), '\ud800'],
  },
  {
    field: 'a text',
    schema: PostText,
    good: ['hi', 'two\nlines', '👩‍👩‍👧 日本語', 'x'.repeat(TEXT_CHARS_MAX)],
    bad: [
      '',
      ' \n ',
      'tab\there',
      'bell\u0007',
      '\u001b]0;title\u0007',
      '\u009b31m',
      'a\u202eb',
      'a\u2066b',
      '\ufeffa',
      'return\r',
      '\udc00',
      'x'.repeat(TEXT_CHARS_MAX + 1),
    ],
  },
  {
    field: 'an id of an account',
    schema: AccountId,
    good: ['A_-9567890123456'],
    bad: ['short', 'A'.repeat(17), 'A=34567890123456'],
  },
  {
    field: 'an id of a room',
    schema: RoomId,
    good: ['general', 'A'.repeat(16)],
    bad: ['generals', 'ops', ''],
  },
  {
    field: 'the seed of a session',
    schema: SessionSeed,
    good: ['seedseedseed'],
    bad: ['seed', 'seedseedseed/', 'seedseedsee\n'],
  },
  {
    field: 'a place in the order',
    schema: Order,
    good: ['0198a0b1c2d3.000001.0000000007.000003.00112233445566ff.0000000009'],
    bad: ['', '0198A0B1C2D3.000001.0000000007.000003.00112233445566ff.0000000009', '1.2.3.4.5.6'],
  },
  {
    field: 'the number of a request',
    schema: RequestNumber,
    good: [1, 999_999_999_999],
    bad: [0, -1, 1.5, '1', Number.NaN, 1_000_000_000_000],
  },
  {
    field: 'the id of a server',
    schema: ServerId,
    good: ['server1', 'eu-west.3'],
    bad: ['', '-a', 'a b', 'x'.repeat(33)],
  },
];

for (const { field, schema, good, bad } of ROWS) {
  test(`${field} is what it may be, and nothing else`, () => {
    for (const value of good) {
      assert.ok(schema.safeParse(value).success, `taken: ${JSON.stringify(value)}`);
    }
    for (const value of bad) {
      assert.ok(!schema.safeParse(value).success, `refused: ${JSON.stringify(value)}`);
    }
  });
}
