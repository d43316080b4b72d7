// A disk that is full while people talk: its server says why and leaves, the room goes on with the others,
// nothing that was acknowledged is lost, and with some space it is in sync again.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Daemons } from '../support/daemons.ts';
import { RawClient } from '../support/raw-client.ts';
import { Talk } from '../support/talk.ts';
import { TinyDisk } from '../support/tiny-disk.ts';

const DISK_BYTES = 64 * 1024 * 1024;
/** What is left when it gets tight: a second of talk, or less. */
const LEFT_BYTES = 200 * 1024;
/** Bound for noisy machines; posts come every 20 ms. */
const SILENCE_MS_MAX = 1_000;

let daemons: Daemons;
let talk: Talk;
const disks = new Map<string, TinyDisk>();

before(async () => {
  daemons = await Daemons.prepare();
  for (const id of ['server2', 'server3']) {
    disks.set(id, await TinyDisk.mount(daemons.dataDirectory(id), DISK_BYTES));
  }
  await Promise.all(daemons.ids().map((id) => daemons.run(id, disks.get(id)?.entrance)));
  await daemons.settled();
  talk = await Talk.join(daemons);
  talk.begin();
});
after(async () => {
  await talk?.close();
  await daemons?.close();
  for (const disk of disks.values()) await disk.close();
});

const OWNERS = [
  { what: 'a follower', id: 'server2', absenceMsMax: 0 },
  { what: 'the leader', id: 'server3', absenceMsMax: SILENCE_MS_MAX },
];

for (const { what, id, absenceMsMax } of OWNERS) {
  test(`${what} whose disk is full says so and leaves, and comes back when there is space`, async (t) => {
    const disk = disks.get(id) as TinyDisk;
    const others = daemons.ids().filter((other) => other !== id);
    const client = await RawClient.open(daemons.server(id).clientPort);
    const fromMs = performance.now();

    await disk.fillUpTo(LEFT_BYTES);
    const { exitCode, output } = await daemons.ended(id);
    assert.equal(exitCode, 1);
    // Whichever file grew first.
    const files = ['history.db', 'journal'].map((file) => `${daemons.dataDirectory(id)}/${file}`);
    const says = (file: string) => `\nsyncnet-daemon: ${file}: the disk is full: free some`;
    assert.ok(
      files.some((file) => output.includes(says(file))),
      output,
    );
    await client.end();
    const last = client.heard().at(-1);
    assert.deepEqual([last?.type, last?.code], ['closing', 'storage-failed']);

    const [status] = await daemons.settled(others);
    assert.equal(status?.copies, 2);
    const term = status?.term;
    await assert.rejects(daemons.run(id, disk.entrance), /the disk is full: .*expected \d+ bytes/);
    const [unmoved] = await daemons.settled(others);
    assert.equal(unmoved?.term, term, 'a start on a full disk concerns nobody else');

    await disk.free();
    await daemons.run(id, disk.entrance);
    await daemons.settled();
    const silenceMs = talk.longestSilence(fromMs, performance.now());
    const absenceMs = talk.longestAbsence();
    t.diagnostic(`longest silence ${silenceMs.toFixed(0)} ms, absence ${absenceMs.toFixed(0)} ms`);
    assert.ok(silenceMs < SILENCE_MS_MAX, `a silence of ${silenceMs} ms`);
    assert.ok(absenceMs <= absenceMsMax, `nobody led for ${absenceMs} ms`);
  });
}

test('after that nothing is lost, and all three hold the same', async () => {
  await talk.assertNothingLost();
});
