// Who is in the rooms, as far as a screen keeps a list of them: asked for, kept up by what the server tells, and asked
// for again where it tells no longer of each one (a crowd, an outage).
import type { Person } from '../../lib/protocol/events.ts';
import { CROWD_MIN } from '../../lib/protocol/limits.ts';
import { PEOPLE_FROM_COLUMNS } from '../layout.ts';
import { cleanLine } from '../text.ts';
import type { Model, RoomView } from './model.ts';
import { ask, openRoomOf, roomOf, type Step, stay, withRoom } from './step.ts';

/**
 * In a room with more members there is their number and no list: lists that all of them asked for after a failover would
 * be n times n names, and none is kept up.
 */
export const PEOPLE_LISTED_MAX = CROWD_MIN;

const isListed = ({ room }: RoomView) => room.members <= PEOPLE_LISTED_MAX;

/** Asks who is in the open room, where there is a pane for it. What is shown stays until the answer comes. */
export function refreshPeople(model: Model): Step {
  const view = openRoomOf(model);
  if (!view || !isListed(view) || model.size.columns < PEOPLE_FROM_COLUMNS) return stay(model);
  return ask(model, { type: 'people', room: view.room.id, shown: false });
}

/** The same where nothing is known yet. */
export function loadPeople(model: Model): Step {
  return openRoomOf(model)?.people ? stay(model) : refreshPeople(model);
}

/** After a sign-in: nobody told of who came and went meanwhile. */
export function relistPeople(model: Model): Step {
  const rooms = model.rooms.map((view) => {
    const isKept = view.room.id === model.openRoom && isListed(view);
    return isKept || view.people === null ? view : { ...view, people: null };
  });
  return refreshPeople({ ...model, rooms });
}

/** A room has so many members: a list that has another number of them missed some. */
export function followMembers(model: Model, id: string): Step {
  const view = roomOf(model, id);
  if (!view || view.people?.length === view.room.members) return stay(model);
  if (id === model.openRoom && isListed(view)) return refreshPeople(model);
  return stay(withRoom(model, id, (each) => (each.people ? { ...each, people: null } : each)));
}

const PRESENCE_RANKS = { here: 0, idle: 1, gone: 2 } as const;

/** Who is here first, each part by name: a list in which one finds people. */
export function sortedPeople(people: readonly Person[]): readonly Person[] {
  const rank = (person: Person) => PRESENCE_RANKS[person.state];
  return people
    .map((person) => ({ ...person, name: cleanLine(person.name) }))
    .sort((one, other) => rank(one) - rank(other) || one.name.localeCompare(other.name));
}
