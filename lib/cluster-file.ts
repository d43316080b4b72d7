// The cluster file: which servers there are, where they bind and what clients are told. Also the
// three-server layout that holds where no file is given.
import { z } from 'zod';
import { ServerId } from './protocol/fields.ts';

const Port = z.int().min(1).max(65_535);
const Host = z.string().min(1).max(253);

/** One server: where it listens, and where others find it. */
export const ClusterServer = z.strictObject({
  id: ServerId,
  /** The highest among the active servers leads. No two servers share one. */
  ringPosition: z.int().min(1).max(1_000_000),
  /** Where the other servers reach it. */
  host: Host.default('127.0.0.1'),
  /** `host:port` that clients are told; by default the host and its client port. */
  advertise: z
    .string()
    .regex(/^(\[[0-9a-fA-F:]+\]|[^\s:]+):\d{1,5}$/, 'expected host:port')
    .optional(),
  clientPort: Port,
  peerPort: Port,
  heartbeatPort: Port,
  httpPort: Port,
});
export type ClusterServer = z.infer<typeof ClusterServer>;

export const ClusterFile = z
  .strictObject({ servers: z.array(ClusterServer).min(1).max(32) })
  .superRefine((cluster, context) => {
    for (const field of ['id', 'ringPosition'] as const) {
      const seen = new Set<string | number>();
      for (const [index, server] of cluster.servers.entries()) {
        const value = server[field];
        if (seen.has(value)) {
          context.addIssue({
            code: 'custom',
            path: ['servers', index, field],
            message: `expected a ${field} of its own, got ${value}, which an earlier server has`,
          });
        }
        seen.add(value);
      }
    }
  });
export type ClusterFile = z.infer<typeof ClusterFile>;

/** Ports of the built-in layout: server n has base + n - 1, and the other three at +10, +20 and +30. */
export const CLIENT_PORT_BASE = 8000;
export const SERVERS_DEFAULT_COUNT = 3;

/**
 * The built-in layout: server1 to server3 on one host, ring positions 1 to 3.
 * @param clientPortBase client port of server1; peers +10, heartbeats +20, HTTP +30
 */
export function builtInCluster(clientPortBase = CLIENT_PORT_BASE, host = '127.0.0.1'): ClusterFile {
  const servers = Array.from({ length: SERVERS_DEFAULT_COUNT }, (_, index) => ({
    id: `server${index + 1}`,
    ringPosition: index + 1,
    host,
    clientPort: clientPortBase + index,
    peerPort: clientPortBase + 10 + index,
    heartbeatPort: clientPortBase + 20 + index,
    httpPort: clientPortBase + 30 + index,
  }));
  return { servers };
}

/** What clients are told of where a server is. */
export function clientAddressOf(server: ClusterServer): string {
  const host = server.host === '127.0.0.1' ? 'localhost' : server.host;
  return server.advertise ?? `${host.includes(':') ? `[${host}]` : host}:${server.clientPort}`;
}
