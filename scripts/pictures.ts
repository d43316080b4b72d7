// Draws the pictures of README and docs/GUIDE.md from the screen itself, in a real terminal: all of them, or those that
// are named. Run it after `npm run build`; test/pty/pictures.test.ts says when it is time to.
import { mkdir, writeFile } from 'node:fs/promises';
import { atTheEndOf, PICTURES, pictureUrl } from '../test/support/pictures.ts';

/** A screen that has not changed for this long stays. */
const SETTLED_MS = 500;

const named = process.argv.slice(2);
const wanted = PICTURES.filter(({ name }) => named.length === 0 || named.includes(name));
await mkdir(new URL('.', pictureUrl('any')), { recursive: true });
for (const picture of wanted) {
  try {
    const svg = await atTheEndOf(picture, async (terminal) => {
      // What counts by itself never stays: what is on the screen then is as good as any other.
      await terminal.settled(SETTLED_MS).catch(() => {});
      return terminal.toSvg(picture.title);
    });
    await writeFile(pictureUrl(picture.name), svg);
    process.stdout.write(`docs/pictures/${picture.name}.svg\n`);
  } catch (error) {
    process.stderr.write(`${picture.name}: ${(error as Error).message}\n`);
    process.exitCode = 1;
  }
}
