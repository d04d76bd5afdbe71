import { LOINC } from '../../fhir/canonical.ts';
import { CTCAE_DATA, type CtcaeEntry } from './ctcae-data.ts';
import type { MeasuredCoding } from './ctcae-measured.ts';

/**
 * Codes that a site has reviewed, as `system|code`, to the LOINC code of the table that each means: local codes, or a LOINC code of the
 * table that is not active since nobody here has read it in a source.
 */
export type ReviewedCodes = Pick<ReadonlyMap<string, string>, 'get' | 'size'>;

export const NO_CODES: ReviewedCodes = new Map();

/** Whether a LOINC code is one of the table, active or not: what a reviewed code may mean. */
export const isOfTable = (loinc: string): boolean => BY_LOINC.has(loinc);

/** Whether a LOINC code is read without anybody's review. */
export const isActive = (loinc: string): boolean => ACTIVE.has(loinc);

/** Every code of the table as itself: for results whose codes were read, with those that a site has reviewed, when they came in. */
export const ALREADY_READ: ReviewedCodes = {
  size: 1,
  get: (key: string) => {
    const code = key.startsWith(LOINC_KEY) ? key.slice(LOINC_KEY.length) : '';
    return BY_LOINC.has(code) ? code : undefined;
  },
};

const LOINC_KEY = `${LOINC}|`;

/** The entries that a LOINC code of the table is an input of, in the order of the table. */
const BY_LOINC: ReadonlyMap<string, readonly CtcaeEntry[]> = byLoinc();

/** Active LOINC codes. */
const ACTIVE: ReadonlySet<string> = new Set(
  CTCAE_DATA.entries.flatMap(({ inputs = [] }) => inputs.filter(({ active }) => active).map(({ loinc }) => loinc)),
);

/** What is measured under each LOINC code: codes that are inputs of one entry mean one analyte. */
const ANALYTES: ReadonlyMap<string, string> = analytes();

/** The LOINC codes of the table that a result is known by; empty when no term is graded by it. */
export function loincsOf(codings: readonly MeasuredCoding[], codes: ReviewedCodes): readonly string[] {
  const found: string[] = [];
  for (const { system, code } of codings) {
    if (code === undefined) continue;
    const mapped = codes.size > 0 ? codes.get(`${system ?? ''}|${code}`) : undefined;
    const loinc = mapped ?? (system === LOINC && ACTIVE.has(code) ? code : undefined);
    if (loinc !== undefined && BY_LOINC.has(loinc) && !found.includes(loinc)) found.push(loinc);
  }
  return found;
}

/** The terms that a result is told by, each once. */
export function entriesOf(loincs: readonly string[]): readonly CtcaeEntry[] {
  const [first = '', ...more] = loincs;
  const entries = BY_LOINC.get(first) ?? [];
  return more.length === 0
    ? entries
    : [...new Set([...entries, ...more.flatMap((loinc) => BY_LOINC.get(loinc) ?? [])])];
}

/** Whether codes mean more than one analyte. */
export function areOfSeveral([first, ...more]: readonly string[]): boolean {
  return more.some((loinc) => ANALYTES.get(loinc) !== ANALYTES.get(first ?? ''));
}

function byLoinc(): ReadonlyMap<string, readonly CtcaeEntry[]> {
  const found = new Map<string, CtcaeEntry[]>();
  for (const entry of CTCAE_DATA.entries) {
    for (const { loinc } of entry.inputs ?? []) found.set(loinc, [...(found.get(loinc) ?? []), entry]);
  }
  return found;
}

function analytes(): ReadonlyMap<string, string> {
  const names = new Map<string, string>();
  for (const { id, kind, inputs = [] } of CTCAE_DATA.entries) {
    if (kind === 'composite') continue;
    const name = inputs.map(({ loinc }) => names.get(loinc)).find((known) => known !== undefined) ?? id;
    for (const { loinc } of inputs) names.set(loinc, name);
  }
  return names;
}
