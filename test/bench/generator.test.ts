// What the generator prints, as figures.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { drivenOf, type Event } from '../../bench/generator.ts';
import { inTurn } from '../../bench/works/work.ts';

/** A line of /proc/PID/stat of a process that has used so many hundredths of a second. */
const stat = (ticks: number) => `1 (x) S 1 1 1 0 -1 0 0 0 0 0 ${ticks} 0 0 0`;
const machine = (ticks: number) => `cpu  ${ticks} 0 0 5000 0 0 0 0 0 0`;
const latencies = { count: 1, p50: 1, p99: 2, p999: 3, max: 4 };

/** Two seconds, in which two servers used one core and half a one, the generator a quarter, others a quarter. */
const EVENTS = [
  { event: 'ready', ms: 120, stats: [], machine: '', setup: latencies },
  { event: 'begin', ms: 0, stats: [stat(100), stat(50), stat(10)], machine: machine(1_000) },
  {
    event: 'end',
    ms: 2_000,
    stats: [stat(300), stat(150), stat(60)],
    machine: machine(1_400),
    deliveries: 1_000_000,
    messages: 10_000,
    bytes: 4_000_000,
    stalled: false,
    latency: latencies,
    lateness: latencies,
  },
] as readonly Event[];

test('a window tells how much was delivered, at which cost, and who used the cores', () => {
  const driven = drivenOf(EVENTS);
  assert.equal(driven.perSecond, 500_000);
  assert.equal(driven.cpuMicroseconds, 3);
  assert.deepEqual(driven.serverShares, [1, 0.5]);
  assert.equal(driven.generatorShare, 0.25);
  assert.equal(driven.othersShare, 0.25);
  assert.equal(driven.bottleneck, 'server');
  assert.equal(driven.setupMs, 120);
});

test('a server that stopped in the window was held up by nothing but itself', () => {
  const events = EVENTS.map((event) =>
    event.event === 'end' ? { ...event, stalled: true } : event,
  );
  assert.equal(drivenOf(events).bottleneck, 'stalled');
});

test('a run that did not come to its end says what is missing', () => {
  assert.throws(() => drivenOf(EVENTS.slice(0, 2)), /did not say end/);
});

test('each run begins with the next server, and has all of them', () => {
  const all = ['a', 'b', 'c'];
  assert.deepEqual(
    [0, 1, 2, 3].map((turn) => inTurn(all, turn).join('')),
    ['abc', 'bca', 'cab', 'abc'],
  );
  assert.deepEqual(inTurn([], 2), []);
});
