import type { ParametersParameter } from '@medplum/fhirtypes';
import type { DecisionRecord } from './decision-record.ts';
import { termName, WORDS } from './explain-languages.ts';
import { type Finding, termKey } from './finding.ts';
import { OVERRUN } from './policy/budget.ts';
import { TERMS } from './resources/codes.ts';
import type { Labels, Language } from './resources/labels.ts';

/** A policy that was not wholly evaluated on a term of a report, and the kinds of error that left its conditions undecided. */
export interface Left {
  finding: Finding;
  /** `url|version`. */
  policy: string;
  errors: readonly string[];
}

/** What a Flag says of policies that were not wholly evaluated: the steps of the report were spent, or conditions failed. */
export type LeftBy = 'policy-budget' | 'policy-error';

/** By what it is told. */
export interface Telling {
  labels: Pick<Labels, 'term'>;
  language: Language;
}

/** At most so many are told one by one: as parameters, and in the text. */
const MOST = 200;
const MOST_IN_TEXT = 20;

/** What was left undecided so of the very report of a record, in the order of the record. */
export function leftOf({ terms, source }: Pick<DecisionRecord, 'terms' | 'source'>, by: LeftBy): readonly Left[] {
  const own = terms.filter((step) => step.source.id === source.id && step.source.type === source.type);
  return own.flatMap(({ finding, conditions }) => {
    const failed = conditions.flatMap(({ policy, error }) =>
      error !== undefined && (error === OVERRUN) === (by === 'policy-budget') ? [{ policy, error }] : [],
    );
    return distinct(failed.map(({ policy }) => policy)).map((policy) => ({
      finding,
      policy,
      errors: distinct(failed.flatMap((one) => (one.policy === policy ? [one.error] : []))),
    }));
  });
}

/** Each term and policy by itself, at most 200 of them, and how many more there are. */
export function leftParameters(left: readonly Left[], { labels, language }: Telling): ParametersParameter[] {
  const more = left.length - MOST;
  return [
    ...left.slice(0, MOST).map(({ finding, policy, errors }) => ({
      name: 'undecided',
      part: [
        {
          name: 'term',
          valueCoding: {
            system: TERMS[finding.system],
            code: finding.term,
            display: labels.term(termKey(finding))[language],
          },
        },
        { name: 'policy', valueCanonical: policy },
        ...errors.map((error) => ({ name: 'error', valueString: error })),
      ],
    })),
    ...(more > 0 ? [{ name: 'undecidedMore', valueInteger: more }] : []),
  ];
}

/** The same as one sentence, of at most 20 of them; none where nothing was left. */
export function leftText(left: readonly Left[], by: LeftBy, { labels, language }: Telling): string[] {
  if (left.length === 0) return [];
  const words = WORDS[language];
  const more = left.length - MOST_IN_TEXT;
  const told = left
    .slice(0, MOST_IN_TEXT)
    .map(({ finding, policy }) => words.leftBy(termName(labels.term(termKey(finding)), language), policy));
  return [words.left[by]([...told, ...(more > 0 ? [words.more(more)] : [])].join(words.semicolon))];
}

const distinct = (values: readonly string[]): string[] => [...new Set(values)];
