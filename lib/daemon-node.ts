// How Node is started for a daemon: so that its memory stays near what is in use. It has to be told before it starts.

/**
 * V8's young generation, MiB for each half: by itself it grows to 16, and keeps them. 5,000 clients that had come at once
 * and sat still were 66 MB of it, all empty.
 */
export const DAEMON_NODE_FLAGS = ['--max-semi-space-size=4'] as const;

/** Malloc (glibc's) keeps a heap for each thread, and those of V8's compilers lie idle after a minute. */
export const DAEMON_NODE_ENV = { MALLOC_ARENA_MAX: '1' } as const;
