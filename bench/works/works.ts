// Every work that is measured, in the order of the page.
import { memory, storm } from './crowd.ts';
import { durable } from './durable.ts';
import { failover } from './failover.ts';
import { fanout } from './fanout.ts';
import { growth } from './growth.ts';
import { history } from './history.ts';
import { latency } from './latency.ts';
import type { Work } from './work.ts';

export const WORKS: readonly Work[] = [
  fanout,
  latency,
  durable,
  memory,
  storm,
  failover,
  history,
  growth,
];
