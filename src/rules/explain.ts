import type { ParametersParameter } from '@medplum/fhirtypes';
import type { OtherAnswer } from './answered-otherwise.ts';
import { type DecisionRecord, type RecordedCondition, type RecordedTerm, versioned } from './decision-record.ts';
import type { PatientFacts } from './episode.ts';
import { otherWording } from './episodes-merge.ts';
import { changesText } from './explain-changes.ts';
import { decisionText } from './explain-decision.ts';
import { answerText, gradeText, measuredText, missingText } from './explain-findings.ts';
import { termName, WORDS } from './explain-languages.ts';
import { type Explained, parametersOf } from './explain-parameters.ts';
import { structuredGrade, structuredTexts } from './explain-structured.ts';
import { thresholdsOf, thresholdText } from './explain-thresholds.ts';
import type { Words } from './explain-words.ts';
import { type Attribute, type Finding, termKey } from './finding.ts';
import { measuredOtherwise } from './measured-otherwise.ts';
import { type Answered, neighbours } from './neighbours.ts';
import { timeOf } from './policy/ask-again.ts';
import type { Policy } from './policy.ts';
import { scoreOf } from './policy-language.ts';
import type { Labels, Language } from './resources/labels.ts';
import { restep, type Surroundings } from './restep.ts';
import { toldOtherwise } from './told-otherwise.ts';

/** Why a term came out as it did: the record as FHIR Parameters, and the same as one readable paragraph. */
export interface Explanation {
  parameters: ParametersParameter[];
  text: string;
}

/** What an explanation may use beside the record itself. */
export interface Explaining {
  labels: Pick<Labels, 'term'>;
  language: Language;
  /** Of the record's policies those that are held with the very content that decided. */
  policies: readonly Policy[];
  /** As the version of the Patient says that the record names. */
  patient: PatientFacts;
  /** What the last report of the term would have said, had these items been answered with these scores; absent where report or form is not at hand. */
  answered?: (others: readonly OtherAnswer[]) => readonly Finding[] | undefined;
}

/**
 * Explains one term of a decision record: items and answers, grade and scale, what it was measured against, every threshold met and
 * not met, which action of which policy decided, what was undecided, what would have changed it, and all versions. Where a refold went
 * over several reports it is the last of the term that speaks. Nothing when the record does not hold the term (a `termKey`).
 */
export function explain(record: DecisionRecord, term: string, explaining: Explaining): Explanation | undefined {
  const { labels, language, policies, patient } = explaining;
  const found = record.terms.findLast(({ finding }) => termKey(finding) === term);
  if (!found) return undefined;
  const step = { ...found, conditions: found.conditions.map((one) => inLanguage(one, policies, language)) };
  const isOwn = step.source.id === record.source.id && step.source.type === record.source.type;
  const around: Surroundings = {
    policies: askedOf(step, record, policies),
    patient,
    ...(isOwn ? { form: record.questionnaire?.canonical } : {}),
  };
  const gone = record.policies.filter(({ canonical }) => !policies.some((held) => held.canonical === canonical));
  const beside = wordedOtherwise(step, record);
  const { context } = restep(step, around);
  const explained: Explained = {
    record,
    step,
    display: termName(labels.term(termKey(step.finding)), language),
    thresholds: thresholdsOf(step, policies, context),
    // What is no longer held would have had its say.
    ...(gone.length > 0
      ? {}
      : {
          neighbours: neighbours(
            step,
            (finding, episodeBefore) => {
              const told = toldOtherwise(step, finding);
              return restep(step, around, { finding, episodeBefore, told }, beside).made;
            },
            {
              answered: answeredOf(step, explaining),
              values: measuredOtherwise(step.finding, patient.birthDate, step.day),
            },
          ),
        }),
  };
  const text = paragraph(
    explained,
    gone.map(({ canonical }) => canonical),
    explaining,
  );
  return { parameters: [...parametersOf(explained), { name: 'text', valueString: text }], text };
}

/** The title that was recorded, in the language where its policy is held and translated to it. */
function inLanguage(condition: RecordedCondition, policies: readonly Policy[], language: Language): RecordedCondition {
  const policy =
    condition.title === undefined ? undefined : policies.find(({ canonical }) => canonical === condition.policy);
  const title = policy?.actions.find(({ id }) => id === condition.action)?.titles?.[language];
  return title === undefined ? condition : { ...condition, title };
}

/** The step of the same report that is about the same adverse event in another wording. */
function wordedOtherwise({ source, finding }: RecordedTerm, { terms }: DecisionRecord): RecordedTerm[] {
  const other = otherWording(finding.term);
  return terms.filter((one) => one.finding.term === other && versioned(one.source) === versioned(source));
}

/** What the term of a step would have been, of its report answered otherwise. */
function answeredOf({ finding }: RecordedTerm, { answered }: Explaining): Answered | undefined {
  return answered && ((others) => answered(others)?.find((one) => termKey(one) === termKey(finding)));
}

/** The policies that a step was judged by: those that its record shows an answer of, and of a first report those of the record. */
function askedOf(step: RecordedTerm, record: DecisionRecord, policies: readonly Policy[]): readonly Policy[] {
  if (step.source.id === record.source.id) return policies;
  const asked = new Set(step.conditions.map(({ policy }) => policy));
  return policies.filter(({ canonical }) => asked.has(canonical));
}

function paragraph(explained: Explained, gone: readonly string[], { labels, language, policies }: Explaining): string {
  const { record, step, display, thresholds } = explained;
  const words = WORDS[language];
  const { finding } = step;
  const answers = [
    ...Object.entries(finding.attributes).map(([attribute, answer]) =>
      answerText(attribute as Attribute, answer, words, language),
    ),
    ...structuredTexts(finding, language),
  ];
  return [
    heading(step, display, words),
    ...(finding.system === 'pro-ctcae' || answers.length > 0 ? [words.answers(answers.join(', ') || words.none)] : []),
    ...measuredText(finding, words, language),
    structuredGrade(finding, language) ?? gradeText(finding, words, language),
    ...finding.dataQuality.map((issue) => words.dataQuality[issue]),
    step.previous ? words.previous(step.previous.grade, step.previous.day) : words.noPrevious,
    step.baseline ? words.baseline(step.baseline.grade, step.baseline.at.slice(0, 10)) : words.noBaseline,
    ...expectedText(step, words),
    ...decisionText(record, step, policies, words),
    ...thresholdText(thresholds, { words, labels, language }),
    ...undecidedText(step, words, language),
    ...(gone.length > 0 ? [words.notHeld(gone.join(', '))] : []),
    ...changesText(explained, words, language),
    words.versions(
      `${record.engine.name} ${record.engine.version}`,
      record.gradings.map(({ system, version }) => `${words.grading(system)} ${version}`).join(', '),
      record.fhirpath,
      record.questionnaire?.canonical ?? words.noForm,
      policiesNamed(step, record).join(', ') || words.none,
    ),
  ].join(' ');
}

/** What spoke: a report, or a moment that asked what is in force again. */
function heading({ source, day, tick }: RecordedTerm, display: string, words: Words): string {
  if (!tick) return words.report(display, day, versioned(source));
  if (tick.what === 'snooze-ended') return words.snoozeEnded(display, day, versioned(tick.on));
  const { value, unit } = timeOf(tick.what);
  return words.askedAgain(display, day, words.time(value, unit), versioned(tick.on));
}

/** Those of which the step shows an answer; the parameters name every policy that was active. Where none was asked, all. */
function policiesNamed(step: RecordedTerm, record: DecisionRecord): string[] {
  const all = record.policies.map(({ canonical }) => canonical);
  const asked = new Set(step.conditions.map(({ policy }) => policy));
  return asked.size === 0 ? all : all.filter((canonical) => asked.has(canonical));
}

function expectedText({ told, at }: RecordedTerm, words: Words): string[] {
  const { expected } = told ?? {};
  return expected ? [words.expected(expected.level, expected.until.slice(0, 10), at <= expected.until)] : [];
}

/** Which conditions were undecided, and what is not known of the term, so that this can be understood. */
function undecidedText({ conditions, finding }: RecordedTerm, words: Words, language: Language): string[] {
  const open = conditions.filter(({ value }) => value === 'undecided');
  if (open.length === 0) return [];
  return [words.undecided(open.map(({ action }) => action).join(', '), unknownText(finding, words, language))];
}

function unknownText({ outcome, attributes }: Finding, words: Words, language: Language): string {
  const missing = outcome.kind === 'graded' ? [] : outcome.missing;
  const open = Object.entries(attributes).flatMap(([attribute, answer]) =>
    attribute !== 'text' && scoreOf(answer) === undefined ? [attribute as Attribute] : [],
  );
  return missingText([...new Set([...missing, ...open])], attributes, words, language);
}
