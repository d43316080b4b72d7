// Every server that can be measured, in the order in which tables show them.
import { bare } from './bare.ts';
import { mosquitto, nats, redis } from './brokers.ts';
import { inspircd, ngircd } from './irc.ts';
import { syncnet, syncnetThree } from './syncnet.ts';
import type { System } from './system.ts';

/** Those that bring one message to many. */
export const CHATS: readonly System[] = [
  syncnet,
  syncnetThree,
  inspircd,
  ngircd,
  nats,
  redis,
  mosquitto,
  bare,
];
