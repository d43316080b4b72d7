// Sizes that both ends of the client protocol must agree on. Each says where its number comes from.

/** Spoken by this version; named in the first message of either side. */
export const PROTOCOL_VERSION = 1;

/** Longest text of one post, in UTF-16 code units: a screenful and a half of prose, 4k on the counter. */
export const TEXT_CHARS_MAX = 4000;

/**
 * Longest line a client may send, in bytes. A text of TEXT_CHARS_MAX takes 24,000 when every unit is
 * escaped as \uXXXX; the rest of a frame needs under 1,000. Rounded up to a power of two.
 */
export const CLIENT_FRAME_BYTES_MAX = 32_768;

/** Longest line a server sends, in bytes: a page of PAGE_POSTS_MAX posts of the longest text, rounded up. */
export const SERVER_FRAME_BYTES_MAX = 8 * 1024 * 1024;

/** Most posts in one page of history: several screens, and well under a frame. */
export const PAGE_POSTS_MAX = 200;

/** Posts that are counted as not read at most: more is shown as this many and a plus. */
export const UNREAD_COUNTED_MAX = 100;

/** Most posts in one answer to a search: several screens of them. */
export const FOUND_POSTS_MAX = 100;

/** Longest text that is searched for, in code units. */
export const SEARCH_CHARS_MAX = 200;

/** Longest name of a user, in code units: fits the name column of a narrow screen twice. */
export const USER_NAME_CHARS_MAX = 24;

/** Longest name of a room, without the `#`. */
export const ROOM_NAME_CHARS_MAX = 32;

/** Longest topic of a room: one line of a wide terminal, twice. */
export const TOPIC_CHARS_MAX = 250;

/** Different emoji under one post: more than fit below it on any screen. */
export const REACTIONS_MAX = 20;

/** Accounts named with a reaction; of more only the number is told, so that a page of them stays in its frame. */
export const REACTION_ACCOUNTS_MAX = 20;

/** Of a post that is answered, what is quoted, in code units: one line of a wide terminal. */
export const QUOTE_CHARS_MAX = 120;

/** Numbered requests of one session under way at once; more wait in the client's outbox. */
export const REQUESTS_IN_FLIGHT_MAX = 256;

/**
 * From more connections on in a room, or signed in, a server tells numbers and not each one who comes and goes: more
 * names than anybody follows on a screen.
 */
export const CROWD_MIN = 500;
