// What Node is told for a daemon before it starts.

/**
 * Malloc (glibc's) keeps a heap for each thread, and those of V8's compilers lie idle after a minute. The young generation
 * begins as V8 has it (daemon/memory.ts bounds it later): held to 4 MB a half from the start, a SIGTERM of the
 * leader took 28 ms instead of 20.
 */
export const DAEMON_NODE_ENV = { MALLOC_ARENA_MAX: '1' } as const;
