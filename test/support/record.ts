// docs/RELIABILITY.md states figures; they are put there by the runs that found them, between marks that a
// reader of the rendered page does not see.
import { readFileSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';

const PAGE = new URL('../../docs/RELIABILITY.md', import.meta.url);

/** What the figures were found on, and when. */
export function machineText(nowMs: number): string {
  const model = cpus()[0]?.model.trim() ?? 'unknown processor';
  const day = new Date(nowMs).toISOString().slice(0, 10);
  return `${cpus().length} cores of ${model}, Node ${process.versions.node}, ${day}`;
}

/**
 * Replaces what stands between `<!-- name -->` and `<!-- /name -->`.
 * @throws Error when the text does not have both, once
 */
export function withFigures(text: string, name: string, figures: string): string {
  const [before, within, ...rest] = text.split(`<!-- ${name} -->`);
  const [, after, ...others] = within?.split(`<!-- /${name} -->`) ?? [];
  if (before === undefined || after === undefined || rest.length + others.length > 0) {
    throw new Error(`the page has no place for the figures of ${name}, or several`);
  }
  return `${before}<!-- ${name} -->${figures}<!-- /${name} -->${after}`;
}

/** Puts the figures of a run into the page. */
export function record(name: string, figures: string): void {
  writeFileSync(PAGE, withFigures(readFileSync(PAGE, 'utf8'), name, figures));
}
