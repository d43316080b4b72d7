// node:sqlite, loaded without the warning that some releases of Node 24 print: a daemon's standard error
// is for its operator. Every other warning goes through.
const emitWarning = process.emitWarning;

process.emitWarning = ((warning: string | Error, ...rest: never[]) => {
  const text = typeof warning === 'string' ? warning : warning.message;
  if (!text.startsWith('SQLite is an experimental feature')) {
    emitWarning.call(process, warning, ...rest);
  }
}) as typeof process.emitWarning;

/** The database of node:sqlite; its types come from `node:sqlite` as usual. */
export const { DatabaseSync } = process.getBuiltinModule('node:sqlite');

process.emitWarning = emitWarning;
