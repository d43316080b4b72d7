// The import directions of the folders, as biome.json has them: a file that breaks one is reported.
import assert from 'node:assert/strict';
import { copyFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, test } from 'node:test';
import { execa } from 'execa';

const ROOT = new URL('../..', import.meta.url).pathname;

type Row = { file: string; imports: string; allowed: boolean };

const ROWS: Row[] = [
  { file: 'lib/a.ts', imports: 'node:fs/promises', allowed: false },
  { file: 'lib/a.ts', imports: 'node:net', allowed: false },
  { file: 'lib/a.ts', imports: 'node:crypto', allowed: true },
  { file: 'lib/a.ts', imports: '../daemon/host.ts', allowed: false },
  { file: 'lib/client/a.ts', imports: 'node:net', allowed: true },
  { file: 'lib/client/a.ts', imports: '../../tui/keys.ts', allowed: false },
  { file: 'daemon/a.ts', imports: '../tui/keys.ts', allowed: false },
  { file: 'daemon/a.ts', imports: '../lib/ids.ts', allowed: true },
  { file: 'daemon/ring/a.ts', imports: '../../lib/ids.ts', allowed: true },
  { file: 'daemon/ring/a.ts', imports: './entry.ts', allowed: true },
  { file: 'daemon/ring/a.ts', imports: 'node:timers/promises', allowed: false },
  { file: 'daemon/ring/a.ts', imports: '../chat/chat.ts', allowed: false },
  { file: 'daemon/ring/a.ts', imports: '../daemon.ts', allowed: false },
  { file: 'daemon/ring/a.ts', imports: '../../tui/keys.ts', allowed: false },
  { file: 'daemon/chat/a.ts', imports: '../ring/entry.ts', allowed: true },
  { file: 'daemon/chat/a.ts', imports: '../store/store.ts', allowed: true },
  { file: 'daemon/chat/a.ts', imports: '../store/sqlite-store.ts', allowed: false },
  { file: 'daemon/chat/a.ts', imports: 'node:sqlite', allowed: false },
  { file: 'daemon/net/a.ts', imports: '../chat/chat.ts', allowed: false },
  { file: 'daemon/net/a.ts', imports: 'node:net', allowed: true },
  { file: 'tui/a.tsx', imports: '../daemon/status.ts', allowed: false },
  { file: 'tui/a.tsx', imports: '../lib/client/client.ts', allowed: true },
  { file: 'tui/state/a.ts', imports: '../../lib/client/client.ts', allowed: false },
  { file: 'tui/state/a.ts', imports: '../../lib/client/api.ts', allowed: true },
  { file: 'tui/state/a.ts', imports: 'node:fs', allowed: false },
  { file: 'test/a.ts', imports: '../daemon/daemon.ts', allowed: true },
];

let directory = '';

before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'syncnet-imports-'));
  await copyFile(join(ROOT, 'biome.json'), join(directory, 'biome.json'));
});
after(() => rm(directory, { recursive: true, force: true }));

for (const { file, imports, allowed } of ROWS) {
  test(`${file} ${allowed ? 'may' : 'may not'} import ${imports}`, async () => {
    const path = join(directory, file);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, `import { part } from '${imports}';\nconsole.log(part);\n`);
    const args = ['lint', '--vcs-enabled=false', '--only=style/noRestrictedImports', file];
    const { exitCode, all } = await execa('biome', args, {
      cwd: directory,
      preferLocal: true,
      localDir: ROOT,
      reject: false,
      all: true,
    });
    assert.equal(exitCode, allowed ? 0 : 1, all);
    assert.equal(all.includes('noRestrictedImports'), !allowed, all);
  });
}
