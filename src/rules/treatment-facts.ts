import type { CodeableConcept, MedicationAdministration, MedicationStatement } from '@medplum/fhirtypes';
import { CANONICAL } from '../fhir/canonical.ts';
import { dateInterval } from '../fhir/dates.ts';
import type { ReportFacts } from './finding.ts';
import { SYSTEM } from './resources/codes.ts';

/**
 * Value sets of a site that tell kinds of treatment by the code of the medication. They ship empty, as drafts: which medications belong to
 * them is the site's to say.
 */
export const TREATMENT_SETS = {
  systemic: `${CANONICAL}/ValueSet/systemic-treatment`,
  cellTherapy: `${CANONICAL}/ValueSet/cell-therapy-or-bispecific`,
} as const;

export type TreatmentKind = keyof typeof TREATMENT_SETS;
export type Medication = MedicationStatement | MedicationAdministration;

/** What tells the kind of a medication, and how long it counts. */
export interface TreatmentRules {
  /** Members of each value set, `system|code`. */
  sets: Readonly<Record<TreatmentKind, ReadonlySet<string>>>;
  /** Days after its end from which on a treatment of the kind no longer counts. Without it nothing that was given ever ends by itself. */
  endedAfterDays?: Readonly<Partial<Record<TreatmentKind, number>>>;
}

/** The category of a medication record that names its kind, whatever its code. */
const CATEGORY: Readonly<Record<TreatmentKind, string>> = {
  systemic: `${SYSTEM.treatment}|systemic`,
  cellTherapy: `${SYSTEM.treatment}|cell-therapy`,
};

/**
 * What a patient is treated with at a moment, as far as the records tell. A kind is true when one of its medications is taken or was given and
 * nothing says that it has ended; false only when there are records of it, and each of them says that the kind as a whole is not taken at
 * `at`, or that it ended more than the days of the rules before; else it is left out, since nobody knows. That one medication is not taken
 * says nothing of the others of its kind. `codes` are of all medications that count, sorted.
 */
export function treatmentFacts(
  medications: readonly Medication[],
  rules: TreatmentRules,
  at: string,
): NonNullable<ReportFacts['treatments']> {
  const read = medications.map((medication) => ({
    codes: codesOf(medication),
    category: conceptCodes(medication.category),
    medication,
  }));
  const kindOf = (kind: TreatmentKind): boolean | undefined => {
    const days = rules.endedAfterDays?.[kind];
    const standings = read
      .filter(
        ({ codes, category }) => category.includes(CATEGORY[kind]) || codes.some((code) => rules.sets[kind].has(code)),
      )
      .map(({ medication, category, codes }) =>
        medication.status === 'not-taken' && !(codes.length === 0 && category.includes(CATEGORY[kind]))
          ? 'not known'
          : standingOf(medication, at, days),
      )
      .filter((standing) => standing !== 'says nothing');
    if (standings.includes('on')) return true;
    return standings.length > 0 && standings.every((standing) => standing === 'off') ? false : undefined;
  };
  const [systemic, cellTherapy] = [kindOf('systemic'), kindOf('cellTherapy')];
  const current = read.filter(({ medication }) => standingOf(medication, at, undefined) === 'on');
  return {
    ...(systemic === undefined ? {} : { systemic }),
    ...(cellTherapy === undefined ? {} : { cellTherapy }),
    codes: [...new Set(current.flatMap(({ codes }) => codes))].sort(),
  };
}

type Standing = 'on' | 'off' | 'not known' | 'says nothing';

/**
 * Whether a record says that its medication counts. What was given counts whatever its age unless a site has said for how long.
 * Source: HL7 FHIR R4 4.0.1, CodeSystems medication-statement-status and medication-admin-status.
 */
function standingOf(medication: Medication, at: string, days: number | undefined): Standing {
  const { resourceType, status } = medication;
  if (status === 'entered-in-error') return 'says nothing';
  if (resourceType === 'MedicationAdministration') {
    // Not done this time says nothing of the other times.
    if (status === 'not-done') return 'says nothing';
    return isLongAgo(medication, at, days) ? 'off' : 'on';
  }
  switch (status) {
    case 'not-taken':
      return covers(medication, at) ? 'off' : 'not known';
    case 'intended':
      return 'not known';
    case 'completed':
    case 'stopped':
      return isLongAgo(medication, at, days) ? 'off' : days === undefined ? 'not known' : 'on';
    default:
      return 'on';
  }
}

/** Whether a record speaks of the moment `at`: its period has begun, and has not ended. */
function covers({ effectivePeriod }: Medication, at: string): boolean {
  const start = effectivePeriod?.start === undefined ? undefined : dateInterval(effectivePeriod.start)?.start;
  if (start === undefined || start > Date.parse(at)) return false;
  const end = effectivePeriod?.end === undefined ? undefined : dateInterval(effectivePeriod.end)?.end;
  return effectivePeriod?.end === undefined || (end !== undefined && end > Date.parse(at));
}

/** Ended more than `days` before `at`; never where nobody has said for how many days it counts, or when it ended. */
function isLongAgo({ effectivePeriod, effectiveDateTime }: Medication, at: string, days: number | undefined): boolean {
  const written = effectivePeriod ? effectivePeriod.end : effectiveDateTime;
  const end = written === undefined ? undefined : dateInterval(written)?.end;
  return days !== undefined && end !== undefined && Date.parse(at) - end > days * 86_400_000;
}

/** Codes of the medication, of a contained one too. */
function codesOf({ medicationCodeableConcept, medicationReference, contained }: Medication): string[] {
  const reference = medicationReference?.reference;
  const inside = contained?.find(({ id }) => reference === `#${id}`);
  return [
    ...conceptCodes(medicationCodeableConcept),
    ...(inside?.resourceType === 'Medication' ? conceptCodes(inside.code) : []),
  ];
}

const conceptCodes = (concept: CodeableConcept | undefined): string[] =>
  (concept?.coding ?? []).flatMap(({ system, code }) => (code === undefined ? [] : [`${system ?? ''}|${code}`]));
