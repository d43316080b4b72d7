// Runs become tables, ratios and bars.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { barsSvg } from '../../bench/plot.ts';
import { bestPeer, caseTable, ratios, rowsOf } from '../../bench/report.ts';
import type { Metric, Sample, Work } from '../../bench/works/work.ts';

const SPEED: Metric = { key: 'deliveries/s', title: 'deliveries/s', better: 'higher' };
const COST: Metric = { key: 'µs', title: 'CPU µs', better: 'lower' };

function sample(system: string, role: Sample['role'], speed: number, cost: number): Sample {
  return {
    case: '100 receivers',
    system,
    version: '1.0',
    role,
    values: { 'deliveries/s': speed, µs: cost },
    serverShare: 1,
    generatorShare: 0.5,
    othersShare: 0,
    bottleneck: 'server',
  };
}

const SAMPLES = [
  sample('SyncNet', 'own', 300, 3),
  sample('inspircd', 'peer', 200, 5),
  sample('bare Node', 'context', 900, 1),
  sample('SyncNet', 'own', 500, 2),
  sample('inspircd', 'peer', 240, 4),
];

test('the best peer is neither SyncNet nor what is shown for orientation', () => {
  const rows = rowsOf(SAMPLES, [SPEED, COST]);
  assert.deepEqual(bestPeer(rows, SPEED), { system: 'inspircd', median: 220 });
  assert.equal(
    bestPeer(
      rows.filter(({ role }) => role !== 'peer'),
      SPEED,
    ),
    null,
  );
});

test('a table has the median of all runs, the least and the most, and the ratio to the best peer', () => {
  const lines = caseTable(SAMPLES, [SPEED, COST]).split('\n');
  assert.equal(
    lines[2],
    '| SyncNet 1.0 | 400 (300 to 500) | 2.5 (2 to 3) | 1.82x | 1.00, 0.50, 0.00 | server |',
  );
  assert.equal(lines.length, 5);
});

test('where no peer is installed there is no ratio', () => {
  const own = SAMPLES.filter(({ role }) => role === 'own');
  assert.match(caseTable(own, [SPEED]), /\| - \| 1\.00, 0\.50, 0\.00/);
});

test('where nobody was full and no core was free, what else the machine did was the limit', () => {
  const [first] = SAMPLES as [Sample];
  const shares = { serverShare: 0.7, generatorShare: 0.2, othersShare: 1, bottleneck: 'waits' };
  assert.match(caseTable([{ ...first, ...shares }], [SPEED]), /\| others \|$/);
  assert.match(caseTable([{ ...first, ...shares, othersShare: 0 }], [SPEED]), /\| waits \|$/);
});

test('what must not get worse is how SyncNet stands to the best peer in each case', () => {
  const work = { metrics: [SPEED, COST] } as unknown as Work;
  const [only, ...others] = ratios(work, SAMPLES);
  assert.deepEqual(others, []);
  assert.equal(only?.system, 'SyncNet');
  assert.equal(only?.ratio.toFixed(2), '1.82');
});

test('the longest bar is that of the highest figure, and every server has one', () => {
  const rows = rowsOf(SAMPLES, [SPEED, COST]);
  const svg = barsSvg('Fan-out <&>', [{ name: '100 receivers', rows }], SPEED);
  const widths = [...svg.matchAll(/width="([\d.]+)" height="16"/g)].map(([, width]) =>
    Number(width),
  );
  assert.equal(widths.length, 3);
  assert.equal(Math.max(...widths), widths[2]);
  assert.match(svg, /Fan-out &lt;&amp;&gt;: deliveries\/s/);
});
