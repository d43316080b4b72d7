// What nobody waits for is written the less often the more there are to whom it is.
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { Client } from '../../../daemon/net/client.ts';
import { ClientWrites } from '../../../daemon/net/client-writes.ts';

const CAME = '{"type":"came"}\n';

/** So many clients, and how often anything was written to any of them. */
function crowd(context: TestContext, count: number) {
  context.mock.timers.enable({ apis: ['setTimeout'] });
  let nowMs = 0;
  let written = 0;
  const socket = { write: () => (written += 1) };
  const client = (id: number) => ({ id, socket, batch: null, turn: 0, closing: false });
  const ids = Array.from({ length: count }, (_, index) => index + 1);
  const clients = new Map(ids.map((id) => [id, client(id) as unknown as Client]));
  const writes = new ClientWrites({ clients, nowMs: () => nowMs, onWritten: () => {} });
  return {
    ids,
    writes,
    written: () => written,
    pass: (ms: number) => {
      nowMs += ms;
      context.mock.timers.tick(ms);
    },
  };
}

test('who came is told after a tenth of a second, and to thousands once in a second', (context) => {
  const { ids, writes, written, pass } = crowd(context, 5_000);
  writes.sendAllSoon(ids, CAME);
  pass(100);
  assert.equal(written(), 5_000);
  writes.sendAllSoon(ids, CAME);
  pass(900);
  assert.equal(written(), 5_000);
  pass(100);
  assert.equal(written(), 10_000);
  // After a while nobody is in its way.
  pass(5_000);
  writes.sendAllSoon(ids, CAME);
  pass(100);
  assert.equal(written(), 15_000);
});

test('one of many is told of it as soon as ever', (context) => {
  const { ids, writes, written, pass } = crowd(context, 5_000);
  writes.sendAllSoon(ids, CAME);
  pass(100);
  writes.sendAllSoon([7], CAME);
  pass(100);
  assert.equal(written(), 5_001);
});

test('among few it is told as soon as ever, one after the other', (context) => {
  const { ids, writes, written, pass } = crowd(context, 100);
  for (let round = 1; round <= 3; round += 1) {
    writes.sendAllSoon(ids, CAME);
    pass(100);
    assert.equal(written(), 100 * round);
  }
});

test('what somebody waits for is not put off, and takes along what may wait', (context) => {
  const { ids, writes, written, pass } = crowd(context, 5_000);
  writes.sendAllSoon(ids, CAME);
  pass(100);
  writes.sendAllSoon(ids, CAME);
  writes.send(1, '{"type":"post"}\n');
  writes.flush();
  assert.equal(written(), 5_001);
  pass(1_000);
  assert.equal(written(), 10_000);
});
