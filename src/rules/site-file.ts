import { DEFAULT_SITE, type Level, type RespondWithin, type ServiceHours, type Site } from './site.ts';

/**
 * The site of a settings file's JSON text. What it leaves out is as with `DEFAULT_SITE`; where it has service hours of its own and does not say
 * within which time work is answered, that is half a working day: half of the mean service of its days. Throws SiteError with every fault.
 */
export function readSite(text: string): Site {
  const faults: string[] = [];
  const site = siteOf(text, faults);
  if (!site || faults.length > 0) throw new SiteError(faults);
  return site;
}

/** All faults of a site file at once, one line each. */
export class SiteError extends Error {
  override readonly name = 'SiteError';
  readonly faults: readonly string[];

  constructor(faults: readonly string[]) {
    super(`The site file cannot be used:\n${faults.map((line) => `  ${line}`).join('\n')}`);
    this.faults = faults;
  }
}

type Fault = (path: string, expected: string) => undefined;

function siteOf(text: string, faults: string[]): Site | undefined {
  const fault: Fault = (path, expected) => void faults.push(`${path}: expected ${expected}`);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return fault('file', 'JSON');
  }
  if (!isObject(value)) return fault('file', 'a JSON object');
  for (const name of Object.keys(value)) {
    if (!NAMES.includes(name)) fault(name, `one of the properties ${NAMES.join(', ')}`);
  }
  const service = value.service === undefined ? DEFAULT_SITE.service : serviceOf(value.service, fault);
  return {
    timeZone: value.timeZone === undefined ? DEFAULT_SITE.timeZone : zoneOf(value.timeZone, fault),
    service,
    holidays: value.holidays === undefined ? DEFAULT_SITE.holidays : holidaysOf(value.holidays, fault),
    closed: value.closed === undefined ? DEFAULT_SITE.closed : closedOf(value.closed, fault),
    levels: value.levels === undefined ? DEFAULT_SITE.levels : levelsOf(value.levels, fault),
    respondWithin: value.respondWithin === undefined ? halfADay(service) : respondOf(value.respondWithin, fault),
  };
}

const NAMES: readonly string[] = ['timeZone', 'service', 'holidays', 'closed', 'levels', 'respondWithin'];

function zoneOf(value: unknown, fault: Fault): string {
  if (typeof value === 'string' && isZone(value)) return value;
  fault('timeZone', 'the IANA name of a time zone, as Europe/Paris');
  return DEFAULT_SITE.timeZone;
}

function isZone(name: string): boolean {
  // Offsets know no summer time: a hospital's clock does.
  if (!/^[A-Za-z]/.test(name)) return false;
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch {
    return false;
  }
}

function serviceOf(value: unknown, fault: Fault): readonly ServiceHours[] {
  if (!Array.isArray(value) || value.length === 0) {
    fault('service', 'a list of at least one {days, from, to}');
    return [];
  }
  const hours = value.flatMap((one: unknown, index): ServiceHours[] => {
    const at = `service[${index}]`;
    if (!isObject(one)) return fault(at, '{days, from, to}') ?? [];
    onlyNames(one, ['days', 'from', 'to'], at, fault);
    const { days, from, to } = one;
    const isDays =
      Array.isArray(days) && days.length > 0 && days.every(isWeekday) && new Set(days).size === days.length;
    if (!isDays) fault(`${at}.days`, 'distinct days from 1 (Monday) to 7 (Sunday), at least one');
    if (!isTime(from)) fault(`${at}.from`, 'a time HH:MM from 00:00 to 23:59');
    if (!isTime(to) && to !== '24:00') fault(`${at}.to`, 'a time HH:MM from 00:01 to 24:00');
    if (!isDays || !isTime(from) || (!isTime(to) && to !== '24:00')) return [];
    if (from >= to) return fault(`${at}.to`, 'a time later than from; service over midnight is two rows') ?? [];
    return [{ days: days.filter(isWeekday), from, to }];
  });
  if (hours.length === value.length && weekly(hours) < 60) fault('service', 'at least an hour in the week');
  return hours;
}

const isWeekday = (value: unknown): value is number =>
  typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= 7;

const isTime = (value: unknown): value is string =>
  typeof value === 'string' && /^(?:[01]\d|2[0-3]):[0-5]\d$/.test(value);

function holidaysOf(value: unknown, fault: Fault): Site['holidays'] {
  if (value === 'FR' || value === 'none') return value;
  fault('holidays', 'FR or none');
  return 'none';
}

function closedOf(value: unknown, fault: Fault): readonly string[] {
  if (!Array.isArray(value)) {
    fault('closed', 'a list of days YYYY-MM-DD');
    return [];
  }
  return value.flatMap((day: unknown, index): string[] => {
    if (typeof day === 'string' && isDay(day)) return [day];
    return fault(`closed[${index}]`, 'a day YYYY-MM-DD') ?? [];
  });
}

function isDay(text: string): boolean {
  if (!/^\d{4}-\d\d-\d\d$/.test(text)) return false;
  const at = Date.parse(`${text}T00:00:00Z`);
  return !Number.isNaN(at) && new Date(at).toISOString().startsWith(text);
}

function levelsOf(value: unknown, fault: Fault): readonly Level[] {
  if (!Array.isArray(value) || value.length === 0) {
    fault('levels', 'a list of at least one {code, display}');
    return [];
  }
  const levels = value.flatMap((one: unknown, index): Level[] => {
    const at = `levels[${index}]`;
    if (!isObject(one)) return fault(at, '{code, display}') ?? [];
    onlyNames(one, ['code', 'display'], at, fault);
    const { code, display } = one;
    const isCode = typeof code === 'string' && /^[a-z][a-z0-9-]{0,31}$/.test(code);
    if (!isCode) fault(`${at}.code`, 'lower-case letters, digits and hyphens, at most 32, a letter first');
    const isText = typeof display === 'string' && display.trim() !== '' && display.length <= 100;
    if (!isText) fault(`${at}.display`, 'a text of at most 100 characters');
    return isCode && isText ? [{ code, display }] : [];
  });
  if (new Set(levels.map(({ code }) => code)).size < levels.length) fault('levels', 'a code of its own for each');
  return levels;
}

function respondOf(value: unknown, fault: Fault): RespondWithin {
  if (!isObject(value)) return fault('respondWithin', '{hours, clock}') ?? DEFAULT_SITE.respondWithin;
  onlyNames(value, ['hours', 'clock'], 'respondWithin', fault);
  const { hours, clock = 'service' } = value;
  const isHours = typeof hours === 'number' && hours > 0 && hours <= MOST_HOURS;
  if (!isHours) fault('respondWithin.hours', `a number above 0, at most ${MOST_HOURS}`);
  if (clock !== 'service' && clock !== 'always') fault('respondWithin.clock', 'service or always');
  return isHours && (clock === 'service' || clock === 'always') ? { hours, clock } : DEFAULT_SITE.respondWithin;
}

/** The longest time to respond. */
export const MOST_HOURS = 200;

function onlyNames(value: object, names: readonly string[], at: string, fault: Fault): void {
  for (const name of Object.keys(value)) {
    if (!names.includes(name)) fault(`${at}.${name}`, `one of the properties ${names.join(', ')}`);
  }
}

function halfADay(service: readonly ServiceHours[]): RespondWithin {
  const days = new Set(service.flatMap(({ days }) => days)).size;
  return days === 0 ? DEFAULT_SITE.respondWithin : { hours: weekly(service) / days / 60 / 2, clock: 'service' };
}

/** Minutes of service in a week; what overlaps counts once. */
function weekly(service: readonly ServiceHours[]): number {
  let total = 0;
  for (let day = 1; day <= 7; day += 1) {
    let until = 0;
    const hours = service.filter(({ days }) => days.includes(day)).map(({ from, to }) => [minutes(from), minutes(to)]);
    for (const [from = 0, to = 0] of hours.sort(([a = 0], [b = 0]) => a - b)) {
      total += Math.max(0, to - Math.max(from, until));
      until = Math.max(until, to);
    }
  }
  return total;
}

const minutes = (time: string): number => Number(time.slice(0, 2)) * 60 + Number(time.slice(3));

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
