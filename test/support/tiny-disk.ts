// A disk of a few megabytes that a test can fill: a tmpfs in a mount namespace of its own, so that
// the machine sees nothing of it and nothing is left to unmount, however the test ends. It needs Linux, and
// either root or user namespaces that the machine allows.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir } from 'node:fs/promises';
import { execa } from 'execa';

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

  /** Writes a file that leaves so many bytes. */
  async fillUpTo(freeBytes: number): Promise<void> {
    const words = ['df', '--output=avail', '--block-size=1', this.directory];
    const available = Number((await this.inside(...words)).split('\n')[1]);
    const size = String(Math.max(0, available - freeBytes));
    await this.inside('fallocate', '--length', size, `${this.directory}/filler`);
  }

  /** Takes away what `fillUpTo` wrote. */
  async free(): Promise<void> {
    await this.inside('rm', `${this.directory}/filler`);
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
