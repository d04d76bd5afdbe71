import { ATTRIBUTE, isAttribute, type Label, type Language } from './resources/labels.ts';

/** Names of the variables of policies, as an explanation speaks of them. The French is our own. */
const NAMES: Readonly<Record<string, Label>> = {
  '%finding': { en: 'report', fr: 'réponse' },
  '%finding.term': { en: 'term', fr: 'terme' },
  '%finding.system': { en: 'grading', fr: 'barème' },
  '%finding.version': { en: 'version of the grading', fr: 'version du barème' },
  '%finding.kind': { en: 'kind', fr: 'type' },
  '%finding.outcome': { en: 'outcome', fr: 'issue' },
  '%finding.grade': { en: 'grade', fr: 'grade' },
  '%finding.min': { en: 'lowest certain grade', fr: 'grade minimal certain' },
  '%finding.max': { en: 'highest grade not excluded', fr: 'grade maximal non exclu' },
  '%finding.value': { en: 'measured value', fr: 'valeur mesurée' },
  '%finding.unit': { en: 'unit', fr: 'unité' },
  '%finding.loinc': { en: 'LOINC code', fr: 'code LOINC' },
  '%finding.timesUpperLimit': {
    en: 'multiple of the upper limit of normal',
    fr: 'multiple de la limite supérieure de la normale',
  },
  '%finding.timesLowerLimit': {
    en: 'multiple of the lower limit of normal',
    fr: 'multiple de la limite inférieure de la normale',
  },
  '%finding.timesBaseline': { en: 'multiple of the recorded baseline', fr: 'multiple de la valeur de référence' },
  '%finding.answeringTime': { en: 'seconds of answering', fr: 'durée de réponse en secondes' },
  '%finding.items': { en: 'graded answers', fr: 'réponses gradées' },
  '%finding.distinctAnswers': { en: 'different answers', fr: 'réponses différentes' },
  '%finding.highestAnswer': { en: 'highest answer', fr: 'réponse la plus haute' },
  '%finding.unclearValue': { en: 'value that does not tell', fr: 'valeur qui ne permet pas de conclure' },
  '%finding.complete': { en: 'complete report', fr: 'réponse complète' },
  '%finding.contradictory': { en: 'contradictory report', fr: 'réponse contradictoire' },
  '%finding.needsReview': { en: 'needs review', fr: 'à relire' },
  '%finding.written': { en: 'something written', fr: 'texte écrit' },
  '%previous': { en: 'previous report', fr: 'réponse précédente' },
  '%previous.grade': { en: 'previous grade', fr: 'grade précédent' },
  '%previous.at': { en: 'previous moment', fr: 'moment précédent' },
  '%previous.date': { en: 'previous day', fr: 'jour précédent' },
  '%baseline': { en: 'recorded baseline', fr: 'état initial enregistré' },
  '%baseline.grade': { en: 'baseline grade', fr: 'grade initial' },
  '%baseline.at': { en: 'moment of the baseline', fr: 'moment de l’état initial' },
  '%expected': { en: 'expected level', fr: 'niveau attendu' },
  '%expected.level': { en: 'expected level', fr: 'niveau attendu' },
  '%expected.until': { en: 'end of the expectation', fr: 'fin de l’attente' },
  '%expected.inForce': { en: 'expectation in force', fr: 'attente en vigueur' },
  '%episode': { en: 'open Flag', fr: 'alerte ouverte' },
  '%episode.openingLevel': { en: 'opening level', fr: 'niveau d’ouverture' },
  '%episode.grade': { en: 'grade of the Flag', fr: 'grade de l’alerte' },
  '%episode.min': { en: 'lowest certain grade of the Flag', fr: 'grade minimal certain de l’alerte' },
  '%episode.max': { en: 'highest grade not excluded of the Flag', fr: 'grade maximal non exclu de l’alerte' },
  '%episode.priority': { en: 'priority of the Flag', fr: 'priorité de l’alerte' },
  '%episode.start': { en: 'start of the Flag', fr: 'début de l’alerte' },
  '%episode.calmDays': { en: 'calm days', fr: 'jours calmes' },
  '%episode.reports': { en: 'reports since it opened', fr: 'réponses depuis l’ouverture' },
  '%burden': { en: 'burden', fr: 'charge cumulée' },
  '%burden.area': { en: 'burden in grade-days', fr: 'charge en grade-jours' },
  '%burden.days1': { en: 'days at grade 1 or above', fr: 'jours au grade 1 ou plus' },
  '%burden.since': { en: 'start of the burden', fr: 'début de la charge' },
  '%treatment': { en: 'treatment', fr: 'traitement' },
  '%treatment.systemic': { en: 'systemic treatment', fr: 'traitement systémique' },
  '%treatment.cellTherapy': { en: 'cell therapy or bispecific', fr: 'thérapie cellulaire ou bispécifique' },
  '%persistence': { en: 'days on end at a grade', fr: 'jours de suite à un grade' },
  '%symptoms': { en: 'grades as last known', fr: 'derniers grades connus' },
  '%patient': { en: 'patient', fr: 'patient' },
  '%patient.gender': { en: 'gender', fr: 'sexe' },
  '%patient.birthDate': { en: 'date of birth', fr: 'date de naissance' },
  '%now': { en: 'moment of the report', fr: 'moment de la réponse' },
  '%date': { en: 'day of the report', fr: 'jour de la réponse' },
};

/** Words that are values of a variable; all others are codes, which are of no language. The French is our own. */
const WORDS_OF: Readonly<Record<string, Readonly<Record<string, Label>>>> = {
  '%patient.gender': {
    female: { en: 'female', fr: 'féminin' },
    male: { en: 'male', fr: 'masculin' },
    other: { en: 'other', fr: 'autre' },
    unknown: { en: 'unknown', fr: 'inconnu' },
  },
  '%finding.outcome': {
    graded: { en: 'graded', fr: 'gradé' },
    'at-least': { en: 'at least', fr: 'au moins' },
    'not-gradable': { en: 'not gradable', fr: 'sans grade possible' },
  },
};

/** A value of a variable as a reader of the language is told it. */
export const valueName = (mention: string, value: string, language: Language): string =>
  WORDS_OF[mention]?.[value]?.[language] ?? value;

/** The past of a term is all at hand: what is absent of it is not there. Of all else absence says that it is not known. */
const PAST = /^%(?:previous|baseline|expected|episode)(?:\.|$)/;

/** A Flag that is open may have no certain grade. */
const UNTOLD = new Set(['%episode.grade', '%episode.min', '%episode.max']);

/**
 * What it means that a variable is there, or absent: that there is such a thing or none, that its value is known or not, or that it is known
 * or not whether there is such a thing.
 */
export function existenceKind(mention: string, there: boolean): 'there' | 'known' | 'whether' {
  if (mention.startsWith('%treatment.')) return 'whether';
  if (!PAST.test(mention) || UNTOLD.has(mention)) return 'known';
  return there && mention === '%expected.inForce' ? 'known' : 'there';
}

/** Name of a variable or property; of one that has none here its path without the percent sign. `term` names a term by the key that a variable spells. */
export function variableName(mention: string, language: Language, term: (key: string) => string): string {
  const named = NAMES[mention];
  if (named) return named[language];
  const [object = '', property = ''] = mention.slice(1).split('.');
  return patterned(object, property, language, term) ?? mention.slice(1);
}

function patterned(
  object: string,
  property: string,
  language: Language,
  term: (key: string) => string,
): string | undefined {
  const english = language === 'en';
  if (object === 'finding') {
    const asked = /^asks([A-Z].*)$/.exec(property)?.[1]?.toLowerCase();
    const attribute = asked ?? property;
    if (!isAttribute(attribute)) return undefined;
    const name = ATTRIBUTE[attribute][language];
    return asked === undefined ? name : `${name} ${english ? 'asked' : 'dans le formulaire'}`;
  }
  if (object === 'symptoms') return `grade ${english ? 'of' : 'de'} ${term(property)}`;
  const days = object === 'persistence' ? /^days(\d)$/.exec(property)?.[1] : undefined;
  if (days !== undefined)
    return english ? `days on end at grade ${days} or above` : `jours de suite au grade ${days} ou plus`;
  const last = /^last(\d+)$/.exec(object)?.[1];
  return last === undefined ? undefined : ofLast(last, property, english);
}

function ofLast(last: string, property: string, english: boolean): string | undefined {
  if (property === '') return english ? `last ${last} reports` : `${last} dernières réponses`;
  const of = english ? `of the last ${last}` : `des ${last} dernières`;
  const level = /^atLeast(\d)$/.exec(property)?.[1];
  if (level !== undefined)
    return english ? `reports ${of} at grade ${level} or above` : `réponses ${of} au grade ${level} ou plus`;
  switch (property) {
    case 'reports':
      return english ? `reports ${of} there are` : `réponses présentes ${of}`;
    case 'worst':
      return english ? `worst grade ${of} reports` : `pire grade ${of} réponses`;
    case 'sum':
      return english ? `sum of grades ${of} reports` : `somme des grades ${of} réponses`;
    default:
      return undefined;
  }
}
