import type { CodeableConcept, ObservationComponent } from '@medplum/fhirtypes';
import type { StructuredAnswer } from '../finding.ts';
import { CONSEQUENCES } from '../gradings/ctcae-answer-form.ts';
import { CTCAE_ANSWER } from '../gradings/ctcae-answer-items.ts';
import { absentConcept, EXTENSION } from './codes.ts';
import type { Label, Language } from './labels.ts';

/** What is asked of a term, as short labels of our own: no wording for patients. The French is ours too. */
const INPUTS: Readonly<Record<string, Label>> = {
  present: { en: 'there at all', fr: 'présence' },
  severity: { en: 'severity', fr: 'intensité' },
  limitsIADL: { en: 'limits instrumental activities of daily living', fr: 'gêne les activités instrumentales' },
  limitsSelfCare: { en: 'limits self-care', fr: 'gêne les soins personnels' },
  exertion: { en: 'exertion that brings it on', fr: 'effort qui le provoque' },
  relievedByRest: { en: 'relieved by rest', fr: 'soulagé par le repos' },
  stoolsPerDay: { en: 'stools per day', fr: 'selles par jour' },
  baselineStoolsPerDay: { en: 'usual stools per day', fr: 'selles par jour d’habitude' },
  ostomy: { en: 'increase of ostomy output', fr: 'augmentation du débit de la stomie' },
  hospitalisation: { en: 'hospitalisation indicated', fr: 'hospitalisation indiquée' },
  percentLost: { en: 'hair lost, per cent', fr: 'cheveux perdus, pour cent' },
};

/** The coded answers of the table. */
export const ANSWER_LABELS: Readonly<Record<string, Label>> = {
  none: { en: 'none', fr: 'aucun' },
  mild: { en: 'mild', fr: 'léger' },
  moderate: { en: 'moderate', fr: 'modéré' },
  severe: { en: 'severe', fr: 'sévère' },
  minimal: { en: 'minimal', fr: 'minime' },
  rest: { en: 'at rest', fr: 'au repos' },
  '<50': { en: 'less than 50', fr: 'moins de 50' },
  '>=50': { en: '50 or more', fr: '50 ou plus' },
};

/** The name of an input; one that has none is its own. */
export const inputLabel = (input: string): Label => INPUTS[input] ?? { en: input, fr: input };

/** The answers that a CTCAE grade rests on, as components of its Observation; those that are not there say why. */
export const structuredComponents = (
  term: string,
  structured: readonly StructuredAnswer[],
  language: Language,
): ObservationComponent[] =>
  structured.map((answer) => {
    const { en, [language]: text } = inputLabel(answer.input);
    return {
      ...(answer.state === 'hidden' ? { extension: [{ url: EXTENSION.branched, valueString: answer.because }] } : {}),
      code: concept(`${term}.${answer.input}`, en, text),
      ...resultOf(answer, language),
    };
  });

function resultOf(answer: StructuredAnswer, language: Language): Partial<ObservationComponent> {
  switch (answer.state) {
    case 'answered': {
      const { value } = answer;
      if (typeof value === 'boolean') return { valueBoolean: value };
      if (typeof value === 'number') return { valueInteger: value };
      const label = ANSWER_LABELS[value] ?? { en: value, fr: value };
      return { valueCodeableConcept: concept(value, label.en, label[language]) };
    }
    case 'hidden':
      if (CONSEQUENCES.has(answer.input)) return { valueBoolean: false };
      return { dataAbsentReason: absentConcept('not-applicable') };
    case 'opted-out':
      return { dataAbsentReason: absentConcept(answer.code === 'asked-declined' ? 'asked-declined' : 'unknown') };
    case 'missing':
      return { dataAbsentReason: absentConcept('unknown') };
    case 'not-asked':
      return { dataAbsentReason: absentConcept('not-asked') };
  }
}

const concept = (code: string, display: string, text: string): CodeableConcept => ({
  coding: [{ system: CTCAE_ANSWER, code, display }],
  ...(text === display ? {} : { text }),
});
