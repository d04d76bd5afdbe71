import type { CtcaeVersion } from '../finding.ts';
import { type Condition, CTCAE_VERSIONS, type CtcaeData, type CtcaeEntry } from './ctcae-data.ts';
import { compileLadder, tablesOf } from './ctcae-ladder.ts';

/** Count of terms in the fact table that the data were taken from. */
const TERMS = 106;

/** What a code must have been for it to grade. */
const READ = 'read in a source here';

/**
 * Everything that is wrong with the table in one version; empty when it is whole. Units and conditions are compiled by
 * `ladderFaults`, which a start need not wait for.
 */
export function ctcaeFaults(data: CtcaeData, version: CtcaeVersion): readonly string[] {
  const faults: string[] = [];
  if (!data.versions.includes(version) || data.versions.join() !== CTCAE_VERSIONS.join()) {
    faults.push(`versions ${data.versions.join()} are not ${CTCAE_VERSIONS.join()}`);
  }
  if (data.entries.length !== TERMS) faults.push(`terms: ${data.entries.length}, expected ${TERMS}`);
  const ids = new Set(data.entries.map(({ id }) => id));
  if (ids.size !== data.entries.length) faults.push('two terms have the same id');
  const sources = new Set(data.sources.map(({ id }) => id));
  if (data.sources.some(({ id, document, usedFor }) => !id || !document || !usedFor)) {
    faults.push('a source document is not given');
  }
  for (const entry of data.entries)
    faults.push(...entryFaults(entry, version, sources).map((one) => `${entry.id}: ${one}`));
  for (const { basis } of data.implausible) if (!basis) faults.push('a bound of plausibility has no basis');
  for (const { rule, basis } of data.limits) if (!rule || !basis) faults.push('a rule of limits has no basis');
  return faults;
}

/** What cannot be compiled: a unit that is none, a condition that the grammar does not know. */
export function ladderFaults(data: CtcaeData): readonly string[] {
  return data.entries.flatMap((entry) =>
    CTCAE_VERSIONS.flatMap((version) => {
      try {
        compileLadder(entry, version);
        return [];
      } catch (error) {
        return [`${entry.id} ${version}: ${error instanceof Error ? error.message : String(error)}`];
      }
    }),
  );
}

function entryFaults(entry: CtcaeEntry, version: CtcaeVersion, sources: ReadonlySet<string>): readonly string[] {
  const faults: string[] = [];
  const { termFr, editions, inputs = [], maxGradeFromDataAlone, reading } = entry;
  const edition = editions[version];
  if (!/^[a-z_]+$/.test(entry.id)) faults.push('the id is no code');
  if (!termFr || edition === undefined || (edition && (!edition.term || !edition.soc)))
    faults.push('a name is missing');
  if (edition?.meddra && !/^\d{8}$/.test(edition.meddra)) faults.push(`${edition.meddra} is no MedDRA code`);
  if (!Number.isInteger(maxGradeFromDataAlone) || maxGradeFromDataAlone < 0 || maxGradeFromDataAlone > 4) {
    faults.push(`highest grade from data ${maxGradeFromDataAlone} is not 0-4`);
  }
  if (reading && !reading.basis) faults.push('a reading of ours has no basis');
  for (const { loinc, active, confidence, source } of inputs) {
    if (!/^\d{1,5}-\d$/.test(loinc)) faults.push(`${loinc} is no LOINC code`);
    if (active && confidence !== READ) faults.push(`${loinc} is active and was not read in a source`);
    if (source !== undefined && !sources.has(source)) faults.push(`${loinc} names the unknown source ${source}`);
  }
  for (const [table, steps] of tablesOf(entry, version)) {
    for (const [grade, condition] of Object.entries(steps)) {
      if (!/^[1-4]$/.test(grade)) faults.push(`grade ${grade} of table "${table}" is not 1-4`);
      faults.push(...conditionFaults(condition).map((one) => `grade ${grade}: ${one}`));
    }
  }
  return faults;
}

function conditionFaults(condition: Condition): readonly string[] {
  const parts = condition.all ?? condition.any;
  if (parts) return parts.length > 1 ? parts.flatMap(conditionFaults) : ['a list of conditions has fewer than two'];
  const { op, value, multiple, delta } = condition;
  if (op !== undefined && !['<', '<=', '>', '>='].includes(op)) return [`${op} is no comparison`];
  return [value, multiple, delta].some((number) => number !== undefined && !(number > 0))
    ? ['a number is not above 0']
    : [];
}
