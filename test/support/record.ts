// docs/RELIABILITY.md and docs/PERFORMANCE.md state figures; they are put there by the runs that found them, between
// marks that a reader of the rendered page does not see.
import { readFileSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';

const PAGES = new URL('../../docs/', import.meta.url);

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

/** Puts the figures of a run into a page of docs. */
export function record(name: string, figures: string, page = 'RELIABILITY.md'): void {
  const file = new URL(page, PAGES);
  writeFileSync(file, withFigures(readFileSync(file, 'utf8'), name, figures));
}
