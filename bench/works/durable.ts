// Acknowledged writes: how many a second, and how long each waits for its answer.
import { probeDisk } from '../disk-probe.ts';
import { etcd, jetstream } from '../systems/clusters.ts';
import { syncnetThree } from '../systems/syncnet.ts';
import { type Case, driveRound } from './driving.ts';
import type { RoundOptions, Sample, Work } from './work.ts';

const PROBE_MS = 1_000;

/** So many connections, each with its share under way: no answer waits behind more than 128 others of its own. */
const inFlight = (connections: number, each: number): Case => ({
  name: `${(connections * each).toLocaleString('en-US')} in flight`,
  settings: { rooms: connections, receivers: 0, senders: 1, window: each },
});

export const DURABLE_CASES: readonly Case[] = [inFlight(1, 1), inFlight(4, 16), inFlight(8, 128)];

/** The disk alone, in the same run, beside those who wait for it one at a time. */
function probe(options: RoundOptions): Sample[] {
  const name = DURABLE_CASES[0]?.name ?? '';
  if (!options.isCase(name)) return [];
  const { directory } = options.place(syncnetThree);
  const { perSecond, p50, p99 } = probeDisk(directory, PROBE_MS);
  const values = { 'acks/s': perSecond, 'p50 ms': p50, 'p99 ms': p99 };
  const system = 'one file, synced record by record';
  options.say(`${system}: ${JSON.stringify(values)}`);
  const shares = { serverShare: 0, generatorShare: 0, othersShare: 0, bottleneck: 'disk' };
  return [{ case: name, system, version: '', role: 'context', values, ...shares }];
}

export const durable: Work = {
  name: 'durable',
  title: 'Acknowledged writes per second',
  about:
    'Values of 120 bytes, three servers and the client on the same cores and one disk; the client is connected to the ' +
    'leader. SyncNet and etcd have a write on three disks (with two of three, etcd does not wait for the last) when they ' +
    'answer. JetStream of this version cannot be told to sync before it answers: for orientation, no ratio is taken of it. ' +
    'The time is that from the write to its answer.',
  metrics: [
    { key: 'acks/s', title: 'acknowledged/s', better: 'higher' },
    { key: 'µs', title: 'CPU µs of all three per write', better: 'lower' },
    { key: 'p50 ms', title: 'p50 ms', better: 'lower' },
    { key: 'p99 ms', title: 'p99 ms', better: 'lower' },
  ],
  windowMs: 4_000,
  short: {
    systems: [syncnetThree.name, etcd.name],
    cases: [DURABLE_CASES[1]?.name ?? ''],
    windowMs: 3_000,
  },
  round: async (options) => [
    ...probe(options),
    ...(await driveRound(
      {
        systems: [syncnetThree, etcd, jetstream],
        cases: DURABLE_CASES,
        valuesOf: ({ perSecond, cpuMicroseconds, latency: { p50, p99 } }) => ({
          'acks/s': perSecond,
          µs: cpuMicroseconds,
          'p50 ms': p50 / 1_000,
          'p99 ms': p99 / 1_000,
        }),
      },
      options,
    )),
  ],
};
