import type { MedicationAdministration, MedicationStatement } from '@medplum/fhirtypes';
import { CANONICAL } from '../fhir/canonical.ts';
import { dateInterval } from '../fhir/dates.ts';
import type { ReportFacts } from './finding.ts';
import { type CodedRecord, knownCodes, readableCodes } from './known-codes.ts';
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

/** The two moments of a report, as instants: when it was so, and when it came in. A late report has them far apart. */
export interface ReportTimes {
  symptom: string;
  receipt: string;
}

/**
 * What a patient is treated with, as far as the records that are known at the receipt of a report tell of its two moments. A kind is true when one of its
 * medications is taken, was given or was taken at the symptom time; false only when there are records of it, each of them says of both moments that the kind as
 * a whole is not taken, or that it ended more than the days of the rules before, and nothing else may be of the kind; else it is left out, since nobody knows.
 * That one medication is not taken says nothing of the others of its kind. `codes` are of all medications that count, and `unknown` those that may:
 * see knownCodes. Nothing is told where nothing is known. `isCut`: there are more records than these.
 */
export function treatmentFacts(
  medications: readonly Medication[],
  rules: TreatmentRules,
  { at, isCut }: { at: ReportTimes; isCut: boolean },
): Pick<ReportFacts, 'treatments' | 'unknown'> {
  const read = medications.map(
    (medication): Read => ({
      medication,
      codes: codesOf(medication),
      kinds: KINDS.filter((kind) => readableCodes(medication.category).includes(CATEGORY[kind])),
    }),
  );
  const kindOf = (kind: TreatmentKind): boolean | undefined => {
    const standings = read
      .filter(({ codes, kinds }) => kinds.includes(kind) || codes.some((code) => rules.sets[kind].has(code)))
      .map((one) => kindStanding(one, kind, at, rules.endedAfterDays?.[kind]))
      .filter((standing) => standing !== 'says nothing');
    if (standings.includes('on')) return true;
    if (isCut || standings.length === 0 || read.some((one) => mayBeOf(kind, one, rules, at))) return undefined;
    return standings.every((standing) => standing === 'off') ? false : undefined;
  };
  const [systemic, cellTherapy] = [kindOf('systemic'), kindOf('cellTherapy')];
  const { codes, unknown } = knownCodes(
    read.flatMap((one) => recordOf(one, at)),
    { isCut },
  );
  const treatments = {
    ...(systemic === undefined ? {} : { systemic }),
    ...(cellTherapy === undefined ? {} : { cellTherapy }),
    ...(codes ? { codes } : {}),
  };
  return {
    ...(Object.keys(treatments).length > 0 ? { treatments } : {}),
    ...(unknown ? { unknown: { treatments: unknown } } : {}),
  };
}

/** A record, the codes of its medication that can be read, and the kinds that its category names. */
interface Read {
  medication: Medication;
  codes: readonly string[];
  kinds: readonly TreatmentKind[];
}

const KINDS: readonly TreatmentKind[] = ['systemic', 'cellTherapy'];

function kindStanding(one: Read, kind: TreatmentKind, at: ReportTimes, days: number | undefined): Standing {
  const { medication, kinds } = one;
  const isOfOne = medication.status === 'not-taken' && !(kinds.includes(kind) && namesAll(medication, kind));
  if (isOfOne) return 'not known';
  return wasTaken(medication, at) ? 'on' : standingOf(medication, at, days);
}

/** Whether a record is of a kind as a whole: its medication is the kind itself. Words may be the name of one medication. */
const namesAll = ({ medicationCodeableConcept, medicationReference }: Medication, kind: TreatmentKind): boolean =>
  medicationReference === undefined &&
  (medicationCodeableConcept?.coding ?? []).some(({ system, code }) => `${system}|${code}` === CATEGORY[kind]);

/**
 * Nobody can tell whether it is of the kind, and it may be taken: no category says so, and its code cannot be read, or the site has not said which codes
 * are of the kind.
 */
const mayBeOf = (kind: TreatmentKind, one: Read, { sets }: TreatmentRules, at: ReportTimes): boolean =>
  one.kinds.length === 0 &&
  recordOf(one, at).some(({ codes, says }) => says !== 'not so' && (codes.length === 0 || sets[kind].size === 0));

/**
 * What a record says of the codes of its medication. That something is not taken, and nobody can read what, says nothing. What has ended stays not known, also
 * where it was taken at the symptom time: it does not show that what is taken since is recorded.
 */
function recordOf({ medication, codes }: Read, at: ReportTimes): CodedRecord[] {
  const standing = standingOf(medication, at, undefined);
  if (standing === 'says nothing' || (medication.status === 'not-taken' && codes.length === 0)) return [];
  return [{ codes, says: SAYS[standing] }];
}

export type Standing = 'on' | 'off' | 'not known' | 'says nothing';

const SAYS = { on: 'so', off: 'not so', 'not known': 'perhaps' } as const;

/** What a record says of the two moments of a report: yes of either is yes, no is only no of both. */
export function ofEither(symptom: Standing, receipt: Standing): Standing {
  if (symptom === 'on' || receipt === 'on') return 'on';
  return symptom === receipt ? symptom : 'not known';
}

const standingOf = (medication: Medication, { symptom, receipt }: ReportTimes, days: number | undefined): Standing =>
  ofEither(standingAt(medication, symptom, days), standingAt(medication, receipt, days));

/**
 * Whether a record says that its medication counts at a moment. What was given counts whatever its age unless a site has said for how long.
 * Source: HL7 FHIR R4 4.0.1, CodeSystems medication-statement-status and medication-admin-status.
 */
function standingAt(medication: Medication, at: string, days: number | undefined): Standing {
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

/**
 * Whether a record says that what has ended by now was taken at the symptom time: its period covers it. One whose period ends after the receipt, or has
 * no end, does not say when it ended.
 */
function wasTaken(medication: Medication, { symptom, receipt }: ReportTimes): boolean {
  const { resourceType, status, effectivePeriod } = medication;
  if (resourceType !== 'MedicationStatement' || (status !== 'completed' && status !== 'stopped')) return false;
  const end = effectivePeriod?.end === undefined ? undefined : dateInterval(effectivePeriod.end)?.start;
  return end !== undefined && end <= Date.parse(receipt) && covers(medication, symptom);
}

/** Ended more than `days` before `at`; never where nobody has said for how many days it counts, or when it ended. */
function isLongAgo({ effectivePeriod, effectiveDateTime }: Medication, at: string, days: number | undefined): boolean {
  const written = effectivePeriod ? effectivePeriod.end : effectiveDateTime;
  const end = written === undefined ? undefined : dateInterval(written)?.end;
  return days !== undefined && end !== undefined && Date.parse(at) - end > days * 86_400_000;
}

/** Kinds as a whole are no codes of a medication. */
const WHOLE_KINDS: ReadonlySet<string> = new Set(Object.values(CATEGORY));

/** The codes of the medication that can be read, of a contained one too. What another resource says of it is not held here. */
function codesOf({ medicationCodeableConcept, medicationReference, contained }: Medication): string[] {
  const reference = medicationReference?.reference;
  const inside = reference?.startsWith('#') ? contained?.find(({ id }) => reference === `#${id}`) : undefined;
  return [
    ...readableCodes(medicationCodeableConcept),
    ...(inside?.resourceType === 'Medication' ? readableCodes(inside.code) : []),
  ].filter((code) => !WHOLE_KINDS.has(code));
}
