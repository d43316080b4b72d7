// What a shell offers, asked of the shell itself.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { execa } from 'execa';
import { completionScript } from '../../tui/shell-completion.ts';

const OPTIONS = {
  own: ['--local', '--data', '--help'],
  commands: { send: ['--room', '--create'], status: ['--json'] },
};

/** What bash completes at the end of a line. */
async function offered(line: string): Promise<string[]> {
  const words = line.split(' ');
  const quoted = words.map((word) => `'${word}'`).join(' ');
  const script = `${completionScript('bash', OPTIONS)}
COMP_WORDS=(${quoted}); COMP_CWORD=${words.length - 1}; _syncnet_tui; printf '%s\\n' "\${COMPREPLY[@]}"`;
  const { stdout } = await execa('bash', ['--norc', '-c', script]);
  return stdout.split('\n').filter((word) => word !== '');
}

test('bash offers the options of the screen, and the commands', async () => {
  assert.deepEqual(await offered('syncnet-tui --l'), ['--local']);
  assert.deepEqual(await offered('syncnet-tui s'), ['send', 'status']);
});

test('bash offers the options of the command that stands there', async () => {
  assert.deepEqual(await offered('syncnet-tui send --'), ['--room', '--create']);
  assert.deepEqual(await offered('syncnet-tui status --'), ['--json']);
});

test('bash offers paths where a path is to stand', async () => {
  assert.deepEqual(await offered('syncnet-tui --data /et'), ['/etc']);
});

test('another shell is named with those there are', () => {
  assert.throws(() => completionScript('tcsh', OPTIONS), /expected bash, zsh, fish, got tcsh/);
  assert.throws(() => completionScript(undefined, OPTIONS), /for which shell/);
});
