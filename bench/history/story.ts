// What was said in a history that is made up: the same for the same number, so that whoever asks for it knows what to
// ask for.
import { accountIdOf, postIdOf, roomIdOf } from '../../lib/ids.ts';

export const ROOMS = 1_000;
/** Of the directory that is filled. */
export const INCARNATION = '00000000000000aa';

/** Of whoever said it all. */
export const SESSION = 'storyteller1';

/** When it began, and how far two posts lie apart. */
const BEGIN_MS = Date.UTC(2024, 0, 1);
const STEP_MS = 5;

const WORDS = 20_000;
const WORDS_PER_POST = 16;

export const accountOf = accountIdOf;

/** The id of a request of the one who said it all. */
export function requestOf(account: string, number: number): string {
  return postIdOf(`${account}.${SESSION}`, number);
}

/** The id of a room, by the number of the request that made it. */
export function roomOf(account: string, room: number): string {
  return roomIdOf(requestOf(account, room + 1));
}

export function postTimeMs(post: number): number {
  return BEGIN_MS + post * STEP_MS;
}

/** A word by its rank: the lower, the oftener it is said. */
export function word(rank: number): string {
  return `w${rank.toString(36)}`;
}

/** Numbers that look drawn: a step of Knuth's multiplicative hash. */
function mixed(number: number): number {
  return Math.imul(number, 2_654_435_761) >>> 0;
}

/** Words of which few are common and most are rare, about 100 bytes together. */
export function postText(post: number): string {
  const words = Array.from({ length: WORDS_PER_POST }, (_, place) => {
    const share = mixed(post * WORDS_PER_POST + place + 1) / 2 ** 32;
    return word(Math.floor(WORDS * share ** 3));
  });
  return words.join(' ');
}
