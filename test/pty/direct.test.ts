// Two people who write to each other, one of them at two machines, through the death of the leader: the built screen
// in real pseudo-terminals, real servers.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { Daemons, TUI_MAIN } from '../support/daemons.ts';
import { KEYS, Terminal } from '../support/terminal.ts';

let daemons: Daemons;
let folder: string;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'syncnet-direct-'));
  daemons = await Daemons.start();
});
after(async () => {
  await daemons.close();
  await rm(folder, { recursive: true, force: true });
});

/** A screen of a person at a machine: each machine has its own drafts and read positions, a person one key. */
async function sitDown(name: string, machine: string): Promise<Terminal> {
  const args = [TUI_MAIN, '--servers', daemons.addresses().join(','), '--name', name];
  const terminal = new Terminal({
    file: process.execPath,
    args: [...args, '--identity', join(folder, `${name}.json`)],
    environment: { XDG_DATA_HOME: join(folder, machine), XDG_CONFIG_HOME: join(folder, machine) },
  });
  await terminal.waitForText(/#general ❯/, 30_000);
  return terminal;
}

const say = (terminal: Terminal, text: string) => terminal.keys(`${text}\r`);

test('two write to each other over a failover, and what one reads at one machine is read at the other', async (t) => {
  const bob = await sitDown('bob', 'tower');
  t.after(() => bob.close());
  const alice = await sitDown('alice', 'desk');
  t.after(() => alice.close());

  say(alice, '/msg bob psst, bob');
  await alice.waitForText(/@bob ❯/);
  await alice.waitForText(/psst, bob .*✓/);
  await bob.waitForText(/DIRECT[^\n]*\n 2 ● alice +1/);
  bob.keys(KEYS.ctrlG);
  await bob.waitForText(/@alice ❯/);
  await bob.waitForText(/alice +psst, bob/);
  await daemons.kill('server3');
  say(bob, 'yes, over the dead body of server3');
  await alice.waitForText(/bob +yes, over the dead body of server3/, 20_000);

  // Alice goes to the room, and what bob writes then is news at both of her machines.
  alice.keys(KEYS.ctrlN);
  await alice.waitForText(/#general ❯/);
  await alice.waitForText(/DIRECT[^\n]*\n 2 ● bob +│/);
  // What was read at the first machine was told when she left the room: nothing of it is news at the second one.
  const laptop = await sitDown('alice', 'laptop');
  t.after(() => laptop.close());
  await laptop.waitForText(/DIRECT[^\n]*\n 2 ● bob +│/, 15_000);
  for (const text of ['one', 'two']) say(bob, text);
  for (const machine of [alice, laptop]) await machine.waitForText(/2 ● bob +2/);

  laptop.keys(KEYS.ctrlG);
  await laptop.waitForText(/@bob ❯/);
  await laptop.waitForText(/2 new messages/);
  await alice.waitForText(/2 ● bob +│/, 10_000);
  await alice.waitWithout(/2 ● bob +\d/);
});
