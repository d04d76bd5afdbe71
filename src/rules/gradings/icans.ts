import { type Completed, type Open, overCompletions } from './completions.ts';
import { ASTCT } from './immune-data.ts';

/** Clinical facts of one moment; absent is unknown. What has another cause is given as its normal value. */
export interface IcansFacts {
  /** In whole years: ICE is used from 12, CAPD below. */
  ageYears?: number;
  /** With it CAPD is used at any age; where nobody tells of it, there is none. */
  developmentalDelay?: boolean;
  /** Total of 10, or that the patient cannot be woken and cannot do it. Undefined where an item is missing. */
  ice?: number | 'unarousable';
  /** CAPD total, or that it cannot be done. */
  capd?: number | 'unable';
  /** `normal` is not lowered at all. */
  consciousness?: keyof typeof CONSCIOUSNESS;
  seizure?: keyof typeof SEIZURE;
  motor?: keyof typeof MOTOR;
  /** Raised intracranial pressure or oedema. */
  oedema?: keyof typeof OEDEMA;
}

const CONSCIOUSNESS = {
  normal: 0,
  'awakens-spontaneously': 1,
  'awakens-to-voice': 2,
  'awakens-to-tactile-stimulus': 3,
  unarousable: 4,
} as const;
/** Clinical, brief, or on EEG only and answering to treatment; longer than 5 min, or without return to baseline between. */
const SEIZURE = { none: 0, 'resolves-quickly': 3, 'prolonged-or-repeated': 4 } as const;
const MOTOR = { none: 0, 'deep-focal-weakness': 4 } as const;
/** Diffuse on imaging stands also for posturing, sixth-nerve palsy, papilloedema and Cushing's triad. */
const OEDEMA = { none: 0, focal: 3, diffuse: 4 } as const;

/**
 * ICANS grade 0 to 4: the most severe domain. A domain that is unknown leaves it open upwards, save where another is grade 4 already.
 * Grade 5 (death) is a clinician's to record; haemorrhage is not graded here. Source: ASTCT 2019 (Lee et al.), tables as reproduced in two reviews.
 */
export function icansGrade(facts: IcansFacts): Completed {
  const domains = [
    cognition(facts),
    domain('consciousness', CONSCIOUSNESS, facts.consciousness),
    domain('seizure', SEIZURE, facts.seizure),
    domain('motor', MOTOR, facts.motor),
    domain('oedema', OEDEMA, facts.oedema),
  ];
  return overCompletions(domains, (grades) => Math.max(...grades));
}

function domain(name: string, grades: Readonly<Record<string, number>>, known: string | undefined): Open<number> {
  const grade = known === undefined ? undefined : grades[known];
  return {
    name,
    values: grade === undefined ? [...new Set(Object.values(grades))] : [grade],
    given: grade !== undefined,
  };
}

const ANY = [0, 1, 2, 3, 4];

/** ICE or CAPD, whichever the age asks for; the other one says nothing, and without an age neither does. */
function cognition({ ageYears, developmentalDelay, ice, capd }: IcansFacts): Open<number> {
  const young = ageYears !== undefined && ageYears < 12;
  if (developmentalDelay || young) {
    const grades = capd === undefined ? undefined : capdGrades(capd);
    return { name: 'capd', values: grades ?? ANY, given: grades !== undefined };
  }
  if (ageYears === undefined) return { name: 'age', values: ANY, given: false };
  const grade = ice === undefined ? undefined : iceGrade(ice);
  return { name: 'ice', values: grade === undefined ? ANY : [grade], given: grade !== undefined };
}

/** Below 9 is printed beside grade 1 and grade 2, which consciousness tells apart; whether it alone is 1 is not said. */
function capdGrades(capd: number | 'unable'): readonly number[] | undefined {
  if (capd === 'unable') return [4];
  if (!Number.isInteger(capd) || capd < 0) return undefined;
  return capd >= CAPD_SEVERE ? [3] : [0, 1];
}

/**
 * Grade by the ICE total alone; undefined for what is no total of whole points 0 to 10. Who is awake and has none is grade 3.
 * Source: ASTCT 2019, as reproduced in two reviews.
 */
export function iceGrade(ice: number | 'unarousable'): number | undefined {
  const rows = ASTCT.ice.interpretation;
  if (ice === 'unarousable') return rows.find((row) => row.if !== undefined)?.icansByIce;
  if (!Number.isInteger(ice)) return undefined;
  return rows.find((row) => row.if === undefined && row.range[0] <= ice && ice <= row.range[1])?.icansByIce;
}

const CAPD_SEVERE = ASTCT.icans.grades.find(({ grade }) => grade === 3)?.capd?.value ?? Number.NaN;
