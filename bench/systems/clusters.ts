// Clusters that replicate what they acknowledge: etcd with three nodes, and NATS JetStream with three replicas.
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { waitFor } from '../../test/support/wait-for.ts';
import { Etcd } from '../../test/torture/etcd.ts';
import { entrance, prefer, start } from '../children.ts';
import { listening, type Place, type Running, type System, versionOf } from './system.ts';

/** What etcd takes when nobody says anything. */
const ETCD_DEFAULTS = { heartbeatMs: 100, electionMs: 1_000 };
const READY_MS_MAX = 30_000;
const STREAM = 'bench';

export const etcd: System = {
  name: 'etcd, three nodes',
  protocol: 'etcd',
  role: 'peer',
  processes: 3,
  version: () => versionOf('etcd', '--version'),
  start: async ({ directory, portBase, cores }: Place): Promise<Running> => {
    const place = { portBase, entrance: entrance(cores), detached: true };
    const cluster = await Etcd.start(directory, ETCD_DEFAULTS, place);
    for (const pid of cluster.pids()) prefer(pid);
    const leader = await cluster.settled();
    const port = cluster.members.find(({ name }) => name === leader)?.clientPort as number;
    return { pids: cluster.pids(), ports: [port], stop: () => cluster.close() };
  },
};

const NODES = [1, 2, 3];
const clientPort = (base: number, node: number) => base + node;
const routePort = (base: number, node: number) => base + 10 + node;

function jetstreamConfig({ directory, portBase }: Place, node: number): string {
  const routes = NODES.map((other) => `nats-route://127.0.0.1:${routePort(portBase, other)}`);
  return `server_name: node${node}
listen: 127.0.0.1:${clientPort(portBase, node)}
max_pending: 536870912
write_deadline: "60s"
jetstream { store_dir: ${JSON.stringify(join(directory, `node${node}`))} }
cluster { name: bench, listen: 127.0.0.1:${routePort(portBase, node)}, routes: [${routes.join()}] }
`;
}

/** Asks JetStream's own interface. @returns the answer; null when none came in time */
async function askJetstream(port: number, verb: string, body: object): Promise<unknown> {
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => {}); // no answer then
  const inbox = `_INBOX.${randomUUID()}`;
  const text = JSON.stringify(body);
  socket.write('CONNECT {"verbose":false,"pedantic":false}\r\n');
  socket.write(
    `SUB ${inbox} 1\r\nPUB $JS.API.STREAM.${verb}.${STREAM} ${inbox} ${text.length}\r\n${text}\r\n`,
  );
  let heard = '';
  const timer = setTimeout(() => socket.destroy(), 1_000);
  socket.on('data', (bytes) => {
    heard += bytes;
    if (/MSG [^\r]*\r\n.*\r\n/.test(heard)) socket.destroy();
  });
  await once(socket, 'close');
  clearTimeout(timer);
  const answer = /MSG [^\r]*\r\n(.*)\r\n/.exec(heard)?.[1];
  return answer ? JSON.parse(answer) : null;
}

type StreamAnswer = {
  config?: object;
  cluster?: { leader?: string; replicas?: { current: boolean }[] };
};

/** @returns the number of the node that leads the stream, once all three are current */
async function makeStream(portBase: number): Promise<number> {
  const port = clientPort(portBase, 1);
  const config = { name: STREAM, subjects: [STREAM], storage: 'file', num_replicas: NODES.length };
  const isMade = async () => {
    const answer = (await askJetstream(port, 'CREATE', config)) as StreamAnswer | null;
    return answer?.config !== undefined;
  };
  await waitFor('JetStream to make a stream', isMade, READY_MS_MAX);
  let leader = 0;
  const isCurrent = async () => {
    const { cluster } = ((await askJetstream(port, 'INFO', {})) ?? {}) as StreamAnswer;
    leader = Number(cluster?.leader?.at(-1) ?? 0);
    const current = cluster?.replicas?.filter((replica) => replica.current).length;
    return leader > 0 && current === NODES.length - 1;
  };
  await waitFor('JetStream to have its replicas', isCurrent, READY_MS_MAX);
  return leader;
}

export const jetstream: System = {
  name: 'JetStream, three replicas, not synced',
  protocol: 'jetstream',
  role: 'context',
  processes: 3,
  version: () => versionOf('nats-server', '--version'),
  start: async (place: Place): Promise<Running> => {
    const { directory, portBase, cores } = place;
    const nodes = NODES.map((node) => {
      mkdirSync(join(directory, `node${node}`));
      const config = join(directory, `node${node}.conf`);
      writeFileSync(config, jetstreamConfig(place, node));
      const log = join(directory, `node${node}.log`);
      return start(['nats-server', '--config', config], { cores, log });
    });
    const stop = async () => {
      await Promise.all(nodes.map((node) => node.stop()));
    };
    try {
      for (const [index, node] of nodes.entries()) {
        await listening(node, clientPort(portBase, index + 1), 'nats-server');
      }
      const leader = await makeStream(portBase);
      const ports = [clientPort(portBase, leader)];
      return { pids: nodes.map(({ pid }) => pid), ports, settings: { subject: STREAM }, stop };
    } catch (error) {
      await stop();
      throw error;
    }
  },
};
