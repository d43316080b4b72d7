// From a client's line to a message, or to a refusal that says what is wrong with it, where, what was
// expected and what was got. Nothing that a client can write makes this throw.

import {
  isPostText,
  isQueryNumber,
  isRequestNumber,
  isRoomId,
  QueryNumber,
  RequestNumber,
} from '../../lib/protocol/fields.ts';
import { REFUSALS, type RefusalCode } from '../../lib/protocol/refusals.ts';
import {
  type ClientMessage,
  NumberedRequest,
  Prove,
  Query,
  Signal,
  SignIn,
} from '../../lib/protocol/requests.ts';

/** What a line asks for, or why it is refused; `number` or `query` of its request, when it could be read. */
export type ParsedLine =
  | Readonly<{ message: ClientMessage }>
  | Readonly<{ code: RefusalCode; reason: string; number?: number; query?: number }>;

/** Longest piece of a client's own words in a reason, in UTF-16 units: enough to recognise it. */
const GOT_CHARS_MAX = 40;

/** Problems named in one reason; a line may have hundreds. */
const PROBLEMS_MAX = 3;

const SCHEMAS = [SignIn, Prove, ...NumberedRequest.options, ...Query.options, ...Signal.options];

/** The schema of each type: parsing by it directly is cheaper than by the union. */
const SCHEMA_BY_TYPE: ReadonlyMap<string, (typeof SCHEMAS)[number]> = new Map(
  SCHEMAS.map((schema) => [schema.shape.type.value, schema]),
);

/** Fields of a sign-in whose refusal has a code of its own. */
const SIGN_IN_CODES: Readonly<Record<string, RefusalCode>> = {
  protocol: 'unsupported-protocol',
  name: 'bad-name',
};

type Fields = Readonly<Record<string, unknown>>;

/** Reads one line of a client. Throws nothing. */
export function parseLine(line: string): ParsedLine {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return badFrame(`expected one JSON object a line, got ${shorten(line)}`);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return badFrame(`expected a JSON object, got ${got(value)}`);
  return parseFields(value as Fields);
}

function badFrame(reason: string): ParsedLine {
  return { code: 'bad-frame', reason };
}

/**
 * The two commonest messages, a post without extras and a ping, read without a schema: some twenty times faster.
 * @returns null for whatever the schemas are to judge; anything else is what they would give
 */
export function plainMessage(fields: Fields): ClientMessage | null {
  const { type, number, lowest, room, text, query } = fields;
  const count = Object.keys(fields).length;
  if (type === 'post' && count === 5) {
    const isPost = isRequestNumber(number) && isRequestNumber(lowest) && isRoomId(room);
    return isPost && isPostText(text) ? (fields as ClientMessage) : null;
  }
  return type === 'ping' && count === 2 && isQueryNumber(query) ? (fields as ClientMessage) : null;
}

function parseFields(fields: Fields): ParsedLine {
  const plain = plainMessage(fields);
  if (plain) return { message: plain };
  const { type } = fields;
  const schema = typeof type === 'string' ? SCHEMA_BY_TYPE.get(type) : undefined;
  if (!schema) {
    const expected = [...SCHEMA_BY_TYPE.keys()].join(', ');
    return refusal(fields, 'bad-request', `type: expected one of ${expected}, got ${got(type)}`);
  }
  const parsed = schema.safeParse(fields);
  if (parsed.success) return { message: parsed.data };
  const { issues } = parsed.error;
  const named = issues.slice(0, PROBLEMS_MAX).map((issue) => {
    const path = issue.path.map(String);
    return `${path.join('.') || 'the object'}: ${issue.message}, got ${gotAt(fields, path)}`;
  });
  const more = issues.length > PROBLEMS_MAX ? `; and ${issues.length - PROBLEMS_MAX} more` : '';
  const field = String(issues[0]?.path[0] ?? '');
  const code = (type === 'signIn' && SIGN_IN_CODES[field]) || 'bad-request';
  return refusal(fields, code, named.join('; ') + more);
}

/** Says which request is refused, so that the client can tell it from its others. */
function refusal(fields: Fields, code: RefusalCode, detail: string): ParsedLine {
  const number = RequestNumber.safeParse(fields.number).data;
  const query = QueryNumber.safeParse(fields.query).data;
  const reason = `${REFUSALS[code]}: ${detail}`;
  if (number !== undefined) return { code, reason, number };
  return query === undefined ? { code, reason } : { code, reason, query };
}

function gotAt(fields: Fields, path: readonly string[]): string {
  const [first] = path;
  if (first === undefined) return `an object with ${shorten(Object.keys(fields).join(', '))}`;
  return Object.hasOwn(fields, first) ? got(fields[first]) : 'nothing';
}

/** A value in a few words. Never serialises an object: one nested 16,000 deep would overflow the stack. */
function got(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (typeof value === 'string') return shorten(JSON.stringify(value));
  if (Array.isArray(value)) return `an array of ${value.length}`;
  return typeof value === 'object' && value !== null ? 'an object' : String(value);
}

function shorten(text: string): string {
  const safe = JSON.stringify(text).slice(1, -1).replaceAll('\\"', '"');
  return safe.length <= GOT_CHARS_MAX ? safe : `${safe.slice(0, GOT_CHARS_MAX).toWellFormed()}…`;
}
