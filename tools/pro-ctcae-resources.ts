import type { CodeSystem, CodeSystemConcept, CodeSystemConceptProperty } from '@medplum/fhirtypes';
import { CANONICAL, NCIT, PRO_CTCAE } from '../src/fhir/canonical.ts';
import { ATTRIBUTES, composeForm, type Label } from '../src/forms.ts';
import { answerCode, DATA, measureOf, OTHER, optOutCode, TERMS } from '../src/rules/gradings/pro-ctcae-data.ts';

/** A demonstration selection of common symptoms: nobody's published set. */
const WEEKLY = [8, 9, 10, 15, 16, 19, 20, 39, 48, 52, 53, 56];
/** The weekly terms, and skin, mouth, eye, pain and chills that early-phase agents often touch; a demonstration too. */
const EARLY_PHASE = [...WEEKLY, 3, 17, 24, 28, 30, 41, 49, 74].sort((a, b) => a - b);

/** The resources in `profiles/` that are made from the grading data, by file name. */
export function proCtcaeResources(): Record<string, object> {
  const form = { languages: ['fr', 'en'], version: '1.0.0' } as const;
  return {
    'CodeSystem-pro-ctcae.json': codeSystem(),
    'Questionnaire-pro-ctcae-weekly.json': composeForm(
      {
        ...form,
        terms: WEEKLY,
        url: `${CANONICAL}/Questionnaire/pro-ctcae-weekly`,
        title: {
          fr: 'PRO-CTCAE, suivi hebdomadaire, 12 symptômes (démonstration)',
          en: 'PRO-CTCAE, weekly, 12 symptoms (demonstration)',
        },
      },
      DATA.items,
    ),
    'Questionnaire-pro-ctcae-early-phase.json': composeForm(
      {
        ...form,
        terms: EARLY_PHASE,
        otherSymptom: true,
        url: `${CANONICAL}/Questionnaire/pro-ctcae-early-phase`,
        title: {
          fr: 'PRO-CTCAE, essai de phase précoce, 20 symptômes (démonstration)',
          en: 'PRO-CTCAE, early-phase trial, 20 symptoms (demonstration)',
        },
      },
      DATA.items,
    ),
  };
}

function codeSystem(): CodeSystem {
  const concept = [
    ...DATA.items.terms.flatMap(itemConcepts),
    ...TERMS.map(termConcept),
    ...otherConcepts(),
    ...Object.entries(ATTRIBUTES).map(([code, label]) => aConcept(code, label, 'attribute')),
    ...answerConcepts(),
    ...Object.entries(DATA.items.optOutOptions).map(([option, label]) =>
      aConcept(optOutCode(option), label, 'opt-out', 'An opt-out: it has no number, is never 0 and never imputed.'),
    ),
    {
      code: OWN_TRANSLATION,
      display: "Our own translation, not NCI's certified one",
      definition: 'Use of a designation that nobody has validated for patients.',
      property: [{ code: 'kind', valueCode: 'designation-use' }],
    },
  ];
  return {
    resourceType: 'CodeSystem',
    language: 'en',
    url: PRO_CTCAE,
    version: '1.0.0',
    name: 'ProCtcae',
    title: 'PRO-CTCAE v1.0: items, results, answers',
    status: 'active',
    experimental: false,
    description:
      'Item ids of the NCI PRO-CTCAE v1.0 library, the result of each term, the attributes, the answers with their numbers ' +
      'and the opt-outs. Displays are short labels (term and attribute), not the items of NCI; French designations are our own translation.',
    copyright: DATA.licence.note,
    caseSensitive: true,
    content: 'complete',
    count: concept.length,
    property: [
      { code: 'kind', type: 'code', description: 'item, result, attribute, answer, opt-out or designation-use' },
      { code: 'result', type: 'code', description: 'The code of the term that an item belongs to' },
      { code: 'attribute', type: 'code', description: 'The attribute that an item or an answer measures' },
      { code: 'ncit', type: 'Coding', description: 'The same item in the NCI Thesaurus' },
    ],
    concept,
  };
}

const OWN_TRANSLATION = 'own-translation';

function itemConcepts({ number, term, termFr, items }: (typeof DATA.items.terms)[number]): CodeSystemConcept[] {
  return items.map(({ itemId, attribute, nciThesaurusCode }) =>
    aConcept(
      itemId,
      { en: `${term}: ${ATTRIBUTES[attribute].en}`, fr: `${termFr} : ${ATTRIBUTES[attribute].fr}` },
      'item',
      `Item of PRO-CTCAE v1.0, recall period ${DATA.items.recallPeriod.en}.`,
      [
        { code: 'result', valueCode: `PROCTCAE_${number}_COMP` },
        { code: 'attribute', valueCode: attribute },
        { code: 'ncit', valueCoding: { system: NCIT, code: nciThesaurusCode } },
      ],
    ),
  );
}

const RESULTS = {
  composite: {
    en: 'composite grade',
    fr: 'grade composite',
    definition:
      'Composite grade 0-3 of the term. Source: Basch et al., Clin Trials 2021;18(1):104-114. It is not a CTCAE grade.',
  },
  presence: {
    en: 'result',
    fr: 'résultat',
    definition: 'Result of the yes/no item, 0 or 1: no composite grade is published for this term.',
  },
  text: {
    en: 'result',
    fr: 'résultat',
    definition:
      'Symptoms outside the item library, as the patient wrote them: 1 when any was reported, else 0. Not a PRO-CTCAE grade; for a person to read.',
  },
};

function termConcept({ code, en, fr, kind }: (typeof TERMS)[number]): CodeSystemConcept {
  const result = RESULTS[kind];
  return aConcept(code, { en: `${en}: ${result.en}`, fr: `${fr} : ${result.fr}` }, 'result', result.definition);
}

function otherConcepts(): CodeSystemConcept[] {
  const { term, presence, text } = OTHER;
  const ncit = DATA.items.freeText.cdisc.find((item) => item.ncit)?.ncit;
  const label = (attribute: 'presence' | 'text') => ({
    en: `${term.en}: ${ATTRIBUTES[attribute].en}`,
    fr: `${term.fr} : ${ATTRIBUTES[attribute].fr}`,
  });
  const result = { code: 'result', valueCode: term.code };
  return [
    aConcept(presence, label('presence'), 'item', 'Whether any other symptom is reported.', [
      result,
      { code: 'attribute', valueCode: 'presence' },
      ...(ncit ? [{ code: 'ncit', valueCoding: { system: NCIT, code: ncit } }] : []),
    ]),
    aConcept(text, label('text'), 'item', 'Other symptoms in the words of the patient; the code of the item is ours.', [
      result,
      { code: 'attribute', valueCode: 'text' },
    ]),
  ];
}

function answerConcepts(): CodeSystemConcept[] {
  const byCode = new Map<string, CodeSystemConcept>();
  for (const [name, scale] of Object.entries(DATA.items.scales)) {
    const attribute = measureOf(name);
    for (const value of scale.values) {
      const code = answerCode(attribute, value.code);
      byCode.set(code, {
        extension: [
          { url: 'http://hl7.org/fhir/StructureDefinition/codesystem-ordinalValue', valueDecimal: value.code },
        ],
        ...aConcept(code, value, 'answer', undefined, [{ code: 'attribute', valueCode: attribute }]),
      });
    }
  }
  return [...byCode.values()];
}

function aConcept(
  code: string,
  label: Label,
  kind: string,
  definition?: string,
  properties: CodeSystemConceptProperty[] = [],
): CodeSystemConcept {
  return {
    code,
    display: label.en,
    ...(definition === undefined ? {} : { definition }),
    designation: [{ language: 'fr', use: { system: PRO_CTCAE, code: OWN_TRANSLATION }, value: label.fr }],
    property: [{ code: 'kind', valueCode: kind }, ...properties],
  };
}
