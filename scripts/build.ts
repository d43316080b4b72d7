// npm run build: the sources into dist/, nothing else in it, the executables executable.
import { chmodSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { type BuildOptions, build } from 'esbuild';
import { execa } from 'execa';
import { DAEMON_NODE_ENV } from '../lib/daemon-node.ts';

const EXECUTABLE_MODE = 0o755;

/**
 * The first lines of both executables, which tell Node something before it starts: a shell's to run, and a shebang, a
 * string and a comment to Node. With one heap of malloc for all its threads the screen takes some 9 MB less, too.
 */
const LAUNCHER = `#!/bin/sh
":" //# see scripts/build.ts; MALLOC_ARENA_MAX=\${MALLOC_ARENA_MAX:-${DAEMON_NODE_ENV.MALLOC_ARENA_MAX}} exec node "$0" "$@"
`;

const LAUNCHED = ['dist/tui/main.js', 'dist/daemon/main.js'] as const;

process.chdir(new URL('..', import.meta.url).pathname);
rmSync('dist', { recursive: true, force: true });
const { exitCode } = await execa({
  stdio: 'inherit',
  reject: false,
  preferLocal: true,
})`tsc -p tsconfig.build.json`;
if (exitCode === 0) {
  await gather();
  for (const file of LAUNCHED)
    writeFileSync(file, LAUNCHER + readFileSync(file, 'utf8').replace(/^#!.*\n/, ''));
}
const { bin } = JSON.parse(readFileSync('package.json', 'utf8')) as { bin: Record<string, string> };
for (const executable of Object.values(bin)) {
  if (existsSync(executable)) chmodSync(executable, EXECUTABLE_MODE);
  else if (exitCode === 0) process.stderr.write(`build: ${executable} was not made\n`);
}
process.exitCode = exitCode ?? 1;

/**
 * Each executable in a few files, its libraries included: of some six hundred files it took the screen two thirds of
 * its start to find and read them. Chunks lie beside the entries, so that what is looked for from there is found.
 */
async function gather(): Promise<void> {
  const common = {
    allowOverwrite: true,
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node24',
    // Libraries of the older kind ask for modules of Node as they run.
    banner: {
      js: "import { createRequire as requireFrom } from 'node:module'; const require = requireFrom(import.meta.url);",
    },
    legalComments: 'eof',
    logLevel: 'warning',
  } satisfies BuildOptions;
  await build({
    ...common,
    entryPoints: ['dist/tui/run.js', 'dist/tui/screen.js'],
    outdir: 'dist',
    outbase: 'dist',
    splitting: true,
    chunkNames: 'tui/[name]-[hash]',
    // The sources stay in memory, and are compiled at the first start. Names stay, as with the daemon below.
    minifyWhitespace: true,
    // React's development build takes several times as long for everything.
    define: {
      'process.env.NODE_ENV': '"production"',
      // Yoga, which Ink lays out with, takes its WebAssembly from a `data:` address by fetch where there is one; Node
      // then loads a whole HTTP client: 70 ms and 8 MB. Without, it decodes the letters itself.
      fetch: 'undefined',
    },
    // Ink asks for these only when its developers debug it.
    external: ['react-devtools-core'],
  });
  await build({
    ...common,
    entryPoints: ['dist/daemon/run.js'],
    outdir: 'dist/daemon',
    // Compiled at each start. Names stay, and the lines of a stack trace are long.
    minifyWhitespace: true,
    // It starts a thread from the file beside it.
    external: [`${process.cwd()}/dist/daemon/search/index-thread.js`],
  });
}
