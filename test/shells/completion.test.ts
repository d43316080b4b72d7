// What zsh and fish offer, asked of them: they are not on everybody's machine, so this is no part of `npm test`. bash is,
// and is asked in test/lib/shell-completion.test.ts.
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { execa } from 'execa';
import { COMPLETED as DAEMON } from '../../daemon/arguments.ts';
import { type Completed, completionScript } from '../../lib/shell-completion.ts';
import { COMPLETED as SCREEN } from '../../tui/command-line.ts';
import { Terminal } from '../support/terminal.ts';

const CTRL_U = '\u0015';

let folder: string;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'syncnet-shells-'));
});
after(() => rm(folder, { recursive: true, force: true }));

/** @returns the path of the script, as a person would keep it */
async function scriptFor(shell: string, completed: Completed): Promise<string> {
  const made = completionScript(shell, completed);
  if (!('script' in made)) return assert.fail(made.problem);
  const path = join(folder, `${completed.program}.${shell}`);
  await writeFile(path, made.script);
  return path;
}

/** Lines as they are typed before the Tab key, and as they are after it. */
const LINES: readonly (readonly [Completed, string, string])[] = [
  [SCREEN, 'syncnet-tui --pl', 'syncnet-tui --plain'],
  [SCREEN, 'syncnet-tui stat', 'syncnet-tui status'],
  [SCREEN, 'syncnet-tui send --cr', 'syncnet-tui send --create'],
  [SCREEN, 'syncnet-tui tail --no-f', 'syncnet-tui tail --no-follow'],
  [SCREEN, 'syncnet-tui completion fi', 'syncnet-tui completion fish'],
  [SCREEN, 'syncnet-tui --data /et', 'syncnet-tui --data /etc/'],
  [DAEMON, 'syncnet-daemon --ret', 'syncnet-daemon --retention'],
  [DAEMON, 'syncnet-daemon forg', 'syncnet-daemon forget'],
  [DAEMON, 'syncnet-daemon --log-format p', 'syncnet-daemon --log-format pretty'],
];

test('zsh completes what is typed', async (t) => {
  const scripts = [await scriptFor('zsh', SCREEN), await scriptFor('zsh', DAEMON)];
  const environment = { PS1: 'zsh> ', HOME: folder };
  const terminal = new Terminal({ file: 'zsh', args: ['-f', '-i'], columns: 100, environment });
  t.after(() => terminal.close());
  await terminal.waitForText('zsh>');
  terminal.keys(
    `autoload -Uz compinit && compinit -u -D; source ${scripts.join('; source ')}; clear\r`,
  );
  for (const [, typed, completed] of LINES) {
    terminal.keys(`${typed}\t`);
    await terminal.waitForText(`zsh> ${completed}`);
    terminal.keys(CTRL_U);
    await terminal.waitWithout(/zsh> s/);
  }
});

for (const [completed, typed, line] of LINES) {
  test(`fish completes ${typed}`, async () => {
    const script = await scriptFor('fish', completed);
    const asked = `source ${script}; complete -C '${typed}'`;
    const { stdout } = await execa('fish', ['--no-config', '-c', asked], {
      env: { HOME: folder, XDG_DATA_HOME: folder },
    });
    const offered = stdout.split('\n').map((row) => row.split('\t')[0]);
    assert.ok(offered.includes(line.split(' ').at(-1)), stdout);
  });
}
