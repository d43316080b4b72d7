// Preloaded into a process that runs a mutant: what it loads of the product has the mistake in it.
import { readFileSync } from 'node:fs';
import { registerHooks, stripTypeScriptTypes } from 'node:module';
import { fileURLToPath } from 'node:url';
import { MUTANTS } from './mutants.ts';

const ROOT = new URL('../../', import.meta.url);
const mutant = MUTANTS.find(({ name }) => name === process.env.SYNCNET_MUTANT);
if (!mutant) throw new Error(`no mutant ${process.env.SYNCNET_MUTANT}`);
const { file, edits, alsoIn } = mutant;
const editsOf = new Map([[file, edits], ...(alsoIn ? [[alsoIn.file, alsoIn.edits] as const] : [])]);
const byUrl = new Map([...editsOf].map(([name, list]) => [new URL(name, ROOT).href, list]));

registerHooks({
  load: (url, context, nextLoad) => {
    const due = byUrl.get(url);
    if (!due) return nextLoad(url, context);
    let source = readFileSync(fileURLToPath(url), 'utf8');
    for (const [find, replace] of due) {
      const count = source.split(find).length - 1;
      if (count !== 1) throw new Error(`${url} has ${count} times: ${find}`);
      source = source.replace(find, () => replace);
    }
    return { format: 'module', source: stripTypeScriptTypes(source), shortCircuit: true };
  },
});
