#!/usr/bin/env node
// The executable syncnet-daemon. It looks which Node this is before it imports what needs a newer one.
const NODE_MAJOR_MIN = 24;

const major = Number(process.versions.node.split('.')[0]);
if (major < NODE_MAJOR_MIN) {
  process.stderr.write(
    `syncnet-daemon: expected Node ${NODE_MAJOR_MIN} or newer, got ${process.version} at ${process.execPath}\n`,
  );
  process.exit(2);
}
const { run } = await import('./run.ts');
process.exit(await run(process.argv.slice(2)));
