// The settings of one daemon that are single values, from flags and environment: flag beats environment
// beats default. Each passes its schema, and one that is wrong hides no other.
import * as z from 'zod';
import { CLIENT_PORT_BASE, ClusterServer } from '../lib/cluster-file.ts';
import { ServerId } from '../lib/protocol/fields.ts';
import { LOG_FORMATS, LOG_LEVELS } from './ops/logger.ts';

/** Each setting's environment variable; its flag is the name in kebab case. */
export const VARIABLES = {
  id: 'SYNCNET_ID',
  config: 'SYNCNET_CONFIG',
  data: 'SYNCNET_DATA',
  bind: 'SYNCNET_BIND',
  advertise: 'SYNCNET_ADVERTISE',
  secretFile: 'SYNCNET_SECRET_FILE',
  minCopies: 'SYNCNET_MIN_COPIES',
  retention: 'SYNCNET_RETENTION',
  forgetAfter: 'SYNCNET_FORGET_AFTER',
  portBase: 'SYNCNET_PORT_BASE',
  ringPosition: 'SYNCNET_RING_POSITION',
  clientPort: 'SYNCNET_CLIENT_PORT',
  peerPort: 'SYNCNET_PEER_PORT',
  heartbeatPort: 'SYNCNET_HEARTBEAT_PORT',
  httpPort: 'SYNCNET_HTTP_PORT',
  logLevel: 'SYNCNET_LOG_LEVEL',
  logFormat: 'SYNCNET_LOG_FORMAT',
  scrubRate: 'SYNCNET_SCRUB_RATE',
  exitWithParent: 'SYNCNET_EXIT_WITH_PARENT',
} as const;
type Setting = keyof typeof VARIABLES;

const wholeNumber = (max: number) =>
  z
    .string()
    .regex(/^\d{1,15}$/, `expected a whole number from 1 to ${max}`)
    .transform(Number)
    .refine((value) => value >= 1 && value <= max, `expected a whole number from 1 to ${max}`);
const Port = wholeNumber(65_535);
const Text = z.string().min(1);

/** Milliseconds in each unit of a duration. */
const UNITS: Readonly<Record<string, number>> = {
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};
const DURATION_TEXT = 'expected a duration such as 90d, 12h or 30m';

/** `90d`, `12h`, `30m`, `45s`, as milliseconds. */
const Duration = z
  .string()
  .regex(/^[1-9]\d{0,5}[smhd]$/, DURATION_TEXT)
  .transform((text) => Number(text.slice(0, -1)) * (UNITS[text.slice(-1)] ?? 0));

/** The highest base whose HTTP ports, 30 to 32 above it, are still ports. */
const PORT_BASE_MAX = 65_503;

/** As many servers as a cluster file may name. */
const SERVERS_MAX = 32;

/** More than a disk gives one by one. */
const SCRUB_RATE_MAX = 100_000;

const Settings = z.object({
  id: ServerId,
  config: Text.optional(),
  data: Text.optional(),
  bind: Text.optional(),
  advertise: ClusterServer.shape.advertise,
  secretFile: Text.optional(),
  minCopies: wholeNumber(SERVERS_MAX).default(1),
  retention: z
    .union([z.literal('forever').transform(() => null), Duration], {
      error: 'expected forever, or a duration such as 90d, 12h or 30m',
    })
    .default(null),
  forgetAfter: Duration.default(7 * 86_400_000),
  portBase: wholeNumber(PORT_BASE_MAX).default(CLIENT_PORT_BASE),
  ringPosition: wholeNumber(1_000_000).optional(),
  clientPort: Port.optional(),
  peerPort: Port.optional(),
  heartbeatPort: Port.optional(),
  httpPort: Port.optional(),
  logLevel: z.enum(LOG_LEVELS).default('info'),
  logFormat: z.enum(LOG_FORMATS).default('auto'),
  scrubRate: wholeNumber(SCRUB_RATE_MAX).default(500),
  exitWithParent: z.stringbool({ error: 'expected true or false' }).default(false),
});
const SettingsWithoutId = Settings.partial({ id: true });

export type ReadSettings = Readonly<{
  /** Defaults in place of what was not given, or was wrong; no id when that was. */
  settings: z.infer<typeof SettingsWithoutId>;
  problems: readonly string[];
  /** What the value came from: `--min-copies` or `SYNCNET_MIN_COPIES`; null when it is the default. */
  sourceOf(setting: Setting): string | null;
}>;

export function readSettings(
  flags: Readonly<Record<string, string>>,
  env: Readonly<Record<string, string | undefined>>,
): ReadSettings {
  const given: Partial<Record<Setting, string>> = {};
  const sources = new Map<Setting, string>();
  for (const [setting, variable] of Object.entries(VARIABLES) as [Setting, string][]) {
    const value = flags[setting] ?? env[variable];
    // A variable that is set to nothing is not set: Compose files pass them on like that.
    if (value === undefined || (value === '' && !(setting in flags))) continue;
    given[setting] = value;
    sources.set(setting, setting in flags ? flagName(setting) : variable);
  }
  const unknown = Object.keys(flags).filter((flag) => !(flag in VARIABLES));
  const problems = unknown.map((flag) => `${flagName(flag)}: there is no such option; see --help`);
  for (const issue of Settings.safeParse(given).error?.issues ?? []) {
    const setting = issue.path[0] as Setting;
    problems.push(problemWith(setting, issue.message, { given, sources }));
    delete given[setting];
  }
  return {
    settings: SettingsWithoutId.parse(given),
    problems: [...new Set(problems)],
    sourceOf: (setting) => sources.get(setting) ?? null,
  };
}

function problemWith(
  setting: Setting,
  message: string,
  from: { given: Partial<Record<Setting, string>>; sources: Map<Setting, string> },
): string {
  const value = from.given[setting];
  const where = from.sources.get(setting) ?? `${flagName(setting)} (or ${VARIABLES[setting]})`;
  return `${where}: ${expectation(message)}, got ${value === undefined ? 'nothing' : JSON.stringify(value)}`;
}

/** `--min-copies` for `minCopies`, `-x` for `x`. */
function flagName(setting: string): string {
  if (setting.length === 1) return `-${setting}`;
  return `--${setting.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

/** zod's message without its preamble and without what was received, which is shown as it was written. */
export function expectation(message: string): string {
  const bare = message.replace(/^[A-Z][a-z ]+: (?=expected )/, '').replace(/, received .*$/, '');
  return bare.startsWith('expected ') ? bare : `expected ${bare}`;
}
