import type { Episode } from '../episode.ts';
import type { DataQuality, Outcome } from '../finding.ts';
import type { Labels, Language } from './labels.ts';

/** What the latest report answered, beside its grade. */
export interface LatestAnswers {
  /** 0 to 4; undefined where the severity is not known. */
  severity?: number | undefined;
  dataQuality?: readonly DataQuality[];
}

/** What an EHR shows that shows nothing else. It names the scale, so that no one takes the number for a CTCAE grade. */
export function flagText(
  episode: Episode,
  labels: Labels,
  language: Language,
  { severity, dataQuality = [] }: LatestAnswers = {},
): string {
  const words = WORDS[language];
  if (episode.kind === 'text') return words.other;
  const term = labels.term(episode.term)[language];
  const measured =
    episode.kind === 'presence' ? words.presence(yesNo(episode.outcome, words)) : words.composite(episode.outcome);
  const say = (grade: number) => (episode.kind === 'presence' ? (grade > 0 ? words.yes : words.no) : String(grade));
  const was = episode.previousGrade === undefined ? '' : `, ${words.was(say(episode.previousGrade))}`;
  const baseline = episode.baselineGrade === undefined ? '' : `, ${words.baseline(say(episode.baselineGrade))}`;
  // A composite may stay below 3 at the worst severity: then the number alone would hide why the Flag is there.
  const worst = severity === 4 ? `, ${words.severity}` : '';
  const review = dataQuality.includes('contradictory') ? `; ${words.contradictory}` : '';
  return `${term}${words.colon}${measured}${worst}${was}${baseline}${review}`;
}

/** Text of the Flag that stands for a report which the engine could not evaluate. */
export const notEvaluatedText = (language: Language): string => WORDS[language].notEvaluated;

interface Words {
  colon: string;
  yes: string;
  no: string;
  notCertain: string;
  other: string;
  notEvaluated: string;
  severity: string;
  contradictory: string;
  was(grade: string): string;
  baseline(grade: string): string;
  presence(reported: string): string;
  composite(outcome: Outcome): string;
}

function yesNo(outcome: Outcome, words: Words): string {
  if (outcome.kind !== 'graded') return words.notCertain;
  return outcome.grade > 0 ? words.yes : words.no;
}

/** The French is our own and has no official standing. */
const WORDS: Readonly<Record<Language, Words>> = {
  en: {
    colon: ': ',
    yes: 'yes',
    no: 'no',
    notCertain: 'not certain',
    other: 'Other symptom reported by the patient: see the response',
    notEvaluated: 'Report received but not evaluated: a person must read it',
    severity: 'severity 4 of 4',
    contradictory: 'the answers contradict each other, please review',
    was: (grade) => `was ${grade}`,
    baseline: (grade) => `baseline ${grade}`,
    presence: (reported) => `reported: ${reported} (PRO-CTCAE, patient-reported)`,
    composite: (outcome) => `PRO-CTCAE composite ${gradeInEnglish(outcome)} (patient-reported)`,
  },
  fr: {
    colon: ' : ',
    yes: 'oui',
    no: 'non',
    notCertain: 'non établi',
    other: 'Autre symptôme signalé par le patient : lire la réponse',
    notEvaluated: 'Réponse reçue mais non évaluée : elle doit être lue par une personne',
    severity: 'intensité 4 sur 4',
    contradictory: 'les réponses se contredisent, à vérifier',
    was: (grade) => `auparavant ${grade}`,
    baseline: (grade) => `valeur de référence ${grade}`,
    presence: (reported) => `signalé : ${reported} (PRO-CTCAE, déclaré par le patient)`,
    composite: (outcome) => `grade composite PRO-CTCAE ${gradeInFrench(outcome)} (déclaré par le patient)`,
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
