import type { ObservationComponent } from '@medplum/fhirtypes';
import { SYSTEM } from './codes.ts';
import type { Label, Language } from './labels.ts';

/** Facts that decide between the grades of a result and that an Observation may state of itself. The French is our own. */
export const CLINICAL_FACTS: Readonly<Record<string, Label>> = {
  symptomatic: { en: 'with symptoms', fr: 'avec symptômes' },
  fasting: { en: 'fasting', fr: 'à jeun' },
  corrected: { en: 'corrected for albumin', fr: 'corrigé selon l’albumine' },
  resting: { en: 'at rest', fr: 'au repos' },
  on_anticoagulation: { en: 'on anticoagulation', fr: 'sous anticoagulant' },
  chronic: { en: 'chronic', fr: 'chronique' },
};

type Facts = Readonly<Record<string, boolean>>;

/** The stated facts that a grade rests on, as components of its Observation. */
export const factComponents = (facts: Facts, language: Language): ObservationComponent[] =>
  Object.entries(facts).map(([code, valueBoolean]) => ({
    code: {
      coding: [{ system: SYSTEM.clinicalFact, code, display: CLINICAL_FACTS[code]?.en ?? code }],
      ...(language === 'en' ? {} : { text: CLINICAL_FACTS[code]?.[language] ?? code }),
    },
    valueBoolean,
  }));

/** The same in words; nothing where none was stated. */
export function factsText(facts: Facts | undefined, language: Language): string[] {
  if (!facts) return [];
  const { stated, yes, no } = WORDS[language];
  const list = Object.entries(facts).map(
    ([code, is]) => `${CLINICAL_FACTS[code]?.[language] ?? code} (${is ? yes : no})`,
  );
  return [stated(list.join(', '))];
}

interface Words {
  stated(list: string): string;
  yes: string;
  no: string;
}

const WORDS: Readonly<Record<Language, Words>> = {
  en: { stated: (list) => `Stated with the result: ${list}.`, yes: 'yes', no: 'no' },
  fr: { stated: (list) => `Précisé avec le résultat : ${list}.`, yes: 'oui', no: 'non' },
};
