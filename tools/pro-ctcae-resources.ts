import type { CodeSystem, CodeSystemConcept, CodeSystemConceptProperty } from '@medplum/fhirtypes';
import { CANONICAL, NCIT, PRO_CTCAE } from '../src/fhir/canonical.ts';
import { composeForm } from '../src/forms.ts';
import { answerCode, DATA, measureOf, OTHER, optOutCode, TERMS } from '../src/rules/gradings/pro-ctcae-data.ts';
import { ATTRIBUTE, type Label, labelsOf } from '../src/rules/resources/labels.ts';

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
    ...TERMS.flatMap(itemConcepts),
    ...TERMS.map(({ code, kind }) => aConcept(code, LABELS.term(code).result, 'result', RESULTS[kind])),
    ...Object.entries(ATTRIBUTE).map(([code, label]) => aConcept(code, label, 'attribute')),
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
const LABELS = labelsOf(DATA.items);

const ITEM = `Item of PRO-CTCAE v1.0; recall period: ${DATA.items.recallPeriod.en}.`;
const WRITE_IN = 'Other symptoms in the words of the patient; the code is ours, not one of the instrument.';
const RESULTS = {
  composite:
    'Composite grade 0-3 of the term. Source: Basch et al., Clin Trials 2021;18(1):104-114. It is not a CTCAE grade.',
  presence: 'Result of the yes/no item, 0 or 1: no composite grade is published for this term.',
  text: 'Symptoms outside the item library in the words of the patient: 1 when any was reported, else 0. No published grade; for a person to read.',
};

function itemConcepts({ code: result }: (typeof TERMS)[number]): CodeSystemConcept[] {
  return Object.entries(LABELS.term(result).items).map(([attribute, { code, ncit, ...label }]) =>
    aConcept(code, label, 'item', code === OTHER.text ? WRITE_IN : ITEM, [
      { code: 'result', valueCode: result },
      { code: 'attribute', valueCode: attribute },
      ...(ncit ? [{ code: 'ncit', valueCoding: { system: NCIT, code: ncit } }] : []),
    ]),
  );
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
