// Whom a text calls.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { mentions } from '../../lib/mentions.ts';
import { lineRows } from '../../tui/line-rows.ts';
import { postLine } from '../../tui/state/lines.ts';
import { post } from '../support/screen-story.ts';

const CALLS = ['@nora', 'so @Nora, look', 'nora: hi', 'NORA, hi', 'nora:', '(@nora)'];
const NONE = [
  'nora said so',
  'ask nora: she knows',
  '@noras',
  '@nora-jane',
  'nora:hi',
  'xnora: hi',
  'mail x@nora.org',
  'x@nora',
  'see https://a.example/@nora',
  'www.a.example/@nora',
  'as in `@nora`, said he',
  'as in ``a ` @nora``',
  '```\n@nora\n```',
  'so:\n```ts\nconst a = "@nora";\n```',
];
/** Beside code and addresses. */
const BESIDE = [
  '`code` @nora',
  '`@nora` and @nora',
  'a ` @nora',
  'see https://a.example @nora',
  '[@nora](https://a.example)',
  '```\nx\n```\n@nora',
  '**@nora**',
];

test('a name with an @ calls anywhere, and one with a colon or comma at the start', () => {
  assert.deepEqual(
    [...CALLS, ...NONE, ...BESIDE].filter((text) => mentions(text, 'nora')),
    [...CALLS, ...BESIDE],
  );
});

test('what is counted is what is marked on the screen', () => {
  const context = {
    ...{ width: 70, nameWidth: 10, day: null, unread: null, merged: null, showsTime: true },
    ...{ showsName: true, queuedCount: 0, isCalm: true, selfName: 'nora', isSelected: false },
  };
  const isMarked = (text: string) => {
    const line = postLine(post('general', { name: 'bob', text, place: 1 }), false, null);
    const rows = lineRows(line, context);
    return rows.flat().some(({ look }) => look === 'mention');
  };
  const all = [...CALLS, ...NONE, ...BESIDE];
  assert.deepEqual(
    all.filter(isMarked),
    all.filter((text) => mentions(text, 'nora')),
  );
});

test('what stands for something in a pattern is a sign like any other', () => {
  assert.equal(mentions('a.b: hi', 'a.b'), true);
  assert.equal(mentions('axb: hi', 'a.b'), false);
});
