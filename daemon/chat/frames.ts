// Lines for clients, from what the fold and the ring know. Each is encoded once, whoever gets it.
import type { z } from 'zod';
import type { Cluster } from '../../lib/client/api.ts';
import type { HistoryPost, RoomSummary, ServerMessage } from '../../lib/protocol/events.ts';
import { REFUSALS, type RefusalCode } from '../../lib/protocol/refusals.ts';
import { type Entry, orderOf } from '../ring/entry.ts';
import type { Body } from './bodies.ts';
import type { Fold, FoldedRoom } from './fold.ts';

/** @returns the line, its line feed included */
export function frame(message: ServerMessage): string {
  return `${JSON.stringify(message)}\n`;
}

export function refusedFrame(
  to: { number?: number; query?: number },
  code: RefusalCode,
  detail?: string,
): string {
  return frame({ type: 'refused', ...to, code, reason: detail ?? REFUSALS[code] });
}

export function redirectFrame(cluster: Cluster, self: string, reason: string): string {
  const leader = cluster.leader?.id === self ? null : cluster.leader;
  return frame({ type: 'redirect', leader, term: cluster.term, reason });
}

export function viewFrame(cluster: Cluster, cursor: string | null): string {
  const { term, leader, servers, copies, copiesMin } = cluster;
  const view = { type: 'view' as const, term, leader, servers: [...servers], copies, copiesMin };
  return frame(cursor === null ? view : { ...view, cursor });
}

export function historyPost(
  fold: Fold,
  entry: Entry,
  body: Extract<Body, { t: 'post' }>,
): z.infer<typeof HistoryPost> {
  return {
    id: body.q,
    room: body.r,
    account: body.u,
    name: fold.nameOf(body.u),
    text: body.x,
    time: entry.wallMs,
    order: orderOf(entry),
  };
}

export function roomSummary(
  fold: Fold,
  room: FoldedRoom,
  seen: { joined: boolean; latest: string | null },
): z.infer<typeof RoomSummary> {
  const { id, members } = room;
  return {
    id,
    name: fold.roomName(room),
    topic: fold.topicOf(room),
    members: members.size,
    ...seen,
  };
}
