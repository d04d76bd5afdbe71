import { dateInterval, type Interval } from './dates.ts';
import { badRequest } from './errors.ts';
import { openCursor, sealCursor } from './query/cursor.ts';
import { DEFAULT_COUNT, MAX_COUNT } from './query.ts';

/** What a history is asked for. */
export interface HistoryQuery {
  count: number;
  /** Unix milliseconds. */
  since?: number;
  at?: Interval;
  /** The position that a link holds, sealed. */
  cursor?: string;
  /** Name and value of each parameter that was used, without the cursor. */
  used: readonly (readonly [string, string])[];
  /** Names that were not understood. */
  unknown: readonly string[];
}

/** The place of a version in the order of histories: by time, then type, id and version, the highest first. */
export interface HistoryKey {
  /** Unix milliseconds. */
  at: number;
  type: string;
  id: string;
  version: number;
}

/** Parameters that any request may have, and that are read elsewhere. */
const GENERAL = new Set(['_format', '_pretty', '_summary', '_elements']);

/**
 * The parameters of a history. `_since`: versions of that moment or later. `_at`: versions that were current at some time within the
 * date, by its precision. Throws 400 for values that cannot be read. Source: FHIR R4, section 3.1.0.13 (history).
 */
export function parseHistory(params: URLSearchParams): HistoryQuery {
  const query: HistoryQuery & { used: [string, string][]; unknown: string[] } = {
    count: DEFAULT_COUNT,
    used: [],
    unknown: [],
  };
  const seen = new Set<string>();
  for (const [name, value] of params) {
    if (value === '') continue;
    if (['_count', '_since', '_at', '_cursor'].includes(name) && seen.has(name))
      throw badRequest(`${name} came more than once`);
    seen.add(name);
    if (name === '_count') query.count = Math.min(whole(value), MAX_COUNT);
    else if (name === '_since') query.since = moment(name, value).start;
    else if (name === '_at') query.at = moment(name, value);
    else if (name === '_cursor') query.cursor = value;
    else if (!GENERAL.has(name)) query.unknown.push(/^[A-Za-z_][\w:.-]{0,63}$/.test(name) ? name : '(unnamed)');
    if (['_count', '_since', '_at', '_summary', '_elements'].includes(name)) query.used.push([name, value]);
  }
  return query;
}

/** A key as it stands in links: it continues this history (`asked`: its path and parameters) and no other. */
export const sealHistoryKey = (key: Buffer, asked: string, { at, type, id, version }: HistoryKey): string =>
  sealCursor(key, asked, { values: [String(at), type, String(version)], id });

/** The key that a link of ours holds. Throws 400 for any other text. */
export function openHistoryKey(key: Buffer, asked: string, text: string): HistoryKey {
  const { values, id } = openCursor(key, asked, text);
  const [at, type, version] = values;
  return { at: Number(at), type: type ?? '', id, version: Number(version) };
}

function whole(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw badRequest('_count: expected a whole number');
  return Number(text);
}

function moment(name: string, value: string): Interval {
  // A plus sign in a query is a space unless it is written %2B; here it can only be the sign of a zone.
  const interval = dateInterval(value.replace(/ (?=\d\d:\d\d$)/, '+'));
  if (!interval) throw badRequest(`${name}: expected a date or an instant, as in 2026-11-21T10:00:00Z`);
  return interval;
}
