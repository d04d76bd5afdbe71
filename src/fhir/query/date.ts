import { dateInterval } from '../dates.ts';
import { badRequest } from '../errors.ts';
import type { DateRange, Prefix } from './filter.ts';
import { unescaped } from './values.ts';

export const PREFIXES: ReadonlySet<string> = new Set(['eq', 'ne', 'gt', 'lt', 'ge', 'le', 'sa', 'eb', 'ap']);

/**
 * The stretches of time that a date parameter names. `now` (Unix milliseconds) is what `ap` measures from: it reaches a tenth of the
 * distance between the date and now to both sides. Throws 400 for what is no date.
 * Source: FHIR R4, sections 3.1.1.4.5 Prefixes and 3.1.1.4.7 date.
 */
export function dateRanges(name: string, raws: readonly string[], now: number | undefined): DateRange[] {
  return raws.map((raw) => {
    const text = unescaped(raw);
    const prefix = /^[a-z]{2}/.exec(text)?.[0] ?? 'eq';
    // A plus sign that was not escaped in the URL has become a space.
    const interval = dateInterval(text.replace(/^[a-z]{2}/, '').replace(/ (\d\d:\d\d)$/, '+$1'));
    if (!PREFIXES.has(prefix) || !interval) {
      throw badRequest(
        `${name}: expected a FHIR date such as 2026-03-01, with a prefix of ${[...PREFIXES].join(', ')} or none`,
      );
    }
    if (prefix === 'ap' && now === undefined)
      throw badRequest(`${name}: the prefix ap, which looks from now, cannot be used here`);
    const around = now !== undefined && prefix === 'ap' ? distance(interval.start, interval.end, now) / 10 : 0;
    return { prefix: prefix as Prefix, start: interval.start - around, end: interval.end + around };
  });
}

/** From the nearer end of the stretch to now; none when now lies within. */
function distance(start: number, end: number, now: number): number {
  if (now < start) return start - now;
  return now > end ? now - end : 0;
}
