// What /proc says, read as proc(5) describes it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bottleneckOf, cpuSeconds, machineSeconds, residentBytes } from '../../bench/proc-stat.ts';

const STAT =
  '4711 (odd ) (name) S 1 4711 4711 0 -1 4194560 3120 0 5 0 1234 766 0 0 20 0 11 0 812345 1073741824 12800 18446744073709551615';

test('a process has used its user and its system time, whatever its name is', () => {
  assert.equal(cpuSeconds(STAT), 20);
});

test('the time of a process that has gone is not a number', () => {
  assert.ok(Number.isNaN(cpuSeconds('')));
});

test('the machine was at work in all columns but idle and waiting for the disk', () => {
  assert.equal(machineSeconds('cpu  100 10 50 9000 700 0 20 20 0 0'), 2);
  assert.ok(Number.isNaN(machineSeconds('intr 1 2 3')));
});

test('resident memory is told in kilobytes of 1,024', () => {
  assert.equal(residentBytes('Name:\tnode\nVmRSS:\t    2048 kB\nRssAnon:\t 1 kB\n'), 2_097_152);
  assert.ok(Number.isNaN(residentBytes('Name:\tkthreadd\n')));
});

for (const [servers, generator, expected] of [
  [[0.98], 0.4, 'server'],
  [[0.5], 0.97, 'generator'],
  [[0.95], 0.97, 'generator'],
  [[0.5, 0.5, 0.6], 0.3, 'both cores'],
  [[0.3], 0.1, 'waits'],
] as const) {
  test(`servers at ${servers} and a generator at ${generator} are held up by: ${expected}`, () => {
    assert.equal(bottleneckOf(servers, generator), expected);
  });
}
