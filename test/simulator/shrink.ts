// Makes a plan that fails smaller: leaves out halves, quarters and so on of its events (delta debugging,
// Zeller & Hildebrandt 2002), then servers and clients, as long as some invariant still breaks.
import type { Plan, PlannedEvent } from './plan.ts';
import { simulate } from './simulate.ts';

/** Runs at most: a minute or so. */
const RUNS_MAX = 400;

export function shrink(plan: Plan, tell: (text: string) => void): Plan {
  let best = plan;
  let runs = 0;
  const fails = (candidate: Plan): boolean => {
    runs += 1;
    return runs <= RUNS_MAX && simulate(candidate).failure !== null;
  };
  const attempt = (candidate: Plan): boolean => {
    if (!fails(candidate)) return false;
    best = candidate;
    tell(`${best.events.length} events, ${best.servers} servers, ${best.clients} clients`);
    return true;
  };
  for (let parts = 2; parts <= best.events.length * 2 && runs < RUNS_MAX; ) {
    const size = Math.ceil(best.events.length / parts);
    let found = false;
    for (let at = 0; at < best.events.length && runs < RUNS_MAX; ) {
      const events: PlannedEvent[] = best.events.filter(
        (_, index) => index < at || index >= at + size,
      );
      if (attempt({ ...best, events })) found = true;
      else at += size;
    }
    if (!found) parts *= 2;
  }
  for (const smaller of [
    { clients: 1 },
    { clients: best.clients - 1 },
    { servers: best.servers - 1 },
  ]) {
    const candidate = { ...best, ...smaller };
    if (candidate.clients > 0 && candidate.servers > 0) attempt(candidate);
  }
  return best;
}
