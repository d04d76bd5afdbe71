import { PRO_CTCAE } from '../fhir/canonical.ts';
import { scopeOfKey, termOfKey } from './finding.ts';
import { CTCAE_TERMS } from './gradings/ctcae-data.ts';
import { EMERGENCY, EMERGENCY_TERMS } from './gradings/emergency-data.ts';
import { ITEMS, TERMS } from './gradings/pro-ctcae-data.ts';
import type { Level } from './longitudinal-series.ts';
import { TERMS as SYSTEMS } from './resources/codes.ts';

/**
 * The code under which a term or item, named by its code or as `system|code`, is followed at a level: an item where the level has scores of it, else its term; of CTCAE
 * the term, or one version of it as in `anemia@5.0`. Undefined where nothing can be followed by that name: at another level, of another system, or nowhere.
 */
export function followedAs(name: string, level: Level): string | undefined {
  const bar = name.lastIndexOf('|');
  const [system, code] = bar < 0 ? [undefined, name.trim()] : [name.slice(0, bar).trim(), name.slice(bar + 1).trim()];
  if (level === 'ctcae') return system === undefined || system === SYSTEMS.ctcae ? ladderOf(code) : undefined;
  return (system === undefined ? [PRO_CTCAE, EMERGENCY] : [system])
    .map((one) => reportedAs(`${one}|${code}`, level))
    .find((found) => found !== undefined);
}

function ladderOf(code: string): string | undefined {
  const [term, version] = [CTCAE_TERMS.get(termOfKey(code)), scopeOfKey(code)];
  if (!term) return undefined;
  return version === undefined || Object.hasOwn(term.en, version) ? code : undefined;
}

function reportedAs(named: string, level: Level): string | undefined {
  const item = ITEMS.get(named);
  // Yes/no items and what was written are told by their term, at every level.
  if (item) return level === 'item' && item.term.kind === 'composite' ? item.itemId : item.term.code;
  return REPORTED.get(named);
}

/** Terms that patients report, by `system|code`; emergencies also by the item that asks them. */
const REPORTED: ReadonlyMap<string, string> = new Map([
  ...TERMS.map(({ code }) => [`${PRO_CTCAE}|${code}`, code] as const),
  ...EMERGENCY_TERMS.flatMap(({ code, ask }) => [code, ask.code].map((one) => [`${EMERGENCY}|${one}`, code] as const)),
]);
