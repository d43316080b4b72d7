// How each kind of fault is done to the servers, and undone. A server is in the hands of one fault at a time;
// cuts of the network lie on top of each other as they come.
import { setTimeout as delay } from 'node:timers/promises';
import { assertNever } from '../../lib/assert.ts';
import type { Crowd } from './crowd.ts';
import type { Cut } from './cuts.ts';
import type { Network } from './network.ts';
import type { PlannedFault } from './plan.ts';
import type { Servers } from './servers.ts';
import type { SmallDisk } from './small-disk.ts';

export type Stage = Readonly<{
  servers: Servers;
  crowd: Crowd;
  /** null where there are no namespaces. */
  network: Network | null;
  /** null where nothing can be mounted. */
  disk: SmallDisk | null;
  /** Servers and senders that a fault has in its hands. */
  held: Set<string>;
  /** Whether another fault is under way. */
  isQuiet(): boolean;
}>;

/** A fault that was done. */
export type Struck = Readonly<{
  /** Whom it was done to. */
  whom: readonly string[];
  /** @returns whether it was felt: packets met the rule, the server met the end of its disk */
  heal(): Promise<boolean>;
}>;

const CLOCK_JUMP_MS_MAX = 600_000;
const HELD_UP_MS_MAX = 200;
const LOSS = { least: 0.05, most: 0.3 } as const;
/** Within this after an answer of a server its view cannot have shrunk: others are dead after 250 ms only. */
const VIEW_AGE_MS_MAX = 100;
/** The log of writes has come round by then, at 60 posts a second, if any reach the server at all. */
const GIVE_UP_MS_MAX = 15_000;
const POLL_MS = 50;

/** @returns null where the fault meets nothing: its target is in other hands, or it would not be fair */
export async function strike(stage: Stage, fault: PlannedFault): Promise<Struck | null> {
  switch (fault.kind) {
    case 'blackout':
      return blackOut(stage);
    case 'sender':
      return sendAway(stage, fault);
    case 'full':
      return fillDisk(stage);
    case 'kill':
    case 'stop':
    case 'freeze':
    case 'wipe':
    case 'clock':
      return await seize(stage, fault);
    case 'split':
    case 'oneWay':
    case 'loss':
    case 'reset':
    case 'slow':
    case 'cable':
    case 'deaf':
      return await cut(stage, fault);
    default:
      return assertNever(fault.kind);
  }
}

async function targetOf({ servers }: Stage, { target }: PlannedFault): Promise<string | null> {
  return target === 'leader' ? await servers.leader() : (servers.ids[target] ?? null);
}

/** One server in the hands of one fault. */
async function seize(stage: Stage, fault: PlannedFault): Promise<Struck | null> {
  const id = await targetOf(stage, fault);
  if (id === null || stage.held.has(id) || !stage.servers.isRunning(id)) return null;
  stage.held.add(id);
  const heal = await seizeFree(stage, fault, id);
  if (!heal) {
    stage.held.delete(id);
    return null;
  }
  return {
    whom: [id],
    heal: async () => {
      await heal();
      stage.held.delete(id);
      return true;
    },
  };
}

async function seizeFree(
  stage: Stage,
  { kind, severity }: PlannedFault,
  id: string,
): Promise<(() => Promise<void>) | null> {
  const { servers } = stage;
  const start = () => servers.start(id);
  switch (kind) {
    case 'kill':
      await servers.end(id, 'SIGKILL');
      return start;
    case 'stop':
      await servers.end(id, 'SIGTERM');
      return start;
    case 'wipe':
      return (await endAsOneOfAll(stage, id)) ? start : null;
    case 'freeze':
      servers.signal(id, 'SIGSTOP');
      return async () => servers.signal(id, 'SIGCONT');
    default:
      servers.shiftClock(id, Math.round((2 * severity - 1) * CLOCK_JUMP_MS_MAX));
      return async () => servers.shiftClock(id, 0);
  }
}

/**
 * Kills and empties a server of which all others hold a copy: by its own word, given just before, everyone was
 * in sync with it. A lone server's disk holds what no other has, and losing that is nobody's fault.
 */
async function endAsOneOfAll({ servers, isQuiet }: Stage, id: string): Promise<boolean> {
  if (!isQuiet()) return false;
  const askedMs = performance.now();
  const status = await servers.status(id);
  const isOneOfAll = status?.servers.every(({ inSync }) => inSync) ?? false;
  const isFresh = performance.now() - askedMs < VIEW_AGE_MS_MAX;
  if (!isOneOfAll || !isFresh) return false;
  await servers.end(id, 'SIGKILL');
  servers.wipe(id);
  return true;
}

async function blackOut({ servers, held }: Stage): Promise<Struck | null> {
  const { ids } = servers;
  if (ids.some((id) => held.has(id))) return null;
  for (const id of ids) held.add(id);
  await Promise.all(ids.map((id) => servers.end(id, 'SIGKILL')));
  const heal = async () => {
    await Promise.all(ids.map((id) => servers.start(id)));
    for (const id of ids) held.delete(id);
    return true;
  };
  return { whom: ids, heal };
}

async function sendAway(
  { crowd, held }: Stage,
  { severity }: PlannedFault,
): Promise<Struck | null> {
  const sender = crowd.senders[Math.floor(severity * crowd.senders.length)];
  if (!sender || held.has(sender.name)) return null;
  held.add(sender.name);
  await sender.leave();
  const heal = async () => {
    await sender.open();
    held.delete(sender.name);
    return true;
  };
  return { whom: [sender.name], heal };
}

async function fillDisk({ servers, disk, held }: Stage): Promise<Struck | null> {
  if (!disk || held.has(disk.owner) || !servers.isRunning(disk.owner)) return null;
  const { owner } = disk;
  held.add(owner);
  servers.excuse(owner);
  disk.fill();
  const heal = async () => {
    const untilMs = performance.now() + GIVE_UP_MS_MAX;
    while (servers.isRunning(owner) && performance.now() < untilMs) await delay(POLL_MS);
    const hasGivenUp = !servers.isRunning(owner);
    disk.enlarge();
    await servers.start(owner);
    held.delete(owner);
    return hasGivenUp;
  };
  return { whom: [owner], heal };
}

async function cut(stage: Stage, fault: PlannedFault): Promise<Struck | null> {
  const id = await targetOf(stage, fault);
  if (id === null || !stage.network) return null;
  const others = stage.servers.ids.filter((other) => other !== id);
  const other = others[fault.other] as string;
  const whom: Record<string, string[]> = { loss: [id], cable: [id], deaf: [id] };
  const heal = await stage.network.apply(cutOf(fault, id, other));
  return { whom: whom[fault.kind] ?? [id, other], heal };
}

function cutOf({ kind, severity }: PlannedFault, at: string, from: string): Cut {
  switch (kind) {
    case 'split':
      return { type: 'split', at, from };
    case 'oneWay':
      return { type: 'oneWay', at, from };
    case 'reset':
      return { type: 'reset', at, from };
    case 'deaf':
      return { type: 'deaf', at };
    case 'slow': {
      // Half of it for everything, the other half as chance has it.
      const half = (severity * HELD_UP_MS_MAX) / 2;
      return { type: 'slow', at, from, slowness: { leastMs: half, spreadMs: half } };
    }
    case 'loss':
      return { type: 'loss', at, share: LOSS.least + severity * (LOSS.most - LOSS.least) };
    default:
      return { type: 'cable', at };
  }
}
