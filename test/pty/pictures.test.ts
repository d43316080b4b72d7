// The pictures in README and docs/GUIDE.md show what the program draws today.
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { atTheEndOf, PICTURES, pictureUrl } from '../support/pictures.ts';
import { textOfSvg } from '../support/screen-svg.ts';
import { tidied } from '../support/tidy-screen.ts';
import { waitFor } from '../support/wait-for.ts';

const GUIDE = readFileSync(new URL('../../docs/GUIDE.md', import.meta.url), 'utf8');
const README = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');

/** A space that keeps words together is a space in a picture. */
const textOf = (rows: readonly string[], columns: number) =>
  tidied(rows, columns).join('\n').replaceAll('\u00a0', ' ').trimEnd();

describe('npm run pictures draws what the screen shows', { concurrency: 3 }, () => {
  for (const picture of PICTURES) {
    const { name } = picture;
    test(`docs/pictures/${name}.svg is what the screen shows`, async () => {
      const url = pictureUrl(name);
      assert.ok(existsSync(url), `there is no docs/pictures/${name}.svg`);
      assert.ok(GUIDE.includes(`(pictures/${name}.svg)`), 'docs/GUIDE.md has it');
      await atTheEndOf(picture, async (terminal) => {
        const rows = () => textOf(terminal.screen(), terminal.columns);
        const expected = textOf(textOfSvg(readFileSync(url, 'utf8')), terminal.columns);
        await waitFor('the picture', () => rows() === expected, 10_000).catch(() =>
          assert.equal(rows(), expected, `${name}: npm run pictures draws it anew`),
        );
      });
    });
  }
});

test('every picture is drawn by a story, and README has the one of the failover', () => {
  const files = readdirSync(new URL('.', pictureUrl('any')));
  assert.deepEqual(files.sort(), PICTURES.map(({ name }) => `${name}.svg`).sort());
  assert.match(README, /docs\/pictures\/failover\.svg/);
});
