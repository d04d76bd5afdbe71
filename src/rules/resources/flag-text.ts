import type { Episode, Raised, Said } from '../episode.ts';
import { type Outcome, termOfKey } from '../finding.ts';
import { monitoringText } from '../gradings/monitoring-data.ts';
import type { Labels, Language, TermLabel } from './labels.ts';

/** What of an episode its text tells. */
export type Told = Pick<
  Episode,
  'kind' | 'term' | 'systemVersion' | 'outcome' | 'said' | 'previousGrade' | 'baselineGrade' | 'raised'
>;

/** What an EHR shows that shows nothing else. It names the scale, so that no one takes the number for a CTCAE grade. */
export function flagText(episode: Told, labels: Labels, language: Language): string {
  const words = WORDS[language];
  if (episode.kind === 'text') return words.other;
  const term = labels.term(episode.term);
  if (episode.kind === 'monitoring') return `${term[language]}${words.colon}${reportingOf(episode, words)}`;
  const { worst: isWorst, dataQuality = [] } = episode.said ?? {};
  const yesOrNo = episode.kind === 'presence' || episode.kind === 'emergency';
  const say = (grade: number) => (yesOrNo ? (grade > 0 ? words.yes : words.no) : String(grade));
  const was = episode.previousGrade === undefined ? '' : `, ${words.was(say(episode.previousGrade))}`;
  const baseline = episode.baselineGrade === undefined ? '' : `, ${words.baseline(say(episode.baselineGrade))}`;
  // A composite may stay below 3 at the worst severity: then the number alone would hide why the Flag is there.
  const worst = isWorst ? `, ${words.severity}` : '';
  const review = dataQuality.includes('contradictory') ? `; ${words.contradictory}` : '';
  const rose = episode.raised ? `${words.semicolon}${words.raised(whyOf(episode, episode.raised, words))}` : '';
  return `${term[language]}${words.colon}${saidOf(episode, term, words)}${worst}${was}${baseline}${review}${rose}`;
}

/** Why the priority rose, of a report that leaves the grade as it was. */
function whyOf({ kind }: Told, { why }: Raised, words: Words): string {
  if (why === 'contradictory') return words.contradiction;
  if (why === 'not-gradable') return words.notGradable;
  if (kind === 'presence' || kind === 'emergency') return words.notExcluded;
  const [min, max] = why;
  return words.range({ kind: 'at-least', min, max, missing: [] });
}

/** The scale and what it came to, with the value that was measured. */
function saidOf(episode: Told, term: TermLabel, words: Words): string {
  const { kind, outcome, systemVersion, said: { measured } = {} } = episode;
  const value = measured && `${amountOf(measured, words)} ${measured.unit}`.trim();
  switch (kind) {
    case 'ladder':
      return words.ladder(
        systemVersion,
        outcome,
        [value, term.measuredBy?.[words.language]].filter(Boolean).join(', '),
      );
    case 'emergency':
      return words.emergency(outcome, value);
    case 'presence':
      return words.presence(yesNo(outcome, words));
    default:
      return words.composite(outcome);
  }
}

/** A number, a bound or a range, without its unit. */
const amountOf = ({ comparator, value, upTo }: NonNullable<Said['measured']>, { decimal }: Words): string =>
  `${comparator ?? ''}${decimal(value)}${upTo === undefined ? '' : `–${decimal(upTo)}`}`;

/** Which form, when it was expected, and what became of it. */
function reportingOf({ term, outcome, said: { monitored = {} } = {} }: Told, { language, answeredIn }: Words): string {
  const { title, day, seconds, items = 0 } = monitored;
  const about = [title, day].filter((one) => one !== undefined).join(', ');
  const text = monitoringText(termOfKey(term), outcome, language);
  const took = seconds === undefined ? '' : ` (${answeredIn(seconds, items)})`;
  return `${text}${took}${about && ` (${about})`}`;
}

/** Text of the Flag that stands for a report which the engine could not evaluate, or not wholly. */
export const operationalText = (code: keyof Operational, language: Language): string =>
  WORDS[language].operational[code];

/** By code of what went wrong. */
type Operational = Readonly<Record<'not-evaluated' | 'policy-budget' | 'policy-error', string>>;

interface Words {
  language: Language;
  colon: string;
  semicolon: string;
  yes: string;
  no: string;
  notCertain: string;
  other: string;
  operational: Operational;
  severity: string;
  contradictory: string;
  /** Why the priority rose since the grade was told. */
  contradiction: string;
  notGradable: string;
  notExcluded: string;
  raised(why: string): string;
  range(outcome: Outcome): string;
  was(grade: string): string;
  baseline(grade: string): string;
  presence(reported: string): string;
  composite(outcome: Outcome): string;
  /** `by` is the value and how it was measured; empty where neither is at hand. */
  ladder(version: string, outcome: Outcome, by: string): string;
  emergency(outcome: Outcome, value: string | undefined): string;
  decimal(value: number): string;
  answeredIn(seconds: number, items: number): string;
}

function yesNo(outcome: Outcome, words: Words): string {
  if (outcome.kind !== 'graded') return words.notCertain;
  return outcome.grade > 0 ? words.yes : words.no;
}

/** The French is our own and has no official standing. */
const WORDS: Readonly<Record<Language, Words>> = {
  en: {
    language: 'en',
    colon: ': ',
    semicolon: '; ',
    yes: 'yes',
    no: 'no',
    notCertain: 'not certain',
    other: 'Other symptom reported by the patient: see the response',
    operational: {
      'not-evaluated': 'Report received but not evaluated: a person must read it',
      'policy-budget': 'Alert policies were not fully evaluated on this report: a person must read it',
      'policy-error': 'An alert policy failed on this report: a person must read it',
    },
    severity: 'severity 4 of 4',
    contradictory: 'the answers contradict each other, please review',
    contradiction: 'contradictory answers, a person should look',
    notGradable: 'a report that cannot be graded, a person should look',
    notExcluded: 'yes cannot be excluded',
    raised: (why) => `priority raised since: ${why}`,
    range: gradeInEnglish,
    was: (grade) => `was ${grade}`,
    baseline: (grade) => `baseline ${grade}`,
    presence: (reported) => `reported: ${reported} (PRO-CTCAE, patient-reported)`,
    composite: (outcome) => `PRO-CTCAE composite ${gradeInEnglish(outcome)} (patient-reported)`,
    ladder: (version, outcome, by) => `CTCAE ${version} ${gradeInEnglish(outcome)}${by && ` (${by})`}`,
    emergency: (outcome, value) => `${emergencyInEnglish(outcome)}${value ? ` (${value})` : ''}`,
    decimal: String,
    answeredIn: (seconds, items) => `${items} answers in ${seconds} s`,
  },
  fr: {
    language: 'fr',
    colon: ' : ',
    semicolon: ' ; ',
    yes: 'oui',
    no: 'non',
    notCertain: 'non établi',
    other: 'Autre symptôme signalé par le patient : lire la réponse',
    operational: {
      'not-evaluated': 'Réponse reçue mais non évaluée : elle doit être lue par une personne',
      'policy-budget': 'Règles d’alerte évaluées en partie seulement : la réponse doit être lue par une personne',
      'policy-error': 'Échec d’une règle d’alerte : la réponse doit être lue par une personne',
    },
    severity: 'intensité 4 sur 4',
    contradictory: 'les réponses se contredisent, à vérifier',
    contradiction: 'réponses contradictoires, une personne doit vérifier',
    notGradable: 'grade non calculable, une personne doit vérifier',
    notExcluded: 'oui ne peut être exclu',
    raised: (why) => `priorité relevée depuis : ${why}`,
    range: (outcome) => `grade ${gradeInFrench(outcome)}`,
    was: (grade) => `auparavant ${grade}`,
    baseline: (grade) => `valeur de référence ${grade}`,
    presence: (reported) => `signalé : ${reported} (PRO-CTCAE, déclaré par le patient)`,
    composite: (outcome) => `grade composite PRO-CTCAE ${gradeInFrench(outcome)} (déclaré par le patient)`,
    ladder: (version, outcome, by) => `grade CTCAE ${version} ${gradeInFrench(outcome)}${by && ` (${by})`}`,
    emergency: (outcome, value) => `${emergencyInFrench(outcome)}${value ? ` (${value})` : ''}`,
    decimal: (value) => String(value).replace('.', ','),
    answeredIn: (seconds, items) => `${items} réponses en ${seconds} s`,
  },
};

function gradeInEnglish(outcome: Outcome): string {
  if (outcome.kind === 'graded') return `grade ${outcome.grade}`;
  if (outcome.kind === 'not-gradable') return 'not gradable';
  const open = `${outcome.max} cannot be excluded`;
  return outcome.min > 0 ? `grade at least ${outcome.min}, ${open}` : `grade not certain, ${open}`;
}

function gradeInFrench(outcome: Outcome): string {
  if (outcome.kind === 'graded') return `${outcome.grade}`;
  if (outcome.kind === 'not-gradable') return 'non calculable';
  const open = `${outcome.max} ne peut être exclu`;
  return outcome.min > 0 ? `au moins ${outcome.min}, ${open}` : `non établi, ${open}`;
}

function emergencyInEnglish(outcome: Outcome): string {
  if (outcome.kind !== 'graded') return 'emergency, cannot be excluded';
  return outcome.grade > 0 ? 'emergency, act at once' : 'emergency, no longer there';
}

function emergencyInFrench(outcome: Outcome): string {
  if (outcome.kind !== 'graded') return 'urgence, ne peut être exclue';
  return outcome.grade > 0 ? 'urgence, agir sans attendre' : 'urgence, n’est plus présente';
}
