import type { CompiledQuestionnaire } from '../../../fhir/questionnaire.ts';
import { scoreFaults } from './faults.ts';
import { answersOf, type FormItem, formItems, valuesOf } from './items.ts';
import type { ItemAnswer, NoScore, Score, ScoreData, ScoreGrading, ScoreSpec } from './score.ts';

/** Answers by item code; each item of the instrument has one. */
export type Answers = ReadonlyMap<string, ItemAnswer>;

/** One score of complete or incomplete answers: everything of it but what its data say. */
export type Scorer = (spec: ScoreSpec, answers: Answers, data: ScoreData) => Pick<Score, 'missing'> & Partial<Score>;

/**
 * An instrument whose scores are formed by `scorer`. What a form asks is read once per compiled form and kept as long as it lives.
 * A score of which the form asks no item at all is not given.
 */
export function instrument(data: ScoreData, scorer: Scorer, more: readonly string[] = []): ScoreGrading {
  const prepared = new WeakMap<CompiledQuestionnaire, readonly FormItem[]>();
  const fit = (form: CompiledQuestionnaire): readonly FormItem[] => {
    const known = prepared.get(form);
    if (known) return known;
    const { items, issues } = formItems(form, data);
    const [error] = issues.filter(({ severity }) => severity === 'error');
    if (error) throw new Error(error.diagnostics);
    prepared.set(form, items);
    return items;
  };
  return {
    data,
    sources: data.source,
    faults: () => [...scoreFaults(data), ...more],
    check: (form) => formItems(form, data).issues,
    scoresOf(form, states) {
      const items = fit(form);
      if (items.length === 0) return [];
      const asked = new Set(items.map(({ of }) => of.code));
      const answers = answersOf(data, items, states);
      return data.scores
        .filter((spec) => spec.items.some((code) => asked.has(code)))
        .map((spec) => scoreOf(spec, answers, data, scorer));
    },
  };
}

function scoreOf(spec: ScoreSpec, answers: Answers, data: ScoreData, scorer: Scorer): Score {
  const { system, version } = data;
  const found = scorer(spec, answers, data);
  const [min, max] =
    found.value !== undefined ? [found.value, found.value] : found.range ? [found.range.min, found.range.max] : [];
  const band = bandOf(spec, min, max);
  const screenPositive = screenOf(spec, min, max);
  return {
    system,
    version,
    code: spec.code,
    ...(spec.loinc === undefined ? {} : { loinc: spec.loinc }),
    ...found,
    ...(band === undefined ? {} : { band }),
    ...(screenPositive === undefined ? {} : { screenPositive }),
    unit: '{score}',
  };
}

/**
 * The sum of all items (of one item: its answer). No total with an item missing: there is then the range over every completion,
 * which is arithmetic and no rule of anybody's.
 */
export const sum: Scorer = ({ items }, answers, data) => {
  const missing = items.filter((code) => answers.get(code)?.state !== 'answered');
  const reason = missing.length > 0 ? whyNot(items, answers) : undefined;
  let min = 0;
  let max = 0;
  for (const code of items) {
    const answer = answers.get(code);
    const of = data.items.find((item) => item.code === code);
    const values = answer?.state === 'answered' ? [answer.value] : of ? valuesOf(of) : [];
    min += Math.min(...values);
    max += Math.max(...values);
  }
  if (!reason) return { value: min, missing };
  return missing.length === items.length ? { missing, reason } : { missing, reason, range: { min, max } };
};

/** Why some items of a score do not all have one answer. */
export function whyNot(items: readonly string[], answers: Answers): NoScore {
  const states = items.map((code) => answers.get(code)?.state ?? 'not-asked');
  if (states.includes('ambiguous')) return 'ambiguous-item';
  if (states.includes('opted-out')) return 'opted-out';
  if (states.includes('answered')) return states.includes('missing') ? 'incomplete' : 'not-asked';
  return states.includes('missing') ? 'not-answered' : 'not-asked';
}

function bandOf({ bands }: ScoreSpec, min: number | undefined, max: number | undefined): string | undefined {
  if (min === undefined || max === undefined) return undefined;
  return bands?.find((band) => band.min <= min && max <= band.max)?.code;
}

function screenOf({ screenPositive: cut }: ScoreSpec, min?: number, max?: number): boolean | undefined {
  if (!cut || min === undefined || max === undefined) return undefined;
  const positive = (value: number) => (cut.op === '>=' ? value >= cut.value : value <= cut.value);
  return positive(min) === positive(max) ? positive(min) : undefined;
}
