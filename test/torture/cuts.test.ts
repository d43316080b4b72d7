// Whether a cut was felt is read from the counters of its own rules.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { packetsOf, rulesOf } from './cuts.ts';

const HOSTS = { of: (id: string) => `10.77.0.${id.slice(-1)}`, clients: '10.77.0.254' };
const LISTING = `-P INPUT ACCEPT -c 4000 900000
-A INPUT -s 10.77.0.1/32 -c 12 720 -j DROP
-A INPUT -s 10.77.0.2/32 -p tcp -c 5 300 -j REJECT --reject-with tcp-reset
-A INPUT -m statistic --mode random --probability 0.20000000019 -c 31 2000 -j DROP
-A INPUT -s 10.77.0.254/32 -c 0 0 -j DROP
`;

const CASES = [
  { cut: { type: 'oneWay', at: 'server3', from: 'server1' }, packets: 12 },
  { cut: { type: 'oneWay', at: 'server3', from: 'server2' }, packets: 0 },
  { cut: { type: 'deaf', at: 'server3' }, packets: 0 },
] as const;

for (const { cut, packets } of CASES) {
  test(`${packets} packets met ${JSON.stringify(cut)}`, () => {
    const [rule] = rulesOf(cut, HOSTS);
    assert.equal(packetsOf(LISTING, rule?.words ?? []), packets);
  });
}

test('resets and losses have counters of their own', () => {
  const [reset] = rulesOf({ type: 'reset', at: 'server3', from: 'server2' }, HOSTS);
  assert.equal(packetsOf(LISTING, reset?.words ?? []), 5);
  const [loss] = rulesOf({ type: 'loss', at: 'server3', share: 0.2 }, HOSTS);
  assert.equal(packetsOf(LISTING, loss?.words ?? []), 31);
});
