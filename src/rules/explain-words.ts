import type { Priority } from './episode.ts';
import type { Transition } from './episodes.ts';
import type { DataQuality, NotGradable } from './finding.ts';

/** The sentences of an explanation, one set per language. Dates are calendar days, `YYYY-MM-DD`. */
export interface Words {
  report: (term: string, day: string, source: string) => string;
  answers: (list: string) => string;
  score: (attribute: string, score: number) => string;
  yesNo: (attribute: string, score: number) => string;
  written: string;
  state: Record<'missing' | 'opted-out' | 'not-asked', (attribute: string) => string>;
  hidden: (attribute: string, because: string) => string;
  composite: (version: string, grade: number) => string;
  presence: (version: string, yes: boolean) => string;
  text: (version: string, written: boolean) => string;
  ladder: (version: string, grade: number) => string;
  emergency: (there: boolean) => string;
  atLeast: (version: string, min: number, max: number, missing: string) => string;
  notGradable: (version: string, reason: NotGradable) => string;
  dataQuality: Record<DataQuality, string>;
  previous: (grade: number, day: string) => string;
  noPrevious: string;
  baseline: (grade: number, day: string) => string;
  noBaseline: string;
  transition: Record<Transition, (priority: string) => string>;
  priority: Record<Priority, string>;
  priorityNow: (now: string, before: string) => string;
  because: (actions: string) => string;
  action: (title: string, id: string, policy: string) => string;
  undecided: (actions: string, unknown: string) => string;
  nothingTrue: string;
  noPolicy: string;
  calm: (days: number) => string;
  versions: (engine: string, grading: string, fhirpath: string, form: string, policies: string) => string;
  and: string;
  none: string;
}

const english: Words = {
  report: (term, day, source) => `${term}, report of ${day} (${source}).`,
  answers: (list) => `Answers: ${list}.`,
  score: (attribute, score) => `${attribute} ${score} of 4`,
  yesNo: (attribute, score) => `${attribute} ${score === 1 ? 'yes' : 'no'}`,
  written: 'something written in the patient’s own words (they stay in the response)',
  state: {
    missing: (attribute) => `${attribute} not answered`,
    'opted-out': (attribute) => `${attribute} declined or not applicable`,
    'not-asked': (attribute) => `${attribute} not asked by this form`,
  },
  hidden: (attribute, because) => `${attribute} 0, not shown because ${because} was answered 0`,
  composite: (version, grade) =>
    `PRO-CTCAE ${version} composite grade ${grade} on a scale of 0 to 3; patient-reported, not a CTCAE grade.`,
  presence: (version, yes) =>
    `PRO-CTCAE ${version}: reported ${yes ? 'yes' : 'no'}; patient-reported, not a CTCAE grade.`,
  text: (version, written) =>
    written
      ? `Other symptom (PRO-CTCAE ${version} form, patient-reported): written in, not graded.`
      : `Other symptom (PRO-CTCAE ${version} form, patient-reported): none written in.`,
  ladder: (version, grade) => `CTCAE ${version} grade ${grade} from the measured value; proposed, to be confirmed.`,
  emergency: (there) => (there ? 'Answered or measured: there. It does not wait for grading.' : 'Not there.'),
  atLeast: (version, min, max, missing) =>
    `PRO-CTCAE ${version} composite grade at least ${min} on a scale of 0 to 3, and ${max} cannot be excluded (${missing}); patient-reported, not a CTCAE grade.`,
  notGradable: (version, reason) => `Not gradable by PRO-CTCAE ${version}: ${NOT_GRADABLE[reason].en}.`,
  dataQuality: {
    contradictory: 'The leading answer is 0 and a later one is not: this report never counts toward closing.',
    'needs-review': 'The severity beside it is 3 or more: a person should look.',
    'ambiguous-item': 'Two items or two repetitions carry the same code.',
    'clock-ahead': 'The clock of the device was ahead; the time of receipt is used.',
    'unit-unknown': 'The result has no unit, or one that this analyte is not graded in.',
    'value-implausible': 'No patient can have this value: most often the unit is wrong.',
    'limit-missing': 'The limits of normal did not come with the result.',
    'baseline-missing': 'No baseline of the analyte is recorded.',
    'needs-clinician': 'Clinical facts that the data do not hold could make the grade higher.',
  },
  previous: (grade, day) => `Previous gradable report: ${grade} on ${day}.`,
  noPrevious: 'No gradable report before it.',
  baseline: (grade, day) => `Recorded baseline: ${grade} on ${day}.`,
  noBaseline: 'No recorded baseline.',
  transition: {
    none: () => 'No Flag is open for this term and none was opened.',
    open: (priority) => `A Flag was opened at ${priority}.`,
    worse: () => 'The open Flag got worse.',
    same: () => 'The open Flag stays as it is.',
    better: () => 'The open Flag got better.',
    close: () => 'The Flag was closed.',
    kept: () => 'The Flag stays open: this report cannot tell its grade.',
  },
  priority: { PN: 'no priority (PN)', PL: 'low priority (PL)', PM: 'medium priority (PM)', PH: 'high priority (PH)' },
  priorityNow: (now, before) => `It now has ${now}, before ${before}.`,
  because: (actions) => `Decided by ${actions}.`,
  action: (title, id, policy) => `${title} (${id} of ${policy})`,
  undecided: (actions, unknown) => `Undecided, which is not a no: ${actions}${unknown ? `; ${unknown}` : ''}.`,
  nothingTrue: 'No condition of the policies was true.',
  noPolicy: 'No policy is active: nothing can be flagged.',
  calm: (days) => `Calm days counted toward closing: ${days}.`,
  versions: (engine, grading, fhirpath, form, policies) =>
    `Versions: ${engine}, grading ${grading}, fhirpath ${fhirpath}, form ${form}, policies ${policies}.`,
  and: ' and ',
  none: 'none',
};

const french: Words = {
  report: (term, day, source) => `${term}, réponse du ${day} (${source}).`,
  answers: (list) => `Réponses : ${list}.`,
  score: (attribute, score) => `${attribute} ${score} sur 4`,
  yesNo: (attribute, score) => `${attribute} ${score === 1 ? 'oui' : 'non'}`,
  written: 'un texte écrit par le patient (il reste dans la réponse)',
  state: {
    missing: (attribute) => `${attribute} sans réponse`,
    'opted-out': (attribute) => `${attribute} : ne souhaite pas répondre ou sans objet`,
    'not-asked': (attribute) => `${attribute} : question absente du formulaire`,
  },
  hidden: (attribute, because) => `${attribute} 0, question non affichée car ${because} vaut 0`,
  composite: (version, grade) =>
    `PRO-CTCAE ${version}, grade composite ${grade} sur une échelle de 0 à 3 ; rapporté par le patient, ce n’est pas un grade CTCAE.`,
  presence: (version, yes) =>
    `PRO-CTCAE ${version} : réponse ${yes ? 'oui' : 'non'} ; rapporté par le patient, ce n’est pas un grade CTCAE.`,
  text: (version, written) =>
    written
      ? `Autre symptôme (formulaire PRO-CTCAE ${version}, rapporté par le patient) : écrit, sans grade.`
      : `Autre symptôme (formulaire PRO-CTCAE ${version}, rapporté par le patient) : rien d’écrit.`,
  ladder: (version, grade) => `CTCAE ${version}, grade ${grade} d’après la valeur mesurée ; proposé, à confirmer.`,
  emergency: (there) => (there ? 'Signalé ou mesuré : présent. Cela n’attend pas la gradation.' : 'Absent.'),
  atLeast: (version, min, max, missing) =>
    `PRO-CTCAE ${version}, grade composite d’au moins ${min} sur une échelle de 0 à 3, et ${max} ne peut être exclu (${missing}) ; rapporté par le patient, ce n’est pas un grade CTCAE.`,
  notGradable: (version, reason) => `Sans grade PRO-CTCAE ${version} possible : ${NOT_GRADABLE[reason].fr}.`,
  dataQuality: {
    contradictory: 'La première réponse vaut 0 et une suivante non : cette réponse ne compte jamais pour la clôture.',
    'needs-review': 'L’intensité à côté vaut 3 ou plus : à relire par un soignant.',
    'ambiguous-item': 'Deux questions ou deux répétitions portent le même code.',
    'clock-ahead': 'L’horloge de l’appareil avançait ; l’heure de réception est retenue.',
    'unit-unknown': 'Le résultat n’a pas d’unité, ou une unité dans laquelle il n’est pas gradé.',
    'value-implausible': 'Aucun patient ne peut avoir cette valeur : l’unité est sans doute fausse.',
    'limit-missing': 'Les limites de la normale ne sont pas jointes au résultat.',
    'baseline-missing': 'Aucune valeur de référence n’est enregistrée.',
    'needs-clinician': 'Des éléments cliniques absents des données pourraient élever le grade.',
  },
  previous: (grade, day) => `Réponse gradable précédente : ${grade} le ${day}.`,
  noPrevious: 'Aucune réponse gradable auparavant.',
  baseline: (grade, day) => `État initial enregistré : ${grade} le ${day}.`,
  noBaseline: 'Aucun état initial enregistré.',
  transition: {
    none: () => 'Aucune alerte n’est ouverte pour ce symptôme et aucune n’a été ouverte.',
    open: (priority) => `Une alerte a été ouverte en ${priority}.`,
    worse: () => 'L’alerte ouverte s’est aggravée.',
    same: () => 'L’alerte ouverte reste inchangée.',
    better: () => 'L’alerte ouverte s’est améliorée.',
    close: () => 'L’alerte a été close.',
    kept: () => 'L’alerte reste ouverte : cette réponse ne permet pas d’en connaître le grade.',
  },
  priority: {
    PN: 'absence de priorité (PN)',
    PL: 'priorité basse (PL)',
    PM: 'priorité moyenne (PM)',
    PH: 'priorité haute (PH)',
  },
  priorityNow: (now, before) => `Elle est maintenant en ${now}, auparavant en ${before}.`,
  because: (actions) => `Décidé par ${actions}.`,
  action: (title, id, policy) => `${title} (${id} de ${policy})`,
  undecided: (actions, unknown) =>
    `Indécidable, ce qui n’est pas un non : ${actions}${unknown ? ` ; ${unknown}` : ''}.`,
  nothingTrue: 'Aucune condition des règles n’était vraie.',
  noPolicy: 'Aucune règle n’est active : rien ne peut être signalé.',
  calm: (days) => `Jours calmes comptés pour la clôture : ${days}.`,
  versions: (engine, grading, fhirpath, form, policies) =>
    `Versions : ${engine}, barème ${grading}, fhirpath ${fhirpath}, formulaire ${form}, règles ${policies}.`,
  and: ' et ',
  none: 'aucune',
};

const NOT_GRADABLE: Record<NotGradable, { en: string; fr: string }> = {
  'not-answered': { en: 'nothing was answered', fr: 'aucune réponse' },
  'opted-out': {
    en: 'the patient chose not to answer, or it does not apply',
    fr: 'le patient n’a pas souhaité répondre, ou sans objet',
  },
  'not-asked': { en: 'the form does not ask it', fr: 'le formulaire ne pose pas la question' },
  'ambiguous-item': {
    en: 'two items or repetitions carry the same code',
    fr: 'deux questions ou répétitions portent le même code',
  },
  'no-value': { en: 'the result has no number', fr: 'le résultat n’a pas de valeur' },
  'unit-unknown': {
    en: 'the unit is missing, or not one that this analyte is graded in',
    fr: 'l’unité manque, ou le résultat n’est pas gradé dans cette unité',
  },
  'value-implausible': { en: 'no patient can have this value', fr: 'aucun patient ne peut avoir cette valeur' },
  'limit-missing': {
    en: 'the limits of normal did not come with the result',
    fr: 'les limites de la normale ne sont pas jointes au résultat',
  },
  'baseline-missing': { en: 'no baseline is recorded', fr: 'aucune valeur de référence n’est enregistrée' },
  'needs-clinician': {
    en: 'it takes clinical facts that the data do not hold',
    fr: 'il faut des éléments cliniques absents des données',
  },
};

/** The words of each language. The French is our own. */
export const WORDS: Record<'en' | 'fr', Words> = { en: english, fr: french };
