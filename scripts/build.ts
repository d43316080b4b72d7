// npm run build: the sources into dist/, nothing else in it, the executables executable.
import { chmodSync, existsSync, readFileSync, rmSync } from 'node:fs';
import { execa } from 'execa';

const EXECUTABLE_MODE = 0o755;

process.chdir(new URL('..', import.meta.url).pathname);
rmSync('dist', { recursive: true, force: true });
const { exitCode } = await execa({
  stdio: 'inherit',
  reject: false,
  preferLocal: true,
})`tsc -p tsconfig.build.json`;
const { bin } = JSON.parse(readFileSync('package.json', 'utf8')) as { bin: Record<string, string> };
for (const executable of Object.values(bin)) {
  if (existsSync(executable)) chmodSync(executable, EXECUTABLE_MODE);
  else if (exitCode === 0) process.stderr.write(`build: ${executable} was not made\n`);
}
process.exitCode = exitCode ?? 1;
