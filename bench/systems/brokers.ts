// The brokers that keep nothing: NATS core, Redis publish and subscribe, and mosquitto with QoS 0. Queues for slow
// readers are as long as the work needs.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { start } from '../children.ts';
import { type Place, type System, single, versionOf } from './system.ts';

/** File descriptors may be capped at 20,000, and Redis wants some for itself. */
const CLIENTS_MAX = 19_000;

const NATS_CONFIG = (port: number) => `listen: 127.0.0.1:${port}
max_connections: 65536
max_pending: 536870912
write_deadline: "60s"
`;

const MOSQUITTO_CONFIG = (port: number) => `listener ${port} 127.0.0.1
allow_anonymous true
max_queued_messages 0
set_tcp_nodelay true
persistence false
user root
log_dest none
`;

export const nats: System = {
  name: 'NATS core',
  protocol: 'nats',
  role: 'peer',
  processes: 1,
  version: () => versionOf('nats-server', '--version'),
  start: ({ directory, portBase: port, cores }: Place) => {
    const config = join(directory, 'nats.conf');
    writeFileSync(config, NATS_CONFIG(port));
    const log = join(directory, 'nats.log');
    const server = start(['nats-server', '--config', config], { cores, log });
    return single(server, { name: 'nats-server', port });
  },
};

export const redis: System = {
  name: 'Redis pub/sub',
  protocol: 'redis',
  role: 'peer',
  processes: 1,
  version: () => versionOf('redis-server', '--version'),
  start: ({ directory, portBase: port, cores }: Place) => {
    const flags = {
      port: String(port),
      bind: '127.0.0.1',
      dir: directory,
      save: '',
      appendonly: 'no',
      maxclients: String(CLIENTS_MAX),
      'tcp-backlog': '4096',
      'client-output-buffer-limit': 'pubsub 0 0 0',
    };
    const words = Object.entries(flags).flatMap(([flag, value]) => [`--${flag}`, value]);
    const log = join(directory, 'redis.log');
    const server = start(['redis-server', ...words], { cores, log });
    return single(server, { name: 'redis-server', port });
  },
};

export const mosquitto: System = {
  name: 'mosquitto, QoS 0',
  protocol: 'mqtt',
  role: 'peer',
  processes: 1,
  version: () => versionOf('mosquitto', '-h'),
  start: ({ directory, portBase: port, cores }: Place) => {
    const config = join(directory, 'mosquitto.conf');
    writeFileSync(config, MOSQUITTO_CONFIG(port));
    const log = join(directory, 'mosquitto.log');
    const server = start(['mosquitto', '-c', config], { cores, log });
    return single(server, { name: 'mosquitto', port });
  },
};
