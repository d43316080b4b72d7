// What a step changed is said in that step: comparing what it is made of overlooks nothing.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Phase } from '../../../daemon/ring/messages.ts';
import { type Random, seededRandom } from '../../../lib/random.ts';
import { RingStage } from '../../support/ring-stage.ts';

const PEERS = ['server2', 'server3'] as const;
const PHASES: readonly Phase[] = [
  ...(['joining', 'active', 'preparing', 'leading', 'suspended', 'draining'] as const),
];

const pick = <T>(random: Random, items: readonly T[]): T =>
  items[Math.floor(random() * items.length)] as T;
const chance = (random: Random, probability: number) => random() < probability;

/** Drawn inputs, in which server1 meets, follows and outlives two others. */
function step(stage: RingStage, random: Random, version: number): void {
  const from = pick(random, PEERS);
  const term = stage.ring.promisedTerm + Math.floor(random() * 3);
  const nothing = { digest: '', base: null };
  const hears = chance(random, 0.8) ? ['server1', ...PEERS] : [];
  const view = { term, leader: from, inSync: ['server1', from] };
  const announcement = {
    ...stage.announcement(version, pick(random, PHASES)),
    ...{ hears, view: chance(random, 0.5) ? view : null },
  };
  const incarnation = '00000000000000cc';
  const inputs = [
    () => stage.pass(25 * Math.ceil(random() * 12)),
    () => stage.stop(400),
    () => stage.hello(`boot ${Math.floor(random() * 3)}`, new Map(), from),
    () => stage.feed({ type: 'linkDown', peer: from, refused: chance(random, 0.5) }),
    () => stage.feed({ type: 'heartbeat', from, announcement }),
    () => stage.says({ type: 'announce', announcement }, from),
    () => stage.says({ type: 'prepare', term, digest: '' }, from),
    () => stage.says({ type: 'promise', term, ...nothing }, from),
    () => stage.says({ type: 'resign', term, heir: pick(random, PEERS), ...nothing }, from),
    () => stage.says({ type: 'resign', term, ...nothing }, from),
    () => {
      const { inSync } = view;
      stage.says({ type: 'install', term, incarnation, inSync, base: '' }, from);
    },
  ];
  pick(random, inputs)();
}

test('nothing is left to be said of what any step changed', () => {
  const said = new Set<string>();
  for (let seed = 0; seed < 40; seed += 1) {
    const random = seededRandom(seed);
    const stage = new RingStage('server1', new Map(), ['server3']);
    for (let version = 1; version < 300; version += 1) {
      step(stage, random, version);
      for (const { type } of stage.outputs) said.add(type);
      stage.outputs.length = 0;
      // As if nothing had ever been compared: all is made up anew, and found to be what was said.
      stage.ring.spoken = null;
      stage.feed({ type: 'showSoon' });
      assert.deepEqual(
        stage.outputs.filter(({ type }) => type !== 'drained'),
        [],
        `seed ${seed}, step ${version}`,
      );
    }
    stage.feed({ type: 'drain' });
  }
  for (const type of ['leading', 'following', 'cluster', 'send'])
    assert.ok(said.has(type), `${type} was met`);
});
