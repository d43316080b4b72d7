// What a room is called on the screen and in what scripts print: `#ops`, and `@bob` for the conversation with bob.
import type { Room } from '../lib/client/api.ts';
import { foldName } from '../lib/ids.ts';

type Called = Pick<Room, 'name' | 'direct'>;

export function roomLabel({ name, direct }: Called): string {
  return `${direct ? '@' : '#'}${name}`;
}

/** The conversation with whoever is shown under a name, in any spelling of it. */
export function directWith<View extends { readonly room: Called }>(
  views: readonly View[],
  name: string,
): View | undefined {
  const wanted = foldName(name);
  return views.find(({ room }) => room.direct && foldName(room.name) === wanted);
}
