// What a log line looks like, and that writing one waits for nobody.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { createLogger, type LogFormat, type LogLevel } from '../../../daemon/ops/logger.ts';

const LOGGER = new URL('../../../daemon/ops/logger.ts', import.meta.url).href;

/** What a logger writes to a file. */
async function written(level: LogLevel, format: LogFormat): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'syncnet-log-'));
  const to = join(directory, 'log');
  const { logger, flush } = await createLogger({ server: 'server1', level, format, to });
  logger.info({ term: 7, phase: 'leading' }, 'leading');
  logger.debug('a detail');
  await flush();
  const text = await readFile(to, 'utf8');
  await rm(directory, { recursive: true });
  return text;
}

test('a line is JSON with time, level, server and what belongs to it', async () => {
  const lines = (await written('info', 'json')).trim().split('\n');
  assert.equal(lines.length, 1);
  const { time, ...line } = JSON.parse(lines[0] ?? '');
  assert.deepEqual(line, {
    level: 30,
    server: 'server1',
    term: 7,
    phase: 'leading',
    msg: 'leading',
  });
  assert.match(time, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
});

test('for people a line is one readable line', async () => {
  const text = await written('info', 'pretty');
  assert.match(text, /^\[\d\d:\d\d:\d\d\.\d{3}\] INFO: leading \{.*"term":7.*\}\n$/);
});

test('details come when they are asked for', async () => {
  assert.match(await written('debug', 'json'), /a detail/);
});

test('a silent daemon logs nothing', async () => {
  assert.equal(await written('silent', 'json'), '');
});

test('a reader that does not read costs lines, not the loop, and not the end', async () => {
  const script = `
    const { createLogger } = await import(${JSON.stringify(LOGGER)});
    const { logger, flush } = await createLogger({ server: 'server1', level: 'info', format: 'json' });
    for (let line = 0; line < 200; line += 1) logger.info('x'.repeat(100_000));
    setImmediate(async () => {
      process.stderr.write('turning\\n');
      await flush();
      process.exit(7);
    });`;
  // Nobody reads its output: the pipe is full after 64 kB.
  const child = spawn('node', ['--input-type=module', '-e', script]);
  const exited = once(child, 'exit');
  const [bytes] = await once(child.stderr, 'data');
  assert.equal(String(bytes), 'turning\n');
  assert.deepEqual(await exited, [7, null]);
  child.stdout.destroy();
});
