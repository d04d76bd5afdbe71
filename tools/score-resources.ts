import type { CodeSystem, CodeSystemConcept } from '@medplum/fhirtypes';
import { LOINC } from '../src/fhir/canonical.ts';
import { SCORE_GRADINGS } from '../src/rules/gradings/scores/index.ts';
import { SCORE, type ScoreData } from '../src/rules/gradings/scores/score.ts';

/** The resources in `profiles/` that are made from the data of the questionnaires, by file name. */
export function scoreResources(): Record<string, object> {
  return { 'CodeSystem-score.json': codeSystem() };
}

function codeSystem(): CodeSystem {
  const concept = [...SCORE_GRADINGS.flatMap(({ data }) => conceptsOf(data)), ...bandConcepts()];
  return {
    resourceType: 'CodeSystem',
    language: 'en',
    url: SCORE,
    version: '1.0.0',
    name: 'VigieScore',
    title: 'Questionnaires: items, scores, bands',
    status: 'active',
    experimental: false,
    description:
      'Items and scores of the questionnaires that are scored beside PRO-CTCAE, and their published bands. Displays are short labels of ours, ' +
      'never the wording of an item. Each instrument has its own licence, which its Library tells.',
    caseSensitive: true,
    content: 'complete',
    count: concept.length,
    property: [
      { code: 'kind', type: 'code', description: 'item, score or band; an item whose answer is also a score is both' },
      { code: 'instrument', type: 'code', description: 'The system of the Library that scores it' },
      { code: 'loinc', type: 'Coding', description: 'The same item or score in LOINC, where it was read in a source' },
    ],
    concept,
  };
}

function conceptsOf({ system, items, scores }: ScoreData): CodeSystemConcept[] {
  const scored = new Set(scores.map(({ code }) => code));
  const asked = new Set(items.map(({ code }) => code));
  return [...items, ...scores.filter(({ code }) => !asked.has(code))].map(({ code, label, loinc }) => ({
    code,
    display: label,
    property: [
      ...(asked.has(code) ? [{ code: 'kind', valueCode: 'item' }] : []),
      ...(scored.has(code) ? [{ code: 'kind', valueCode: 'score' }] : []),
      { code: 'instrument', valueCode: system },
      ...(loinc ? [{ code: 'loinc', valueCoding: { system: LOINC, code: loinc } }] : []),
    ],
  }));
}

function bandConcepts(): CodeSystemConcept[] {
  const bands = SCORE_GRADINGS.flatMap(({ data }) =>
    data.scores.flatMap(({ bands = [] }) => bands.map(({ code }) => ({ code, system: data.system }))),
  );
  return [...new Set(bands.map(({ code }) => code))].map((code) => ({
    code,
    display: code.charAt(0).toUpperCase() + code.slice(1).replaceAll('-', ' '),
    property: [
      { code: 'kind', valueCode: 'band' },
      ...[...new Set(bands.filter((band) => band.code === code).map(({ system }) => system))].map((system) => ({
        code: 'instrument',
        valueCode: system,
      })),
    ],
  }));
}
