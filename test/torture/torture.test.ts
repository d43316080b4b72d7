// A short torture on loopback, with signals and wiped directories only; `npm run torture` is the long one.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { isHeld } from './audit.ts';
import { reportText } from './report.ts';
import { loopback, Servers } from './servers.ts';
import { timelineSvg } from './timeline-svg.ts';
import { torture } from './torture.ts';

const FAULTS_MS = 20_000;
/** Twenty seconds at 60 posts a second, less what waits while nobody leads. */
const STORED_MIN = 600;

async function serversFor(t: TestContext): Promise<Servers> {
  const directory = mkdtempSync(join(tmpdir(), 'syncnet-test-'));
  const servers = new Servers(await loopback(), directory);
  t.after(async () => {
    await servers.close();
    rmSync(directory, { recursive: true, force: true });
  });
  return servers;
}

test('servers that are killed, stopped, frozen and wiped lose nothing and agree', async (t) => {
  const servers = await serversFor(t);
  const seed = Math.floor(Math.random() * 2 ** 31);
  t.diagnostic(`npm run torture -- --loopback --seed ${seed}`);
  const outcome = await torture({
    seed,
    durationMs: FAULTS_MS,
    servers,
    network: null,
    canMount: false,
    only: null,
    signal: t.signal,
    say: (line) => t.diagnostic(line),
  });

  const report = reportText(outcome, { where: 'in a test', command: 'test', picture: 'x.svg' });
  assert.deepEqual(outcome.troubles, [], report);
  assert.ok(isHeld(outcome), report);
  const stored = outcome.posts.filter(({ answer }) => answer?.type === 'stored');
  assert.ok(stored.length > STORED_MIN, `${stored.length} posts were stored`);
  assert.ok(outcome.faults.length > 0, 'faults were made');
  assert.ok(outcome.sightingsCount >= stored.length, 'readers were shown what was stored');
  const picture = timelineSvg({ title: 'test', servers: servers.ids, ...outcome });
  for (const { kind } of outcome.faults) assert.ok(picture.includes(`<title>${kind} `), kind);
});
