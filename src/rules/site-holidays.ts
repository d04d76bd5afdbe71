/**
 * The public holidays of France in a year, `YYYY-MM-DD` in the order of the calendar. Two may fall on one day. Those that only Alsace and Moselle
 * or an overseas department have are not among them: a site lists them under `closed`.
 * Source: Code du travail, article L3133-1, in force since 1 May 2008.
 */
export function frenchHolidays(year: number): readonly string[] {
  const known = KNOWN.get(year);
  if (known) return known;
  const easter = easterSunday(year);
  const after = (days: number): string => dayText(easter + days * DAY);
  const days = [
    `${pad(year, 4)}-01-01`,
    after(1), // Easter Monday
    `${pad(year, 4)}-05-01`,
    `${pad(year, 4)}-05-08`,
    after(39), // Ascension
    after(50), // Whit Monday
    `${pad(year, 4)}-07-14`,
    `${pad(year, 4)}-08-15`,
    `${pad(year, 4)}-11-01`,
    `${pad(year, 4)}-11-11`,
    `${pad(year, 4)}-12-25`,
  ].sort();
  if (KNOWN.size >= MOST_YEARS) KNOWN.clear();
  KNOWN.set(year, days);
  return days;
}

const KNOWN = new Map<number, readonly string[]>();
const MOST_YEARS = 100;
const DAY = 86_400_000;

/**
 * Easter Sunday of the Gregorian calendar, as milliseconds of its midnight in UTC.
 * Source: J. Meeus, Astronomical Algorithms, 2nd edition (1998), chapter 8: the algorithm of S. Butcher (1876), for all years from 1583.
 */
function easterSunday(year: number): number {
  const a = year % 19;
  const b = Math.floor(year / 100);
  const c = year % 100;
  const d = Math.floor(b / 4);
  const e = b % 4;
  const f = Math.floor((b + 8) / 25);
  const g = Math.floor((b - f + 1) / 3);
  const h = (19 * a + b - d - g + 15) % 30;
  const i = Math.floor(c / 4);
  const k = c % 4;
  const l = (32 + 2 * e + 2 * i - h - k) % 7;
  const m = Math.floor((a + 11 * h + 22 * l) / 451);
  const month = Math.floor((h + l - 7 * m + 114) / 31);
  const day = ((h + l - 7 * m + 114) % 31) + 1;
  return Date.UTC(year, month - 1, day);
}

const pad = (value: number, digits: number): string => String(value).padStart(digits, '0');

const dayText = (millis: number): string => new Date(millis).toISOString().slice(0, 10);
