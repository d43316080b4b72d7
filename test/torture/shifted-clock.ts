// Loaded into a daemon before its own code: shifts its wall clock by the milliseconds in a file, read at the
// start and again at each SIGUSR2. Only what the wall clock says is moved, as when an operator or an NTP
// server sets it; monotonic time, and with it every timer, goes on.
import { readFileSync } from 'node:fs';

const path = process.env.SYNCNET_TORTURE_CLOCK ?? '';
const realNow = Date.now;
let offsetMs = 0;

function read(): void {
  try {
    offsetMs = Number(readFileSync(path, 'utf8')) || 0;
  } catch {
    offsetMs = 0; // no file: the true time
  }
}

read();
process.on('SIGUSR2', read);
Date.now = () => realNow() + offsetMs;
