// The cluster file: which servers there are, where they bind and what clients are told. Also the
// three-server layout that holds where no file is given.
import * as z from 'zod';
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
    .regex(/^(\[[0-9a-fA-F:]+\]|[^\s:]+):\d{1,5}$/, {
      error: 'expected host:port',
      abort: true,
    })
    .refine((address) => Port.safeParse(Number(address.split(':').at(-1))).success, {
      message: 'expected a port from 1 to 65535',
    })
    .optional(),
  clientPort: Port,
  peerPort: Port,
  heartbeatPort: Port,
  httpPort: Port,
});
export type ClusterServer = z.infer<typeof ClusterServer>;

/** The fields that no two servers of a cluster may share. */
const UNIQUE_FIELDS = ['id', 'ringPosition'] as const;

/** Ports by protocol: on one host no two may be equal. */
const PORT_FIELDS = {
  TCP: ['clientPort', 'peerPort', 'httpPort'],
  UDP: ['heartbeatPort'],
} as const;

export const ClusterFile = z
  .strictObject({ servers: z.array(ClusterServer).min(1).max(32) })
  .superRefine((cluster, context) => {
    const seen = new Set<string>();
    const claim = (claimed: string, path: PropertyKey[], message: string) => {
      if (seen.has(claimed)) context.addIssue({ code: 'custom', path, message });
      seen.add(claimed);
    };
    for (const [index, server] of cluster.servers.entries()) {
      for (const field of UNIQUE_FIELDS) {
        const value = server[field];
        const message = `expected a value of its own, got ${value}, which an earlier server has`;
        claim(`${field} ${value}`, ['servers', index, field], message);
      }
      for (const [protocol, fields] of Object.entries(PORT_FIELDS)) {
        for (const field of fields) {
          const value = server[field];
          const message = `expected a ${protocol} port of its own, got ${value}, which is taken on ${server.host}`;
          claim(`${protocol} ${server.host} ${value}`, ['servers', index, field], message);
        }
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
