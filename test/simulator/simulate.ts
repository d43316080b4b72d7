// One run: a plan's faults and talk; then everything heals, and all servers and clients must agree. Faults
// that would take the last copy of an entry are not carried out.
import { createHash } from 'node:crypto';
import type { ClientEvent } from '../../lib/client/api.ts';
import { Checkers } from './checkers.ts';
import type { SimulatedClient } from './client.ts';
import { Cluster } from './cluster.ts';
import { carryOut } from './faults.ts';
import { drawPlan, type Plan } from './plan.ts';
import { Witness } from './witness.ts';

type Part = 'trouble' | 'healing' | 'coming to rest' | 'the last checks';

export type Outcome = Readonly<{
  plan: Plan;
  failure: Error | null;
  acknowledged: number;
  /** Turns of servers; where it failed, that of the failure is the next one. */
  steps: number;
  /** Simulated time, milliseconds. */
  endedMs: number;
  /** What it was doing last. */
  part: Part;
  faults: Readonly<Record<string, number>>;
  /** The last events, for a person to read. */
  story: readonly string[];
  /** SHA-256 over the story: equal for equal runs. */
  digest: string;
}>;

/** All must agree within this after healing: the longest stability waits, and a slow server's return. */
const HEALED_MS_MAX = 120_000;
/** How long they must go on to agree. */
const QUIET_MS = 1_500;
/** Whoever was leaving has left by then, and is started again. */
const LEFT_MS = 2_500;

export type Stage = Readonly<{ cluster: Cluster; checkers: Checkers; witness: Witness }>;

/**
 * A cluster that has not been started, watched by all checkers.
 * @param onEvent hears what clients are told, after the witness
 */
export function openStage(
  plan: Plan,
  onEvent: (client: SimulatedClient, event: ClientEvent) => void = () => {},
): Stage {
  const checkers = new Checkers();
  const witness = new Witness();
  const cluster = new Cluster(plan, {
    onAcknowledged: (server, stored) => checkers.onAcknowledged(server, stored),
    onDurable: (server, entries) => checkers.onDurable(server, entries),
    onEntriesSent: (server, message) => checkers.onEntriesSent(server, message),
    onPromised: (server, to, term) => checkers.onPromised(server, to, term),
    onAppendHeard: (server, heard) => checkers.onAppendHeard(server, heard),
    onLeads: (server, view) => checkers.onLeads(server, view),
    onStep: (server) => checkers.onStep(server),
    onEvent: (client, event) => {
      witness.onEvent(client, event);
      onEvent(client, event);
    },
    onRequest: (client, id, request) => witness.onRequest(client, id, request),
    onRestart: (client) => witness.onRestart(client),
    onPage: (client, posts) => witness.onPage(client, posts),
  });
  checkers.cluster = cluster;
  checkers.witness = witness;
  witness.cluster = cluster;
  return { cluster, checkers, witness };
}

export function simulate(seedOrPlan: number | Plan): Outcome {
  const plan = typeof seedOrPlan === 'number' ? drawPlan(seedOrPlan) : seedOrPlan;
  const { cluster, checkers, witness } = openStage(plan);
  const faults: Record<string, number> = {};
  let failure: Error | null = null;
  let part: Part = 'trouble';
  try {
    trouble(cluster, faults);
    part = 'healing';
    heal(cluster);
    part = 'coming to rest';
    waitForAgreement(cluster, checkers);
    part = 'the last checks';
    checkers.checkHealed();
    witness.checkEnd();
  } catch (error) {
    failure = error instanceof Error ? error : new Error(String(error));
  }
  const { acknowledged } = checkers;
  const { steps, story } = cluster;
  const digest = createHash('sha256').update(story.join('\n')).digest('hex');
  const endedMs = cluster.scheduler.nowMs();
  return { plan, failure, acknowledged, steps, endedMs, part, faults, story, digest };
}

/** Lines of the story that a failure is told with. */
const STORY_LINES = 60;

/** The last events, what broke, at which step, and how to see it again. */
export function failureText(outcome: Outcome): string {
  const { failure, story, steps, endedMs, part, plan } = outcome;
  const where = `in step ${steps + 1}, at ${endedMs.toFixed(1)} ms, during ${part}`;
  const again = `again: npm run simulate -- --seed ${plan.seed}`;
  return [
    ...story.slice(-STORY_LINES),
    '',
    `seed ${plan.seed} failed ${where}`,
    failure?.stack,
    again,
  ].join('\n');
}

function trouble(cluster: Cluster, faults: Record<string, number>): void {
  const { plan, random, scheduler } = cluster;
  for (const server of cluster.all()) if (random() < 0.9) server.start();
  for (const client of cluster.clients) client.start();
  for (const event of plan.events) {
    scheduler.after(event.atMs, () => {
      const fault = carryOut(cluster, event);
      if (fault) faults[fault] = (faults[fault] ?? 0) + 1;
    });
  }
  cluster.run(plan.durationMs);
}

function heal(cluster: Cluster): void {
  cluster.say('--- everything heals ---');
  cluster.healNetwork();
  const mend = () => {
    cluster.healNetwork();
    for (const server of cluster.all()) {
      server.crashInTurn = null;
      server.disk.refuses = null;
      server.slowDiskMs = 0;
      server.copiesMin = cluster.plan.copiesMin;
      server.resume();
      const isOther = server.running?.ring.copiesMin !== server.copiesMin;
      if (isOther) server.crash('is started anew with the usual settings');
      server.start();
    }
  };
  mend();
  // What was begun before (a rolling restart, a link that flaps) goes on until its end.
  do {
    cluster.run(LEFT_MS);
    mend();
  } while (cluster.scheduler.nowMs() < cluster.faultsEndMs + LEFT_MS);
}

function waitForAgreement(cluster: Cluster, checkers: Checkers): void {
  const untilMs = cluster.scheduler.nowMs() + HEALED_MS_MAX;
  const settled = () => checkers.agree() && cluster.clients.every((client) => client.waiting === 0);
  while (!settled() && cluster.scheduler.nowMs() < untilMs) {
    cluster.run(250);
    checkers.checkWaits();
  }
  cluster.run(QUIET_MS);
  // What the leader writes on its own (markers, prunings) may be on its way right now, and each server takes its time
  // about pruning.
  const isDone = () => settled() && checkers.agreeOnHash();
  for (let step = 0; step < 20 && !isDone(); step += 1) cluster.run(60);
}
