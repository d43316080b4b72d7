// Reactions where nothing is drawn: each with how many there are of it.
import type { Reaction } from '../lib/protocol/events.ts';

export const reactionText = (reactions: readonly Pick<Reaction, 'emoji' | 'count'>[] = []) =>
  reactions.map(({ emoji, count }) => `${emoji} ${count}`).join('  ');
