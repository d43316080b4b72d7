// A disk of a few megabytes that a test can fill: a tmpfs in a mount namespace of its own, so that
// the machine sees nothing of it and nothing is left to unmount, however the test ends. It needs Linux, and
// either root or user namespaces that the machine allows.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir } from 'node:fs/promises';
import { execa } from 'execa';

/** More than anyone writes between a look at what is free and its being taken, on a machine that is busy. */
const MARGIN_BYTES = 8 * 1024 * 1024;

/**
 * All but the margin at once, and then up to the bytes wanted, page by page: whoever asks for more at once than there
 * is gets nothing of it, and everyone else finds a full disk for a moment.
 */
const FILL = `
  free() { df --output=avail --block-size=1 "$0" | tail -n 1; }
  fallocate --length $(($(free) - $1)) "$0/filler-most" &&
  { dd if=/dev/zero of="$0/filler-rest" bs=4096 count=$((($(free) - $2) / 4096)) 2>/dev/null || true; }
`;

export class TinyDisk {
  private readonly holder: ReturnType<typeof spawn>;
  private readonly directory: string;
  /** Put before a command, this runs it where the disk is. */
  readonly entrance: readonly string[];

  private constructor(holder: ReturnType<typeof spawn>, directory: string) {
    this.holder = holder;
    this.directory = directory;
    const asUser = isRoot() ? [] : ['--user', '--preserve-credentials'];
    this.entrance = ['nsenter', '--target', String(holder.pid), ...asUser, '--mount', '--'];
  }

  /** A disk of so many bytes in place of a directory. @throws Error when this machine does not allow it */
  static async mount(directory: string, bytes: number): Promise<TinyDisk> {
    await mkdir(directory, { recursive: true });
    const asUser = isRoot() ? [] : ['--user', '--map-root-user'];
    // The namespace lasts for as long as its processes: this one ends when the test does, with the pipe.
    const script = `mount -t tmpfs -o size=${bytes} tmpfs "$0" && echo mounted && exec cat`;
    const words = [...asUser, '--mount', 'sh', '-c', script, directory];
    const holder = spawn('unshare', words, { stdio: ['pipe', 'pipe', 'pipe'] });
    let problem = '';
    holder.stderr.on('data', (text: Buffer) => {
      problem += text;
    });
    const failed = once(holder, 'exit').then(() => {
      throw new Error(`no tmpfs: it takes root, or user namespaces; ${problem}`);
    });
    await Promise.race([once(holder.stdout, 'data'), failed]);
    failed.catch(() => {}); // its end, later on, is no failure
    return new TinyDisk(holder, directory);
  }

  private async inside(...words: readonly string[]): Promise<string> {
    const [file = '', ...rest] = [...this.entrance, ...words];
    return (await execa(file, rest)).stdout;
  }

  /** Writes files that leave so many bytes, or fewer where others write meanwhile. */
  async fillUpTo(freeBytes: number): Promise<void> {
    await this.inside('sh', '-c', FILL, this.directory, String(MARGIN_BYTES), String(freeBytes));
  }

  /** Takes away what `fillUpTo` wrote. */
  async free(): Promise<void> {
    const files = ['filler-most', 'filler-rest'].map((file) => `${this.directory}/${file}`);
    await this.inside('rm', ...files);
  }

  async close(): Promise<void> {
    const ended = once(this.holder, 'exit');
    this.holder.stdin?.end();
    await ended;
  }
}

function isRoot(): boolean {
  return process.getuid?.() === 0;
}
