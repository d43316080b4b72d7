// Every work that is measured, in the order of the page.
import { durable } from './durable.ts';
import { fanout } from './fanout.ts';
import { latency } from './latency.ts';
import type { Work } from './work.ts';

export const WORKS: readonly Work[] = [fanout, latency, durable];
