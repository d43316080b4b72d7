// How long a message takes to everyone in a room that is not busy.
import { inspircd } from '../systems/irc.ts';
import { syncnetThree } from '../systems/syncnet.ts';
import { CHATS } from '../systems/systems.ts';
import { driveRound } from './driving.ts';
import type { Work } from './work.ts';

const RATE_PER_SECOND = 500;
const RECEIVERS = 100;
const CASE = '500 messages/s to 100 receivers';

export const latency: Work = {
  name: 'latency',
  title: 'Latency: 500 messages a second into a room of 100',
  about:
    'From the moment a message is written to the socket until each of 100 receivers has it. SyncNet with three daemons ' +
    'has it on three disks by then. The generator sends by the clock and says how late it was itself (p99): below that ' +
    'nothing can be told apart.',
  metrics: [
    { key: 'p50 µs', title: 'p50 µs', better: 'lower' },
    { key: 'p99 µs', title: 'p99 µs', better: 'lower' },
    { key: 'late µs', title: 'generator late, p99 µs', better: 'lower' },
  ],
  windowMs: 20_000,
  short: { systems: [syncnetThree.name, inspircd.name], cases: [CASE], windowMs: 4_000 },
  round: (options) =>
    driveRound(
      {
        systems: CHATS,
        cases: [
          {
            name: CASE,
            settings: { rooms: 1, receivers: RECEIVERS, senders: 4, rate: RATE_PER_SECOND },
          },
        ],
        valuesOf: ({ latency: { p50, p99 }, lateness }) => ({
          'p50 µs': p50,
          'p99 µs': p99,
          'late µs': lateness.p99,
        }),
      },
      options,
    ),
};
