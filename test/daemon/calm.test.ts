import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Calm } from '../../daemon/calm.ts';

type Seen = Parameters<Calm['isCalm']>[0];

/** A ring as far as it is looked at: whose links are up, and the view. */
function ring(linksUp: readonly boolean[], term: number, phase: Seen['phase'] = 'active'): Seen {
  const peers = linksUp.map((linkUp, index) => [`server${index}`, { linkUp }] as const);
  const view = { term, leader: 'server3', inSync: [] };
  return { phase, view, peers: new Map(peers) as unknown as Seen['peers'] };
}

test('it is calm two seconds after the last change of links, view or phase', () => {
  const calm = new Calm();
  const changes = [
    ring([true, true], 1),
    ring([true, false], 1),
    ring([true, false], 2),
    ring([true, false], 2, 'leading'),
  ];
  let nowMs = 0;
  for (const changed of changes) {
    assert.equal(calm.isCalm(changed, nowMs), false);
    assert.equal(calm.isCalm(changed, nowMs + 1_900), false);
    assert.equal(calm.isCalm(changed, nowMs + 2_000), true);
    nowMs += 2_100;
  }
});

test('where something changes all the time, nothing is put off for ever', () => {
  const calm = new Calm();
  assert.equal(calm.isCalm(ring([true], 0), 0), false);
  assert.equal(calm.isCalm(ring([true], 0), 2_000), true);
  let times = 0;
  for (let term = 1; term <= 100; term += 1)
    if (calm.isCalm(ring([true], term), 2_000 + term * 500)) times += 1;
  assert.equal(times, 5, 'every ten seconds');
});
