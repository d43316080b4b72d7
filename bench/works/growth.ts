// What a delivery costs as a room grows: the same for ten people as for ten thousand, if nothing is done twice.
import { redis } from '../systems/brokers.ts';
import { syncnet } from '../systems/syncnet.ts';
import { type Case, driveRound } from './driving.ts';
import type { Work } from './work.ts';

export const GROWTH_CASES: readonly Case[] = [10, 100, 1_000, 10_000].map((receivers) => ({
  name: `${receivers.toLocaleString('en-US')} receivers, W 64`,
  settings: { rooms: 1, receivers, senders: 4, window: 64, setupMsMax: 240_000 },
}));

export const growth: Work = {
  name: 'growth',
  title: 'Cost as a room grows',
  about:
    'As for fan-out, with ten to ten thousand receivers in one room. A room of few costs more for each delivery anywhere, ' +
    'since what is done once for a message and once for a write is shared by fewer.',
  metrics: [
    { key: 'µs', title: 'server CPU µs per delivery', better: 'lower' },
    { key: 'deliveries/s', title: 'deliveries/s', better: 'higher' },
  ],
  windowMs: 2_500,
  short: null,
  round: (options) =>
    driveRound(
      {
        systems: [syncnet, redis],
        cases: GROWTH_CASES,
        valuesOf: ({ perSecond, cpuMicroseconds }) => ({
          µs: cpuMicroseconds,
          'deliveries/s': perSecond,
        }),
      },
      options,
    ),
};
