// Renders docs/screen-failover.svg from a real session in a real terminal: a local cluster, a few people,
// the leader killed, and the recovery on the status row. Run it after `npm run build`.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { freePortBase, TUI_MAIN } from '../test/support/daemons.ts';
import { KEYS, Terminal } from '../test/support/terminal.ts';

const PICTURE = new URL('../docs/screen-failover.svg', import.meta.url);
const TITLE = 'SyncNet: the leader was killed, and nobody noticed but the status row';

const folder = await mkdtemp(join(tmpdir(), 'syncnet-picture-'));
const base = await freePortBase();
const servers = [0, 1, 2].map((index) => `localhost:${base + index}`).join(',');
// In its own homes: the picture shows neither the name nor the rooms of whoever renders it.
const environment = {
  XDG_DATA_HOME: join(folder, 'data'),
  XDG_CONFIG_HOME: join(folder, 'config'),
  TZ: 'UTC',
};

/** What another person says, through the product itself. */
async function say(name: string, room: string, text: string): Promise<void> {
  const identity = join(folder, `${name}.json`);
  const options = ['--room', room, '--name', name, '--identity', identity, '--servers', servers];
  await execa('node', [TUI_MAIN, 'send', ...options, text], { env: environment });
}

const terminal = new Terminal({
  file: process.execPath,
  args: [TUI_MAIN, '--local', '--port-base', String(base), '--name', 'alice'],
  environment,
});

async function type(text: string, shown: string | RegExp = text): Promise<void> {
  terminal.keys(text, KEYS.enter);
  await terminal.waitForText(shown);
}

try {
  await terminal.waitForText('#general ❯', 40_000);
  await type('/create dev', '#dev ❯');
  await type('/create ops Incident room: server3 rollout', '#ops ❯');
  await say('bob', 'ops', 'deploying v2.4, watch the lag graph');
  await say('carol', 'ops', 'looks fine here 日本語も OK');
  await terminal.waitForText('日本語も OK');
  await type('ack', /ack +✓/);
  await say('bob', 'general', '@alice lunch?');
  await say('bob', 'ops', '@alice what if the leader dies right now?');
  await terminal.waitForText('right now');
  await type("let's see 👀", /see .*✓/);
  await type('/kill server3', 'RECOVERED');
  await type('still here, nothing lost', /nothing lost +✓/);
  await say('carol', 'ops', 'did anything happen? 😄');
  await terminal.waitForText('did anything happen');
  terminal.keys('server2 took over before I looked');
  await terminal.waitForText('before I looked');
  await terminal.waitForText('RECOVERED');
  await writeFile(PICTURE, terminal.toSvg(TITLE));
  process.stdout.write(`${terminal.text()}\n`);
} finally {
  await terminal.close();
  await rm(folder, { recursive: true, force: true });
}
