// What two clients of etcd notice of a failover: one puts a value every few milliseconds, at the next server each
// time, so that no answer that does not come holds it up; another one watches.
import { createInterface } from 'node:readline';
import { waitFor } from '../support/wait-for.ts';
import type { Etcd } from './etcd.ts';

/** "A client that retries on the others every 5 ms." */
const PUT_INTERVAL_MS = 5;
const SEEN_MS_MAX = 30_000;
const PREFIX = 'talk/';
/** The key after every key with the prefix. */
const PREFIX_END = 'talk0';

type Put = { sentMs: number; storedMs: number; seenMs: number };

const coded = (text: string) => Buffer.from(text).toString('base64');

export class EtcdTalk {
  private readonly etcd: Etcd;
  /** By the number that is the value. */
  private readonly puts: Put[] = [];
  private timer: NodeJS.Timeout | null = null;
  private unwatch = () => {};

  constructor(etcd: Etcd) {
    this.etcd = etcd;
  }

  /** @param watched the server that the other client watches at */
  async begin(servers: readonly string[], watched: string): Promise<void> {
    await this.watch(watched);
    let turn = 0;
    this.timer = setInterval(() => {
      turn += 1;
      this.put(servers[turn % servers.length] as string);
    }, PUT_INTERVAL_MS);
  }

  private put(server: string): void {
    const put: Put = { sentMs: performance.now(), storedMs: Infinity, seenMs: Infinity };
    const value = coded(String(this.puts.push(put) - 1));
    this.etcd.ask(server, '/v3/kv/put', { key: coded(`${PREFIX}1`), value }).then(
      () => {
        put.storedMs = performance.now();
      },
      () => {}, // the next one is under way
    );
  }

  private async watch(server: string): Promise<void> {
    const range = { key: coded(PREFIX), range_end: coded(PREFIX_END) };
    const response = await this.etcd.open(server, '/v3/watch', { create_request: range });
    response.on('error', () => {}); // closed below
    this.unwatch = () => response.destroy();
    const lines = createInterface({ input: response });
    lines.on('error', () => {});
    lines.on('line', (line) => {
      const { result } = JSON.parse(line) as { result?: { events?: { kv: { value: string } }[] } };
      for (const { kv } of result?.events ?? []) {
        const put = this.puts[Number(Buffer.from(kv.value, 'base64').toString())];
        if (put) put.seenMs = Math.min(put.seenMs, performance.now());
      }
    });
  }

  /** @returns when the first put that was sent after that moment, and acknowledged, was seen */
  async firstSeenAfter(fromMs: number): Promise<number> {
    const first = () => {
      const kept = this.puts.filter(
        ({ sentMs, storedMs }) => sentMs > fromMs && storedMs < Infinity,
      );
      return Math.min(...kept.map(({ seenMs }) => seenMs));
    };
    await waitFor('a put to be stored and seen', () => Number.isFinite(first()), SEEN_MS_MAX);
    return first();
  }

  end(): void {
    if (this.timer) clearInterval(this.timer);
    this.unwatch();
  }
}
