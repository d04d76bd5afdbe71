import type { RecordedTerm } from './decision-record.ts';
import type { Episode, PatientFacts } from './episode.ts';
import { step, type TermStep } from './episodes.ts';
import { type Finding, type Report, termKey } from './finding.ts';
import type { Policy } from './policy.ts';
import type { Context } from './policy-language.ts';

/** What a step rests on beside what its record says of the term. */
export interface Surroundings {
  /** The policies that are asked. */
  policies: readonly Policy[];
  patient: PatientFacts;
  /** Canonical of the form of the report, where it is known. */
  form?: string | undefined;
  /** The moment as the report's author wrote it. */
  authored?: string | undefined;
}

/** What is put in the place of what was. */
export interface Otherwise {
  finding?: Finding;
  episodeBefore?: Episode | undefined;
}

/** A step taken once more by the engine of today, and what the conditions were told; no context where no policy was asked. */
export interface Restep {
  made: TermStep;
  context: Context | undefined;
}

/** Takes a recorded step once more, from what was known before it, through the very code that took it first. */
export function restep(recorded: RecordedTerm, around: Surroundings, otherwise: Otherwise = {}): Restep {
  const { policies, patient, form, authored } = around;
  const finding = otherwise.finding ?? recorded.finding;
  const episode = 'episodeBefore' in otherwise ? otherwise.episodeBefore : recorded.episodeBefore;
  const report: Report = {
    source: recorded.source,
    at: recorded.at,
    day: recorded.day,
    baseline: isOwnBaseline(recorded),
    findings: [finding],
    ...(form === undefined ? {} : { form }),
    ...(authored === undefined ? {} : { authored }),
  };
  const before = { previous: recorded.previous, baseline: recorded.baseline, episode };
  let context: Context | undefined;
  const listening = policies.map(
    (policy): Policy => ({
      ...policy,
      evaluate: (which, told) => {
        context = told;
        return policy.evaluate(which, told);
      },
    }),
  );
  const { steps } = step({ terms: { [termKey(finding)]: before } }, report, listening, patient);
  const [made] = steps;
  if (!made) throw new Error('a report of one finding makes one step');
  return { made, context };
}

/** The report recorded the baseline that its own conditions were told. */
const isOwnBaseline = ({ baseline, source }: RecordedTerm): boolean =>
  baseline !== undefined && baseline.source.id === source.id && baseline.source.type === source.type;
