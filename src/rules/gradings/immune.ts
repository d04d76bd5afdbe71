import { any, type Completed, type Open, overCompletions } from './completions.ts';
import { ASTCT } from './immune-data.ts';

/** What it takes to treat hypotension and hypoxia, mildest first. Source: ASTCT 2019; the data and the ICE items are in `scores/ice.ts`. */
const HYPOTENSION = ['none', 'no-vasopressor', 'one-vasopressor', 'several-vasopressors'] as const;
const HYPOXIA = ['none', 'low-flow', 'high-flow-or-mask', 'positive-pressure'] as const;
/** By what it takes to treat it; `none` also when it has another cause. */
export type Hypotension = (typeof HYPOTENSION)[number];
/** By the device that it takes; `none` also when it has another cause. */
export type Hypoxia = (typeof HYPOXIA)[number];

/** Clinical facts of one moment; absent is unknown, and an array names all values that one may still have. */
export interface CrsFacts {
  /** Highest body temperature, in degrees Celsius. */
  celsius?: number;
  /** Whether the fever has another cause. */
  feverOfOtherCause?: boolean;
  /** Antipyretics, tocilizumab or another anticytokine drug, or corticosteroids were given: fever may then be gone and is no longer needed. */
  feverMasked?: boolean;
  hypotension?: Hypotension | readonly Hypotension[];
  hypoxia?: Hypoxia | readonly Hypoxia[];
}

/**
 * CRS grade 0 to 4 from clinical facts; grade 5 (death) is a clinician's to record. Without fever at or above 38.0 degrees it is 0, save
 * when fever was masked: then hypotension and hypoxia decide, and where both are absent it is left open between 0 and 1.
 * Never to be asked of home data, see `possibleCrs`. Source: ASTCT 2019 (Lee et al.), tables as reproduced in two reviews.
 */
export function crsGrade(facts: CrsFacts): Completed {
  const inputs: Open<string>[] = [
    open('temperature', facts.celsius === undefined ? undefined : feverish(facts.celsius), FEVER),
    open('cause-of-fever', say(facts.feverOfOtherCause, 'other', 'crs'), ['crs', 'other']),
    open('drugs-that-mask-fever', say(facts.feverMasked, 'masked', 'unmasked'), ['masked', 'unmasked']),
    open('hypotension', facts.hypotension, HYPOTENSION),
    open('hypoxia', facts.hypoxia, HYPOXIA),
  ];
  // Masked fever tells nothing: whether it would be there is open, and by that alone grade 0 and 1 differ.
  const low = overCompletions(inputs, (values) => crsOf(values, 0));
  const high = overCompletions(inputs, (values) => crsOf(values, 1));
  if (low.kind === 'not-gradable' || high.kind === 'not-gradable') return low;
  const min = low.kind === 'graded' ? low.grade : low.min;
  const max = high.kind === 'graded' ? high.grade : high.max;
  if (min === max) return { kind: 'graded', grade: min };
  const missing = inputs.filter(({ values }) => values.length > 1).map(({ name }) => name);
  return { kind: 'at-least', min, max, missing: missing.length > 0 ? missing : ['temperature-without-masking-drugs'] };
}

const FEVER = ['fever', 'no-fever'] as const;
const feverish = (celsius: number) => (celsius >= ASTCT.crs.prerequisite.fever.value ? 'fever' : 'no-fever');
const say = (known: boolean | undefined, yes: string, no: string) =>
  known === undefined ? undefined : known ? yes : no;

function crsOf([fever, cause, masked, hypotension = '', hypoxia = '']: readonly string[], whenMasked: 0 | 1): number {
  const worst = Math.max(place(HYPOTENSION, hypotension), place(HYPOXIA, hypoxia));
  const ofCrs = fever === 'fever' && cause === 'crs';
  if (!ofCrs && masked !== 'masked') return 0;
  // The places of both scales are the grades but for 0, which with fever is grade 1.
  if (worst > 0) return worst + 1;
  return ofCrs ? 1 : whenMasked;
}

const place = (scale: readonly string[], value: string) => scale.indexOf(value);

function open<T extends string>(name: string, known: T | readonly T[] | undefined, every: readonly T[]): Open<string> {
  if (known === undefined) return { name, values: every, given: false };
  const values = typeof known === 'string' ? [known] : known;
  return { name, values: values.length > 0 ? values : every, given: values.length > 0 };
}

/**
 * Hypotension by vasopressors: vasopressin is not counted beside another, and counts as one alone. Undefined where it is not known
 * whether there is hypotension, or how many vasopressors it takes. Source: ASTCT 2019, as reproduced in two reviews.
 */
export function hypotensionOf(facts: {
  present?: boolean;
  /** How many, vasopressin not counted. */
  vasopressors?: number;
  vasopressin?: boolean;
}): Hypotension | readonly Hypotension[] | undefined {
  const { present, vasopressors, vasopressin } = facts;
  if (present === undefined) return undefined;
  if (!present) return 'none';
  if (vasopressors === undefined)
    return vasopressin
      ? ['one-vasopressor', 'several-vasopressors']
      : ['no-vasopressor', 'one-vasopressor', 'several-vasopressors'];
  if (vasopressors >= 2) return 'several-vasopressors';
  if (vasopressors === 1 || vasopressin) return 'one-vasopressor';
  return vasopressin === undefined ? ['no-vasopressor', 'one-vasopressor'] : 'no-vasopressor';
}

export type OxygenDevice =
  | 'none'
  | 'nasal-cannula'
  | 'blow-by'
  | 'high-flow-nasal-cannula'
  | 'facemask'
  | 'non-rebreather'
  | 'venturi'
  | 'positive-pressure';

/**
 * Hypoxia by the device; of a nasal cannula the flow decides: up to 6 L/min is low flow, above it high. A cannula of unknown flow leaves
 * both open. Source: ASTCT 2019, as reproduced in two reviews.
 */
export function hypoxiaOf(device?: OxygenDevice, litresPerMinute?: number): Hypoxia | readonly Hypoxia[] | undefined {
  if (device === undefined) return undefined;
  if (device === 'none' || device === 'positive-pressure') return device;
  if (device === 'blow-by') return 'low-flow';
  if (device !== 'nasal-cannula') return 'high-flow-or-mask';
  if (litresPerMinute === undefined) return ['low-flow', 'high-flow-or-mask'];
  return litresPerMinute <= LOW_FLOW ? 'low-flow' : 'high-flow-or-mask';
}

const LOW_FLOW = ASTCT.crs.grades.find(({ grade }) => grade === 2)?.oxygen?.value ?? Number.NaN;

/** What home data can say of CRS: possible (an emergency), not by this measurement, or undecided; never a grade. */
export interface PossibleCrs {
  possible: boolean | undefined;
  because: readonly string[];
  missing: readonly string[];
}

/**
 * Whether CRS is possible by home data: at or above 38.0 degrees after a cell therapy or a bispecific antibody, or with that
 * treatment unknown. Below it, a drug that masks fever (or not knowing of one) leaves it undecided.
 * Source: ASTCT 2019, prerequisite; that home data say no more, and that unknown treatment counts, is our own analysis.
 */
export function possibleCrs(home: { celsius?: number; treated?: boolean; feverMasked?: boolean }): PossibleCrs {
  const { celsius, treated, feverMasked } = home;
  if (treated === false) return { possible: false, because: ['no cell therapy or bispecific antibody'], missing: [] };
  const unknownTreatment = treated === undefined ? ['treatment'] : [];
  if (celsius === undefined) return { possible: undefined, because: [], missing: ['temperature', ...unknownTreatment] };
  if (feverish(celsius) === 'fever')
    return { possible: true, because: [`temperature ${celsius} Cel >= 38.0 Cel`], missing: unknownTreatment };
  if (feverMasked === false)
    return { possible: false, because: [`temperature ${celsius} Cel < 38.0 Cel`], missing: [] };
  return {
    possible: undefined,
    because: feverMasked ? ['a drug that masks fever was taken'] : [],
    missing: feverMasked ? [...unknownTreatment] : ['drugs-that-mask-fever', ...unknownTreatment],
  };
}

/**
 * A neurological red flag at home, with or without an ICE score: any is enough, and only all denied is none.
 * Source: our own analysis, see `serviceRules` of the data.
 */
export function neurologicalRedFlag(home: {
  confusion?: boolean;
  sleepiness?: boolean;
  handwritingChanged?: boolean;
  dailyCheckMissed?: boolean;
}): boolean | undefined {
  return any([home.confusion, home.sleepiness, home.handwritingChanged, home.dailyCheckMissed]);
}
