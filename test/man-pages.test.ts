// The manual pages and the help texts: each option stands in both, and in neither stands one that is not taken.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { execa } from 'execa';
import { COMPLETED as DAEMON, HELP as DAEMON_HELP } from '../daemon/arguments.ts';
import { VARIABLES } from '../daemon/settings.ts';
import { COMPLETED as TUI, HELP as TUI_HELP } from '../tui/command-line.ts';
import { COMMANDS } from '../tui/commands.ts';
import { HELP as HEADLESS_HELP, HEADLESS_OPTIONS } from '../tui/headless/command-line.ts';

const CHECKOUT = new URL('..', import.meta.url).pathname;
const pagePath = (program: string) => `${CHECKOUT}man/${program}.1`;
/** As a reader sees it, without fonts. */
const pageOf = (program: string) =>
  readFileSync(pagePath(program), 'utf8')
    .replaceAll('\\-', '-')
    .replaceAll(/^\.[A-Z]+ /gm, '');

const optionsIn = (text: string) =>
  [...new Set([...text.matchAll(/--[a-z][a-z-]*/g)].map(([option]) => option))].sort();
/** Commands take the words that are no options. */
const taken = ({ own, commands }: typeof TUI) =>
  [...new Set([...own, ...Object.values(commands).flat()])]
    .filter((word) => word.startsWith('--'))
    .sort();

const PROGRAMS = [
  { completed: TUI, help: [TUI_HELP, ...Object.values(HEADLESS_HELP)].join('\n') },
  { completed: DAEMON, help: DAEMON_HELP },
];

for (const { completed, help } of PROGRAMS) {
  const { program } = completed;

  test(`the help of ${program} has every option that it takes, and no other`, () => {
    assert.deepEqual(optionsIn(help), taken(completed));
  });

  test(`the manual page of ${program} has every option that it takes, and no other`, () => {
    assert.deepEqual(optionsIn(pageOf(program)), taken(completed));
  });

  test(`the manual page of ${program} has every command`, () => {
    const missing = Object.keys(completed.commands).filter(
      (command) => !new RegExp(`\\b${command}\\b`).test(pageOf(program)),
    );
    assert.deepEqual(missing, []);
  });

  test(`the manual page of ${program} is formatted without a warning`, async (t) => {
    const checked = await execa('groff', ['-man', '-Tutf8', '-ww', '-z', pagePath(program)], {
      reject: false,
    });
    if (checked.code === 'ENOENT') return t.skip('no groff here');
    assert.equal(checked.stderr, '');
  });

  test(`no row of the help of ${program} is wider than a terminal of 100 columns`, () => {
    assert.deepEqual(
      help.split('\n').filter((row) => row.length > 100),
      [],
    );
  });
}

test('the help of each headless command has the options of that command', () => {
  for (const [command, help] of Object.entries(HEADLESS_HELP)) {
    const options = (HEADLESS_OPTIONS[command] ?? []).map((name) => name.toLowerCase());
    const told = optionsIn(help).map((option) => option.replaceAll('-', ''));
    assert.deepEqual(
      told.filter((option) => !['help', 'local', ...options].includes(option)),
      [],
    );
    assert.deepEqual(
      options.filter((option) => !told.includes(option)),
      [],
      command,
    );
  }
});

test('the manual page of the daemon has every variable of the environment', () => {
  const page = pageOf('syncnet-daemon');
  assert.deepEqual(
    Object.values(VARIABLES).filter((name) => !page.includes(name)),
    [],
  );
});

test('npm installs a manual page for each executable', () => {
  const { bin, man } = JSON.parse(readFileSync(`${CHECKOUT}package.json`, 'utf8'));
  assert.deepEqual(
    man,
    Object.keys(bin).map((name) => `./man/${name}.1`),
  );
});

test('every command of the screen says in one short line what it does', () => {
  for (const { usage, about } of Object.values(COMMANDS)) {
    assert.match(usage, /^\/[a-z]+/);
    assert.ok(about.length <= 50, `${usage}: ${about}`);
  }
});
