// Many readers, and small rooms: how many messages a server brings to how many people.
import { redis } from '../systems/brokers.ts';
import { inspircd } from '../systems/irc.ts';
import { syncnet } from '../systems/syncnet.ts';
import { CHATS } from '../systems/systems.ts';
import { type Case, driveRound } from './driving.ts';
import type { Work } from './work.ts';

const SENDERS = 4;

const room = (receivers: number, window: number): Case => ({
  name: `${receivers.toLocaleString('en-US')} receivers, W ${window.toLocaleString('en-US')}`,
  settings: { rooms: 1, receivers, senders: SENDERS, window },
});

const smallRooms = (window: number): Case => ({
  name: `200 rooms of 5, W ${window}`,
  settings: { rooms: 200, receivers: 5, senders: 1, window },
});

export const FANOUT_CASES: readonly Case[] = [
  room(100, 64),
  room(100, 1_024),
  smallRooms(1),
  smallRooms(8),
  room(1_000, 64),
  room(1_000, 1_024),
];

export const fanout: Work = {
  name: 'fanout',
  title: 'Fan-out: deliveries per second',
  about:
    'Payload of 120 bytes, 4 senders who are no receivers (1 in a small room). Closed loop: W messages of a room are ' +
    'under way, and one is done when every receiver has it. One server on one core, the generator on the other; three ' +
    'daemons share both cores with it. SyncNet has every post on disk before anybody sees it; the others keep nothing.',
  metrics: [
    { key: 'deliveries/s', title: 'deliveries/s', better: 'higher' },
    { key: 'µs', title: 'server CPU µs per delivery', better: 'lower' },
  ],
  windowMs: 2_500,
  short: {
    systems: [syncnet.name, inspircd.name, redis.name],
    cases: [FANOUT_CASES[0]?.name ?? '', FANOUT_CASES[3]?.name ?? ''],
    windowMs: 2_000,
  },
  round: (options) =>
    driveRound(
      {
        systems: CHATS,
        cases: FANOUT_CASES,
        valuesOf: ({ perSecond, cpuMicroseconds }) => ({
          'deliveries/s': perSecond,
          µs: cpuMicroseconds,
        }),
      },
      options,
    ),
};
