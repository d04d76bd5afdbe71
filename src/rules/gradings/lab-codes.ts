import { LOINC } from '../../fhir/canonical.ts';
import { dateInterval } from '../../fhir/dates.ts';
import { isActive, isOfTable, type ReviewedCodes } from './ctcae-codes.ts';

/** All faults of a file of laboratory codes at once, one line each. */
export class LabCodesError extends Error {
  override readonly name = 'LabCodesError';
  readonly faults: readonly string[];

  constructor(faults: readonly string[]) {
    super(`The file of laboratory codes cannot be used:\n${faults.map((line) => `  ${line}`).join('\n')}`);
    this.faults = faults;
  }
}

/**
 * The codes that a site has reviewed, from its file's JSON text: a list of `{ system, code, loinc, reviewer, date }`, each saying who has read
 * when that the code means this LOINC code of the CTCAE table. Throws LabCodesError with every fault: a pair that is left out because it
 * is wrong would be results that nobody grades.
 */
export function readLabCodes(text: string): ReviewedCodes {
  let list: unknown;
  try {
    list = JSON.parse(text);
  } catch {
    throw new LabCodesError(['file: expected JSON']);
  }
  if (!Array.isArray(list)) throw new LabCodesError(['file: expected a list of codes']);
  const codes = new Map<string, string>();
  const faults: string[] = [];
  list.forEach((one: unknown, place) => {
    const own = faultsOf(one);
    if (own.length === 0 && isPair(one)) {
      const key = `${one.system}|${one.code}`;
      if (codes.has(key)) own.push('system and code: expected each once');
      codes.set(key, one.loinc);
    }
    faults.push(...own.map((fault) => `[${place}].${fault}`));
  });
  if (faults.length > 0) throw new LabCodesError(faults);
  return codes;
}

const MEMBERS = ['system', 'code', 'loinc', 'reviewer', 'date'] as const;

type Pair = Record<(typeof MEMBERS)[number], string>;

const isPair = (one: unknown): one is Pair =>
  typeof one === 'object' && one !== null && MEMBERS.every((name) => isText((one as Partial<Pair>)[name]));

function faultsOf(one: unknown): string[] {
  if (typeof one !== 'object' || one === null || Array.isArray(one)) return [`: expected ${MEMBERS.join(', ')}`];
  const given = one as Readonly<Record<string, unknown>>;
  const faults = MEMBERS.filter((name) => !isText(given[name])).map((name) => `${name}: expected text`);
  const known: readonly string[] = [...MEMBERS, 'note'];
  faults.push(
    ...Object.keys(given)
      .filter((name) => !known.includes(name))
      .map((name) => `${name}: expected one of ${known.join(', ')}`),
  );
  if (!isPair(one)) return faults;
  const { system, code, loinc, date } = one;
  if (!/^[a-z][a-z0-9+.-]*:\S+$/i.test(system)) faults.push('system: expected an absolute url, as in Coding.system');
  if (!isOfTable(loinc)) faults.push(`loinc: ${loinc} is no code that CTCAE is graded by (docs/grading-ctcae.md)`);
  else if (system === LOINC && code !== loinc) faults.push('loinc: a LOINC code means itself');
  else if (system === LOINC && isActive(code)) faults.push(`code: ${code} is read without this`);
  if (!/^\d{4}-\d\d-\d\d$/.test(date) || !dateInterval(date)) faults.push('date: expected the day of the review');
  return faults;
}

const isText = (value: unknown): boolean => typeof value === 'string' && value.trim() !== '';
