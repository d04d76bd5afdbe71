import { Ajv } from 'ajv';

/** What the environment sets. Frozen; no other file reads the environment. */
export interface Config {
  host: string;
  port: number;
  /** Public FHIR base without a trailing slash. */
  baseUrl: string;
  /** PostgreSQL; undefined starts the embedded one in `dataDir`. */
  databaseUrl?: string;
  dataDir: string;
  openAccess: boolean;
  /** Host names, beside loopback and the base's own, that requests may name. */
  allowedHosts: readonly string[];
  /** Origins of browser apps that may read answers; `*` for all. */
  corsOrigins: readonly string[];
  demoPolicy: boolean;
  language: 'en' | 'fr';
  /** Versions of CTCAE that measured values are graded by. */
  ctcaeVersions: readonly ('5.0' | '6.0')[];
  /** Path of the file of reviewed laboratory codes. */
  labCodes?: string;
  /** Path of the file that tells the site's hours, holidays and levels; undefined: as docs/work-items.md says. */
  site?: string;
  logLevel: string;
  /** Most connections of one process to PostgreSQL. */
  connections: number;
  /** Processes of this host that answer requests. */
  workers: number;
}

const boolean = { type: 'string', enum: ['0', '1', 'no', 'yes', 'false', 'true'] };

/** JSON Schema of the environment; the README's table of settings is tested against it. */
export const SETTINGS = {
  HOST: { type: 'string', minLength: 1, default: '127.0.0.1', description: 'Address to listen on' },
  PORT: {
    type: 'integer',
    minimum: 1,
    maximum: 65535,
    default: 8080,
    description: 'TCP port to listen on',
  },
  BASE_URL: {
    type: 'string',
    pattern: '^https?://[^/?#]+(/[^?#]*)?[^/?#]$',
    description: 'Public FHIR base, no trailing slash; default http://HOST:PORT/fhir',
  },
  DATABASE_URL: {
    type: 'string',
    pattern: '^postgres(ql)?://',
    description: 'PostgreSQL 15 or later; unset starts the embedded one in DATA_DIR',
  },
  DATA_DIR: { type: 'string', minLength: 1, default: '.data', description: 'Folder of the embedded PostgreSQL' },
  OPEN_ACCESS: {
    ...boolean,
    default: 'no',
    description: 'yes: listen on an address other than loopback although nobody is asked who they are',
  },
  ALLOWED_HOSTS: {
    type: 'string',
    default: '',
    description: 'Names, separated by commas, that the Host header may have beside loopback and BASE_URL',
  },
  CORS_ORIGINS: {
    type: 'string',
    pattern: '^\\s*(?:\\*|https?://[^\\s,/]+(?:\\s*,\\s*https?://[^\\s,/]+)*)?\\s*$',
    default: '',
    description:
      'Origins, separated by commas, of browser apps that may read answers, as in https://app.example; * for all',
  },
  DEMO_POLICY: { ...boolean, default: '0', description: '1: load the demonstration forms and alert policy at start' },
  FLAG_LANGUAGE: { type: 'string', enum: ['en', 'fr'], default: 'en', description: 'Language of Flag texts' },
  CTCAE_VERSIONS: {
    type: 'string',
    enum: ['5.0', '6.0', '5.0,6.0'],
    default: '5.0',
    description:
      'Versions of CTCAE, separated by commas, that measured values are graded by, side by side; a study may name its own',
  },
  LAB_CODES: {
    type: 'string',
    minLength: 1,
    description:
      'JSON file of laboratory codes that the site has reviewed, each with the LOINC code that it means (docs/measurements.md); unset: LOINC alone',
  },
  SITE: {
    type: 'string',
    minLength: 1,
    description:
      'JSON file of the site: zone, hours of service, holidays, levels, time to respond (docs/work-items.md); unset: weekdays 9 to 17 in Paris, half a day',
  },
  LOG_LEVEL: {
    type: 'string',
    enum: ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'],
    default: 'info',
    description: 'How much is logged',
  },
  DB_CONNECTIONS: {
    type: 'integer',
    minimum: 2,
    maximum: 200,
    default: 10,
    description:
      'Most connections of one process to PostgreSQL at once, two of them for short reads; more than about four per core of the database makes writes slower',
  },
  WORKERS: {
    type: 'integer',
    minimum: 1,
    maximum: 64,
    default: 1,
    description:
      'Processes of this host that answer requests, each with DB_CONNECTIONS of its own (docs/operations.md)',
  },
} as const;

type Setting = keyof typeof SETTINGS;

/** All faults of the environment at once, one line each. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly faults: readonly string[];

  constructor(faults: readonly string[]) {
    super(`The settings cannot be used:\n${faults.map((line) => `  ${line}`).join('\n')}`);
    this.faults = faults;
  }
}

/** Reads the environment. An empty value counts as unset. Throws ConfigError with every fault. */
export function readConfig(env: Readonly<Record<string, string | undefined>>): Config {
  const values: Record<string, unknown> = {};
  for (const name of Object.keys(SETTINGS)) if (env[name]) values[name] = env[name];
  if (env.CTCAE_VERSIONS) values.CTCAE_VERSIONS = inOrder(env.CTCAE_VERSIONS);
  const validate = new Ajv({
    allErrors: true,
    coerceTypes: true,
    useDefaults: true,
    strict: false,
    // SETTINGS is ours: checking it against the meta-schema took a tenth of the start.
    meta: false,
    validateSchema: false,
  }).compile({
    type: 'object',
    properties: SETTINGS,
  });
  const faults = validate(values)
    ? []
    : (validate.errors ?? []).map(({ instancePath, message, params }) => {
        const name = instancePath.slice(1);
        const choices = 'allowedValues' in params ? `: ${params.allowedValues.join(', ')}` : '';
        return `${name} ${message}${choices} (${SETTINGS[name as Setting].description})`;
      });
  const text = (name: Setting) => String(values[name] ?? '');
  const yes = (name: Setting) => /^(1|yes|true)$/.test(text(name));

  const host = text('HOST');
  if (faults.length === 0 && !isLoopback(host) && !yes('OPEN_ACCESS')) {
    faults.push(
      `HOST ${host} is not a loopback address, and nobody is asked who they are yet: ` +
        'set OPEN_ACCESS=yes to let everyone who reaches it read and write all data',
    );
  }
  if (faults.length > 0) throw new ConfigError(faults);

  const port = Number(values.PORT);
  return Object.freeze({
    host,
    port,
    baseUrl:
      values.BASE_URL === undefined
        ? `http://${host.includes(':') ? `[${host}]` : host}:${port}/fhir`
        : text('BASE_URL'),
    ...(values.DATABASE_URL === undefined ? {} : { databaseUrl: text('DATABASE_URL') }),
    dataDir: text('DATA_DIR'),
    openAccess: yes('OPEN_ACCESS'),
    allowedHosts: listOf(text('ALLOWED_HOSTS')),
    corsOrigins: listOf(text('CORS_ORIGINS')),
    demoPolicy: yes('DEMO_POLICY'),
    language: text('FLAG_LANGUAGE') === 'fr' ? 'fr' : 'en',
    ctcaeVersions: Object.freeze(text('CTCAE_VERSIONS').split(',') as ('5.0' | '6.0')[]), // the schema allows no other
    ...(values.LAB_CODES === undefined ? {} : { labCodes: text('LAB_CODES') }),
    ...(values.SITE === undefined ? {} : { site: text('SITE') }),
    logLevel: text('LOG_LEVEL'),
    connections: Number(values.DB_CONNECTIONS),
    workers: Number(values.WORKERS),
  });
}

/** A list as the schema has it, in whichever order and with whichever blanks it was written. */
const inOrder = (text: string): string =>
  text
    .split(',')
    .map((one) => one.trim())
    .sort()
    .join(',');

const listOf = (text: string): readonly string[] =>
  Object.freeze(
    text
      .split(',')
      .map((name) => name.trim().toLowerCase())
      .filter(Boolean),
  );

/** 127.0.0.0/8, ::1 and their usual name. */
export const isLoopback = (host: string): boolean =>
  host === 'localhost' || host === '::1' || /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(host);
