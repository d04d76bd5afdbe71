import type { PatientFacts } from './episode.ts';
import type { Told } from './episodes.ts';
import type { ReportFacts } from './finding.ts';

/** What the conditions of one term were told, without what all terms of a report share. Moments are places in a table. */
export interface PackedTold {
  /** [area, days at grade 1 or above, moment]. */
  burden?: readonly number[];
  /** [level, until]. */
  expected?: readonly [number, string];
  /** [grade, moment, grade, moment …], the oldest first. */
  recent?: readonly number[];
  /** Days since when grades have stood at 1, 2 and 3; empty where they do not. */
  since?: readonly string[];
}

/** What the conditions of all terms of one report were told. */
export interface PackedShared {
  facts?: ReportFacts;
  /** Where it is not what the named version of the Patient says. */
  patient?: PatientFacts;
  symptoms?: Readonly<Record<string, number>>;
}

/** What is told of one term, its moments put into a table by `place`. */
export function packTold(told: Told, place: (moment: string) => number): PackedTold | undefined {
  const { burden, expected, recent } = told;
  if (!burden && !expected && !recent) return undefined;
  return {
    burden: burden && [burden.area, burden.days1, place(burden.since)],
    expected: expected && [expected.level, expected.until],
    recent: recent?.grades.flatMap(({ grade, at, day }) => [grade, place(momentOf(at, day))]),
    since: recent?.since.map((day) => day ?? ''),
  };
}

/** What is told of all terms of a report alike. */
export function packShared({ facts, patient, symptoms }: Told): PackedShared | undefined {
  if (!facts && !patient && !symptoms) return undefined;
  return {
    facts: facts && orderedFacts(facts),
    patient: patient && { birthDate: patient.birthDate, gender: patient.gender },
    symptoms: symptoms && ordered(symptoms),
  };
}

/** As canonical JSON orders them: what is built so is written without a copy. */
const orderedFacts = ({ conditions, studies, treatments, unknown }: ReportFacts): ReportFacts => ({
  conditions,
  studies,
  treatments: treatments && {
    cellTherapy: treatments.cellTherapy,
    codes: treatments.codes,
    systemic: treatments.systemic,
  },
  unknown: unknown && {
    conditions: unknown.conditions,
    studies: unknown.studies,
    treatments: unknown.treatments,
  },
});

const ordered = (grades: Readonly<Record<string, number>>): Record<string, number> =>
  Object.fromEntries(Object.entries(grades).sort(([a], [b]) => (a < b ? -1 : 1)));

/** What `packTold` and `packShared` were given. */
export function readTold(
  told: PackedTold | undefined,
  shared: PackedShared | undefined,
  moments: readonly string[],
): Told | undefined {
  if (!told && !shared) return undefined;
  const moment = (place: number | undefined): string => moments[place ?? -1] ?? '';
  const { burden, expected, recent, since = [] } = told ?? {};
  const day = (place: number) => since[place] || undefined;
  return {
    ...(recent ? { recent: { grades: gradesOf(recent, moment), since: [day(0), day(1), day(2)] } } : {}),
    ...(burden ? { burden: { area: burden[0] ?? 0, days1: burden[1] ?? 0, since: moment(burden[2]) } } : {}),
    ...(expected ? { expected: { level: expected[0], until: expected[1] } } : {}),
    ...(shared?.symptoms ? { symptoms: shared.symptoms } : {}),
    ...(shared?.facts ? { facts: shared.facts } : {}),
    ...(shared?.patient ? { patient: shared.patient } : {}),
  };
}

type Grades = NonNullable<Told['recent']>['grades'];

function gradesOf(recent: readonly number[], moment: (place: number | undefined) => string): Grades {
  return Array.from({ length: recent.length / 2 }, (_, index) => {
    const [at = '', day = at.slice(0, 10)] = moment(recent[2 * index + 1]).split(' ');
    return { grade: recent[2 * index] ?? 0, at, day };
  });
}

/** The day where the patient was stands beside the moment where it is another. */
const momentOf = (at: string, day: string): string => (at.startsWith(day) ? at : `${at} ${day}`);
