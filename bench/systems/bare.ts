// Node's sockets with nothing behind them: what no server in Node can go below.
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { start } from '../children.ts';
import { type Place, type System, single } from './system.ts';

const SERVER = fileURLToPath(new URL('./bare-server.ts', import.meta.url));

export const bare: System = {
  name: 'bare Node',
  protocol: 'bare',
  role: 'context',
  processes: 1,
  version: async () => process.versions.node,
  start: ({ directory, portBase: port, cores }: Place) => {
    const log = join(directory, 'bare.log');
    const server = start([process.execPath, SERVER, String(port)], { cores, log });
    return single(server, { name: 'bare Node', port });
  },
};
