// What an operator's command shows a server to prove that it knows the cluster secret: a code over the command
// and the time, which is of no use a minute later or for anything else.
import { createHmac, timingSafeEqual } from 'node:crypto';

/** How far the two clocks may be apart, and how long a seal could be used again: milliseconds. */
const AGE_MS_MAX = 60_000;

/** @param secret the cluster secret; null on a cluster without one, which serves loopback only */
function codeOf(secret: Uint8Array | null, command: string, wallMs: number): Buffer {
  return createHmac('sha256', secret ?? new Uint8Array())
    .update(`syncnet operator\n${wallMs}\n${command}`)
    .digest();
}

/** @returns value of the header `authorization` */
export function sealOperator(secret: Uint8Array | null, command: string, wallMs: number): string {
  return `SyncNet ${wallMs}.${codeOf(secret, command, wallMs).toString('hex')}`;
}

/** Why a command is not to be carried out; null when it is. Never throws. */
export function operatorProblem(
  secret: Uint8Array | null,
  given: { command: string; seal: string | undefined; wallMs: number },
): string | null {
  const match = /^SyncNet (\d{1,15})\.([0-9a-f]{64})$/.exec(given.seal ?? '');
  if (!match) return 'expected an authorization with the cluster secret';
  const sealedMs = Number(match[1]);
  const code = Buffer.from(match[2] ?? '', 'hex');
  if (!timingSafeEqual(code, codeOf(secret, given.command, sealedMs)))
    return 'the cluster secret is another one';
  const ageMs = Math.abs(given.wallMs - sealedMs);
  if (ageMs <= AGE_MS_MAX) return null;
  return `the clocks are ${Math.round(ageMs / 1_000)} s apart, expected at most ${AGE_MS_MAX / 1_000} s`;
}
