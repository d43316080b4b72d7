// The outbox as a pane: nothing that waits is out of reach.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { room, ScreenStory, waiting } from '../../support/screen-story.ts';

function offline() {
  const told = new ScreenStory().signedIn([room('ops'), room('dev')]);
  const items = [waiting(1, 'first', { state: 'sent' }), waiting(2, 'second', { room: 'dev' })];
  told.hear({ type: 'outbox', items });
  return { told, items };
}

test('it lists what waits, where it goes, and whether it was sent', () => {
  const { told } = offline();
  const frame = told.keys('ctrl+o').frame();
  assert.match(frame, /2 not stored yet/);
  assert.match(frame, /◷ #ops first[\s\S]*… #dev second/);
  assert.equal(told.keys('escape').model.overlay, null);
});

test('what is dropped is taken back, and said so', () => {
  const { told, items } = offline();
  told.keys('ctrl+o', 'down').type('d');
  const [effect] = told.take('cancel');
  assert.deepEqual(effect, { type: 'cancel', item: items[1], edit: false });
  told.do({ type: 'cancelled', item: items[1] as (typeof items)[number], edit: false });
  assert.match(told.frame(), /dropped · /);
});

test('what waits is given back into its own room alone, and never as an edit', () => {
  const { told, items } = offline();
  const second = items[1] as (typeof items)[number];
  told.keys('ctrl+o', 'down').type('e');
  assert.equal(told.take('cancel').length, 1);
  // Meanwhile its room has left the list.
  const rooms = told.model.rooms.filter(({ room }) => room.name !== 'dev');
  told.model = { ...told.model, rooms };
  told.do({ type: 'cancelled', item: second, edit: true });
  assert.match(told.frame(), /dropped · /);
  assert.deepEqual(told.model.kills, ['second']);
  told.keys('down').type('e');
  assert.deepEqual(told.take('cancel'), []);
  assert.match(told.frame(), /its room is not here/);
});

test('what is edited stands in the composer of its room, and never over another draft', () => {
  const { told, items } = offline();
  const second = items[1] as (typeof items)[number];
  told.keys('ctrl+o', 'down').type('e');
  assert.equal(told.take('cancel')[0]?.edit, true);
  told.do({ type: 'cancelled', item: second, edit: true });
  assert.match(told.frame(), /#dev ❯ second/);
  told.keys('ctrl+o', 'down').type('e');
  assert.deepEqual(told.take('cancel'), []);
  assert.match(told.frame(), /another draft/);
});

test('r tries again at once; with nothing left it says that all is stored', () => {
  const { told } = offline();
  told.say('/outbox').type('r');
  assert.equal(told.take('retry').length, 1);
  told.hear({ type: 'outbox', items: [] });
  assert.match(told.frame(), /everything is stored/);
  told.type('d').type('e');
  assert.deepEqual(told.take('cancel'), []);
});

test('at 40 columns it can be read', () => {
  const told = new ScreenStory({ columns: 40, rows: 12 }).signedIn([room('ops')]);
  told.hear({ type: 'outbox', items: [waiting(1, 'x'.repeat(100))] });
  for (const row of told.keys('ctrl+o').frame().split('\n')) assert.ok(row.length <= 40, row);
});

test('when the last one leaves, the one above it is chosen', () => {
  const { told, items } = offline();
  told
    .keys('ctrl+o', 'down')
    .hear({ type: 'outbox', items: items.slice(0, 1) })
    .type('d');
  assert.equal(told.take('cancel')[0]?.item, items[0]);
});
