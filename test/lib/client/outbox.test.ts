// The outbox on disk: design, section 2, promise 5.
import assert from 'node:assert/strict';
import fs, {
  appendFileSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { openOutbox } from '../../../lib/client/outbox.ts';

const folders: string[] = [];
after(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});
function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'syncnet-outbox-'));
  folders.push(folder);
  return folder;
}

const OWNER = { key: 'k', name: 'alice' };
const request = (text: string) => ({ type: 'post', room: 'general', text }) as const;
const journalOf = (folder: string) =>
  join(folder, readdirSync(folder).find((name) => /-1$/.test(name)) ?? 'none');

test('what was not answered is there at the next start, under its session and number', () => {
  const folder = newFolder();
  const first = openOutbox(folder, OWNER);
  first.add({ number: 1, request: request('answered') });
  first.add({ number: 2, request: request('waiting') });
  first.done(1, null);
  first.close();
  const second = openOutbox(folder, OWNER);
  assert.equal(second.seed, first.seed);
  assert.equal(second.next, 3);
  assert.deepEqual(second.pending, [{ number: 2, request: request('waiting') }]);
});

test('a number is not given twice, even when everything was answered, and the stamp is kept', () => {
  const folder = newFolder();
  const first = openOutbox(folder, OWNER);
  first.add({ number: 1, request: request('x') });
  first.done(1, 'stamp of 1');
  first.close();
  openOutbox(folder, OWNER).close();
  const third = openOutbox(folder, OWNER);
  assert.deepEqual([third.next, third.stamp], [2, 'stamp of 1']);
});

test('two at the same time do not share a session', () => {
  const folder = newFolder();
  const first = openOutbox(folder, OWNER);
  const second = openOutbox(folder, OWNER);
  assert.notEqual(first.seed, second.seed);
});

test('another name has another outbox', () => {
  const folder = newFolder();
  const first = openOutbox(folder, OWNER);
  assert.notEqual(openOutbox(folder, { ...OWNER, name: 'bob' }).seed, first.seed);
});

test('a lock whose process is gone is taken over, with what waits in it', () => {
  const folder = newFolder();
  const first = openOutbox(folder, OWNER);
  first.add({ number: 1, request: request('crashed') });
  // Above the highest process id that Linux gives.
  writeFileSync(`${journalOf(folder)}.lock`, '4194305');
  const second = openOutbox(folder, OWNER);
  assert.equal(second.seed, first.seed);
  assert.equal(second.pending.length, 1);
});

const LEFT_LOCKS: readonly (readonly [string, string])[] = [
  ['this process id, of an earlier life', String(process.pid)],
  ['a running process of another boot', `${process.ppid} another-boot 1`],
  ['a running process that was started at another time', `${process.ppid} - 1`],
  ['nothing, cut off', ''],
];
for (const [what, lock] of LEFT_LOCKS) {
  test(`a lock that names ${what} is taken over`, () => {
    const folder = newFolder();
    const first = openOutbox(folder, OWNER);
    first.add({ number: 1, request: request('crashed') });
    // As after a crash: the file stays, and no process remembers it.
    const path = `${journalOf(folder)}.lock`;
    first.close();
    writeFileSync(path, lock);
    const second = openOutbox(folder, OWNER);
    assert.equal(second.seed, first.seed);
    second.close();
  });
}

test('a lock of an older form whose process runs is respected', () => {
  const folder = newFolder();
  const first = openOutbox(folder, OWNER);
  const path = `${journalOf(folder)}.lock`;
  first.close();
  writeFileSync(path, String(process.ppid));
  assert.notEqual(openOutbox(folder, OWNER).seed, first.seed);
});

test('a request is synced to the disk before it is let out', (t) => {
  const outbox = openOutbox(newFolder(), OWNER);
  let synced = 0;
  t.mock.method(fs, 'fdatasyncSync', () => {
    synced += 1;
  });
  syncBuiltinESMExports();
  outbox.add({ number: 1, request: request('dear') });
  assert.equal(synced, 1);
  t.mock.restoreAll();
  syncBuiltinESMExports();
});

test('a line of which a full disk took a part costs that line only, and what was not taken is not kept', (t) => {
  const folder = newFolder();
  const outbox = openOutbox(folder, OWNER);
  const { appendFileSync } = fs;
  t.mock.method(fs, 'appendFileSync', (file: number, text: string) => {
    appendFileSync(file, text.slice(0, 20));
    throw Object.assign(new Error('no space left'), { code: 'ENOSPC' });
  });
  syncBuiltinESMExports();
  assert.throws(() => outbox.add({ number: 1, request: request('lost') }), /no space/);
  t.mock.restoreAll();
  syncBuiltinESMExports();
  outbox.add({ number: 1, request: request('kept') });
  outbox.close();
  assert.deepEqual(openOutbox(folder, OWNER).pending, [{ number: 1, request: request('kept') }]);
});

test('a line that a crash cut off costs that line only', () => {
  const folder = newFolder();
  const first = openOutbox(folder, OWNER);
  first.add({ number: 1, request: request('whole') });
  first.close();
  appendFileSync(journalOf(folder), '{"number":2,"request":{"type":"po');
  assert.deepEqual(openOutbox(folder, OWNER).pending, [{ number: 1, request: request('whole') }]);
});

test('a journal does not grow with what was answered', () => {
  const folder = newFolder();
  const outbox = openOutbox(folder, OWNER);
  for (let number = 1; number <= 5_000; number += 1) {
    outbox.add({ number, request: request('x'.repeat(100)) });
    outbox.done(number, null);
  }
  assert.ok(readFileSync(journalOf(folder)).length < 500_000);
});
