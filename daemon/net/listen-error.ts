// A port that cannot be listened on, in words that say what to do.
const ADVICE: Readonly<Record<string, string>> = {
  EADDRINUSE: 'something else listens there already: stop it, or choose another port',
  EACCES: 'this user may not listen there: choose a port from 1024 on',
  EADDRNOTAVAIL: 'this machine has no such address: choose another host to bind',
};

/** `code` is the system's: EADDRINUSE, EACCES, EADDRNOTAVAIL. */
export class ListenError extends Error {
  override name = 'ListenError';
  readonly code: string;
  readonly address: string;
  /** @param purpose whose address it is: `clients`, `peers`, `heartbeats`, `HTTP` */
  constructor(purpose: string, address: string, cause: unknown) {
    const code = (cause as { code?: string }).code ?? 'unknown';
    super(`${address} (${purpose}): ${ADVICE[code] ?? String(cause)}`, { cause });
    this.code = code;
    this.address = address;
  }
}
