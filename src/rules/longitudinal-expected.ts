import { type Slotted, slotsMet } from './activity/reporting.ts';
import { earliestStart } from './calendar/expectations.ts';
import type { Finding } from './finding.ts';
import type { FormGrading } from './gradings/grading.ts';
import { type Course, comparedWith, type Level, seriesOf } from './longitudinal-series.ts';

/**
 * The forms that plans of a patient ask for, by canonical without version, each with the moments that were expected of it (UTC instants): of a slot that was met when it
 * was first answered, of any other when it began. Of the slots of each plan that a report from `since` on can belong to, begun up to `until`, outside pauses.
 */
export function expectedForms(
  facts: Slotted,
  { since, until }: { since: string; until: string },
): ReadonlyMap<string, readonly string[]> {
  const forms = new Map<string, string[]>();
  for (const item of facts.expectations.items) {
    if (item.void || item.spans.length === 0) continue;
    const moments = forms.get(item.form) ?? [];
    forms.set(item.form, moments);
    const own = { ...facts, expectations: { ...facts.expectations, items: [item] } };
    for (const { expected, answer } of slotsMet(own, earliestStart(item, since), until)) {
      moments.push(answer?.at ?? expected.slot.start);
    }
  }
  return forms;
}

/**
 * When forms that ask a term were expected of a patient, from a moment on (Unix milliseconds) or at the recorded baseline itself: UTC instants. Undefined where no plan
 * of the patient asks for such a form.
 */
export function expectedOf(
  course: Course,
  forms: ReadonlyMap<string, readonly string[]>,
  asks: (form: string) => boolean,
  from: number,
): readonly string[] | undefined {
  const baseline = comparedWith(course);
  const own = [...forms].filter(([form]) => asks(form));
  if (own.length === 0) return undefined;
  return own.flatMap(([, moments]) => moments).filter((at) => Date.parse(at) >= from || at === baseline?.at);
}

/**
 * Whether a form, by its canonical without version, asks what is followed under a key at a level. `gradingOf` gives the grading of a form that is held; one that is not
 * held, or cannot be graded, asks nothing. Each form is looked at once.
 */
export function askedBy(
  gradingOf: (form: string) => FormGrading | undefined,
  level: Level,
): (form: string, key: string) => boolean {
  const known = new Map<string, ReadonlySet<string>>();
  return (form, key) => {
    const keys = known.get(form) ?? keysAsked(gradingOf(form) ?? NOTHING, level);
    known.set(form, keys);
    return keys.has(key);
  };
}

const NOTHING: FormGrading = () => [];

/** The keys of what a form asks, as `seriesOf` follows it. */
function keysAsked(grade: FormGrading, level: Level): ReadonlySet<string> {
  const nothing = {
    source: { type: 'QuestionnaireResponse', id: '', version: 0 },
    at: '',
    day: '',
    baseline: false,
    findings: gradedEmpty(grade),
  } as const;
  return new Set(seriesOf([nothing], level).map(({ key }) => key));
}

/** What a form says when nothing is answered: one finding for each term that it asks. */
function gradedEmpty(grade: FormGrading): readonly Finding[] {
  try {
    return grade([]);
  } catch {
    return [];
  }
}
