#!/usr/bin/env node
// The executable syncnet-tui: the only process.exit of the screen and the headless commands. It imports
// what needs Node 24 only after it has looked which Node this is.
import module from 'node:module';
import { cacheFolder } from '../lib/client/folders.ts';

const NODE_MAJOR_MIN = 24;

const major = Number(process.versions.node.split('.')[0]);
if (major < NODE_MAJOR_MIN) {
  process.stderr.write(
    `syncnet-tui needs Node ${NODE_MAJOR_MIN} or newer; this is ${process.version}\n`,
  );
  process.exit(2);
}
// The next start finds its code compiled. A folder that cannot be written costs only that.
module.enableCompileCache(cacheFolder(process.env));
// What starts it is told this for Node alone (scripts/build.ts), not for the servers and editors that it starts.
delete process.env.MALLOC_ARENA_MAX;
// React's development build takes several times as long for a frame.
process.env.NODE_ENV ??= 'production';
const { run } = await import('./run.ts');
process.exitCode = await run(process.argv.slice(2));
process.exit();
