import json from '../../../profiles/gradings/ctcae.json' with { type: 'json' };
import type { CtcaeVersion } from '../finding.ts';
import type { GradingData, GradingSource } from './grading.ts';

/** The versions of CTCAE that we hold. Each is a scale of its own. */
export const CTCAE_VERSIONS: readonly CtcaeVersion[] = ['5.0', '6.0'];

/** One way in which what a term grades is measured. */
export interface CtcaeInput {
  loinc: string;
  name: string;
  ucum: readonly string[];
  /** Only codes that were read in a source are active: an unverified code grades nothing until a site maps it. */
  active: boolean;
  confidence: string;
  /** Source of a code that the fact table itself has from memory. */
  source?: string;
  /** Which of several measurements of the term this is. */
  role?: Role;
  /** What the code itself says of the sample. */
  state?: 'total' | 'corrected' | 'ionised' | 'fasting';
}

export type Role = 'anc' | 'temperature' | 'panel' | 'sbp' | 'dbp' | 'map' | 'spo2' | 'pao2';

export type Op = '<' | '<=' | '>' | '>=';

/** One condition of a step, in the grammar of the table (see `grammar` in the data). */
export interface Condition {
  op?: Op;
  value?: number;
  unit?: string;
  ref?: 'ULN' | 'LLN' | 'baseline';
  multiple?: number;
  delta?: number;
  input?: string;
  context?: 'rest' | 'exercise';
  flags?: readonly string[];
  all?: readonly Condition[];
  any?: readonly Condition[];
  baseline?: 'belowLLN';
  changeFromBaseline?: { op: Op; value: number };
  dropFromBaseline?: { op: Op; value: number };
  pctLossFromBaseline?: { op: Op; value: number };
  pctGainFromBaseline?: { op: Op; value: number };
  increaseOverBaseline?: { op: Op; value: number };
  bsa?: { op: Op; value: number };
  interLimb?: { op: Op; value: number };
  sustainedLongerThan?: string;
  persistingOver?: string;
  durationLongerThan?: string;
}

/** A condition for each grade that has one. */
export type Steps = Readonly<Partial<Record<'1' | '2' | '3' | '4', Condition>>>;

/** The steps of a version, or several sub-tables by a fact that chooses between them. */
export type Grades = Steps | Readonly<Record<string, Steps>>;

/** The term in one version of CTCAE. */
export interface Edition {
  term: string;
  soc: string;
  /** MedDRA lowest level term code. */
  meddra: string | null;
}

/** How we read an entry beyond its steps; `basis` says on what ground. */
export interface Reading {
  kind: 'anticoagulation' | 'chronicity' | 'review' | 'new' | 'same-method' | 'random' | 'monovalent';
  basis: string;
  version?: CtcaeVersion;
  table?: string;
  grade?: number;
  above?: { ref: 'ULN'; multiple: number };
}

export interface CtcaeEntry {
  /** Code of the term in our CodeSystem `ctcae`. */
  id: string;
  /** Our own translation. */
  termFr: string;
  kind: 'lab' | 'vital' | 'composite' | 'symptom' | 'clinical';
  /** Null where the version has no such term. */
  editions: Readonly<Record<CtcaeVersion, Edition | null>>;
  inputs?: readonly CtcaeInput[];
  canonicalUnit?: string;
  direction?: 'low' | 'high';
  needsBaseline?: string;
  grades: Readonly<{ '5.0': Grades; '6.0': Grades | 'same as 5.0' }>;
  /** Steps as printed for another unit: grade to number, by unit; also by version, or by sub-table. */
  unitSteps?: Readonly<Record<string, UnitSteps>>;
  notGradableHere?: Readonly<Partial<Record<CtcaeVersion, Condition>>>;
  notComputableInV5?: string;
  maxGradeFromDataAlone: number;
  pitfalls?: readonly string[];
  proCtcaeGroups?: readonly number[];
  answerFields?: Readonly<Record<string, string>>;
  reading?: Reading;
}

export type UnitSteps = Readonly<Record<string, number | Readonly<Record<string, number>>>>;

/** Values that are not to be believed; `basis` says by which pitfall of the table, or that the bound is our own. */
export interface Implausible {
  loincs: readonly string[];
  /** Only for these terms: another term of the same result tells of such a value. */
  entries?: readonly string[];
  unit: string;
  /** Only of a result that is reported in this unit, or one of the same size. */
  reportedSo?: boolean;
  above?: number;
  atLeast?: number;
  below?: number;
  atMost?: number;
  zeroIsPossible?: boolean;
  basis: string;
}

/** One rule by which limits of normal are believed or not, in words; `basis` says on what ground. The code is ctcae-limits.ts. */
export interface LimitRule {
  rule: string;
  basis: string;
}

/** The same amount by mass and in moles, as the table prints it. */
export interface MolarPair {
  entries: readonly string[];
  mass: readonly [number, string];
  moles: readonly [number, string];
}

/** The data file: both versions side by side, with their sources and how far each fact is trusted. */
export interface CtcaeData extends Omit<GradingData, 'version'> {
  versions: readonly CtcaeVersion[];
  sources: readonly GradingSource[];
  implausible: readonly Implausible[];
  limits: readonly LimitRule[];
  molar: readonly MolarPair[];
  entries: readonly CtcaeEntry[];
}

// The compiler reads every string of the file as `string`; that the values are those named above is checked at start.
export const CTCAE_DATA = json as unknown as CtcaeData;

/** A term as a reader is shown it. */
export interface CtcaeTerm {
  id: string;
  /** The English term of each version that has it. */
  en: Readonly<Partial<Record<CtcaeVersion, string>>>;
  /** Our own translation, the same for both versions. */
  fr: string;
  /** MedDRA lowest level term code of each version that has one. */
  meddra: Readonly<Partial<Record<CtcaeVersion, string>>>;
  soc: Readonly<Partial<Record<CtcaeVersion, string>>>;
}

/** Every term of the table by its id, also those that data cannot grade. */
export const CTCAE_TERMS: ReadonlyMap<string, CtcaeTerm> = new Map(
  CTCAE_DATA.entries.map(({ id, termFr, editions }) => [
    id,
    {
      id,
      fr: termFr,
      en: ofEach(editions, ({ term }) => term),
      meddra: ofEach(editions, ({ meddra }) => meddra),
      soc: ofEach(editions, ({ soc }) => soc),
    },
  ]),
);

/** The term of an id of our CodeSystem `ctcae`; undefined for a code that is not in it. */
export const termOf = (id: string): CtcaeTerm | undefined => CTCAE_TERMS.get(id);

/** The grades of an entry in one version; none where the version has no such term. */
export function gradesOf({ grades, editions }: CtcaeEntry, version: CtcaeVersion): Grades | undefined {
  if (editions[version] === null) return undefined;
  const own = grades[version];
  return own === 'same as 5.0' ? grades['5.0'] : own;
}

/** The whole data of one version, and nothing of the other: what its Library publishes and its digest is taken of. */
export function dataOfVersion(version: CtcaeVersion, data: CtcaeData = CTCAE_DATA): GradingData & { entries: unknown } {
  const { versions: _, title, entries, ...rest } = data;
  return {
    ...rest,
    version,
    title: `${title}, v${version}`,
    entries: entries.flatMap((entry) => {
      const edition = entry.editions[version];
      const { editions: _editions, grades: _grades, notGradableHere, ...own } = entry;
      if (!edition) return [];
      const here = notGradableHere?.[version];
      return [
        { ...own, ...edition, grades: gradesOf(entry, version) ?? {}, ...(here ? { notGradableHere: here } : {}) },
      ];
    }),
  };
}

function ofEach<T>(
  editions: CtcaeEntry['editions'],
  read: (edition: Edition) => T | null,
): Partial<Record<CtcaeVersion, T>> {
  const found: Partial<Record<CtcaeVersion, T>> = {};
  for (const version of CTCAE_VERSIONS) {
    const edition = editions[version];
    const value = edition && read(edition);
    if (value !== null) found[version] = value;
  }
  return found;
}
