// What a shell offers, asked of the shell itself.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { execa } from 'execa';
import { COMPLETED as DAEMON } from '../../daemon/arguments.ts';
import { completionScript } from '../../lib/shell-completion.ts';
import { COMPLETED } from '../../tui/command-line.ts';

const OPTIONS = {
  program: 'syncnet-tui',
  own: ['--local', '--data', '--level', '--help'],
  commands: { send: ['--room', '--create'], status: ['--json'] },
  paths: ['--data'],
  choices: { '--level': ['debug', 'info'] },
};

function scriptOf(shell: string, options: typeof OPTIONS | typeof COMPLETED = OPTIONS): string {
  const made = completionScript(shell, options);
  return 'script' in made ? made.script : assert.fail(made.problem);
}

/** What bash completes at the end of a line. */
async function offered(line: string, options: typeof OPTIONS | typeof COMPLETED = OPTIONS) {
  const words = line.split(' ');
  const quoted = words.map((word) => `'${word}'`).join(' ');
  const run = `_${options.program.replace('-', '_')}`;
  const script = `${scriptOf('bash', options)}
COMP_WORDS=(${quoted}); COMP_CWORD=${words.length - 1}; ${run}; printf '%s\\n' "\${COMPREPLY[@]}"`;
  const { stdout } = await execa('bash', ['--norc', '-c', script]);
  return stdout.split('\n').filter((word) => word !== '');
}

test('bash offers the options of the screen, and the commands', async () => {
  assert.deepEqual(await offered('syncnet-tui --lo'), ['--local']);
  assert.deepEqual(await offered('syncnet-tui s'), ['send', 'status']);
});

test('bash offers the options of the command that stands there', async () => {
  assert.deepEqual(await offered('syncnet-tui send --'), ['--room', '--create']);
  assert.deepEqual(await offered('syncnet-tui status --'), ['--json']);
});

test('bash offers paths where a path is to stand, and words where one of some is', async () => {
  assert.deepEqual(await offered('syncnet-tui --data /et'), ['/etc']);
  assert.deepEqual(await offered('syncnet-tui --level d'), ['debug']);
});

test('the daemon completes its options and commands too', async () => {
  assert.deepEqual(await offered('syncnet-daemon --ret', DAEMON), ['--retention']);
  assert.deepEqual(await offered('syncnet-daemon fo', DAEMON), ['forget']);
  assert.deepEqual(await offered('syncnet-daemon --log-format p', DAEMON), ['pretty']);
  assert.deepEqual(await offered('syncnet-tui --pl', COMPLETED), ['--plain']);
});

test('every shell has every option of every command', () => {
  for (const shell of ['bash', 'zsh', 'fish']) {
    for (const options of [COMPLETED, DAEMON]) {
      const script = scriptOf(shell, options);
      const named = [...options.own, ...Object.values(options.commands).flat()];
      const missing = named.filter((name) => {
        const typed = shell === 'fish' ? name.replace(/^--/, ' -l ') : name;
        return !script.includes(typed);
      });
      assert.deepEqual(missing, [], `${options.program} in ${shell}`);
    }
  }
});

test('another shell is named with those there are', () => {
  const problem = (shell?: string) => {
    const made = completionScript(shell, OPTIONS);
    return 'problem' in made ? made.problem : '';
  };
  assert.match(problem('tcsh'), /expected bash, zsh, fish, got tcsh/);
  assert.match(problem(), /for which shell/);
});
