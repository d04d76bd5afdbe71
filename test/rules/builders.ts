import { readFileSync } from 'node:fs';
import type { PlanDefinition, PlanDefinitionAction } from '@medplum/fhirtypes';
import type { Priority } from '../../src/rules/episode.ts';
import type { Answer, Attribute, Finding, Report } from '../../src/rules/finding.ts';
import type { ActionCode } from '../../src/rules/policy-language.ts';

/** Diarrhoea has frequency alone, nausea (9) frequency and severity: the default term of these builders. */
export const TERM = 'PROCTCAE_9_COMP';

export type Score = number | 'missing' | 'hidden' | 'opted-out' | 'not-asked' | 'written';

/** Attributes from scores; what is absent the term does not have. */
export function answers(scores: Partial<Record<Attribute, Score>>): Finding['attributes'] {
  return Object.fromEntries(
    Object.entries(scores).map(([attribute, score]) => [attribute, answer(`item-${attribute}`, score)]),
  );
}

function answer(linkId: string, score: Score): Answer {
  if (typeof score === 'number') return { state: 'answered', value: score, linkId };
  switch (score) {
    case 'hidden':
      return { state: 'hidden', value: 0, linkId, because: 'item-frequency' };
    case 'opted-out':
      return { state: 'opted-out', linkId, code: 'prefer-not-to-answer' };
    case 'not-asked':
      return { state: 'not-asked' };
    default:
      return { state: score, linkId };
  }
}

const base = { term: TERM, system: 'pro-ctcae', version: '1.0', kind: 'composite', dataQuality: [] } as const;

/** A graded composite; complete unless a score says otherwise. */
export function graded(
  grade: number,
  scores: Partial<Record<Attribute, Score>> = { frequency: grade, severity: grade },
): Finding {
  return { ...base, outcome: { kind: 'graded', grade }, attributes: answers(scores) };
}

export function atLeast(
  min: number,
  max: number,
  scores: Partial<Record<Attribute, Score>> = { frequency: 2, severity: 'missing' },
): Finding {
  return { ...base, outcome: { kind: 'at-least', min, max, missing: ['severity'] }, attributes: answers(scores) };
}

export function notGradable(
  scores: Partial<Record<Attribute, Score>> = { frequency: 'missing', severity: 'missing' },
): Finding {
  return {
    ...base,
    outcome: { kind: 'not-gradable', reason: 'not-answered', missing: ['frequency', 'severity'] },
    attributes: answers(scores),
  };
}

/** Frequency 0 with a severity above it. */
export function contradictory(severity: number): Finding {
  const dataQuality = severity >= 3 ? (['contradictory', 'needs-review'] as const) : (['contradictory'] as const);
  return { ...graded(0, { frequency: 0, severity }), dataQuality };
}

export function presence(yes: 0 | 1): Finding {
  return {
    ...base,
    term: 'PROCTCAE_5_COMP',
    kind: 'presence',
    outcome: { kind: 'graded', grade: yes },
    attributes: answers({ presence: yes }),
  };
}

export function other(written: boolean): Finding {
  return {
    ...base,
    term: 'PROCTCAE_OTHER',
    kind: 'text',
    outcome: { kind: 'graded', grade: written ? 1 : 0 },
    attributes: answers(written ? { presence: 1, text: 'written' } : { presence: 0, text: 'missing' }),
  };
}

/** A report at 08:00 UTC of a day of 2026, written `MM-DD`, or at a full instant. The id is the day unless given. */
export function report(
  day: string,
  findings: Finding | readonly Finding[],
  { id = day, version = 1, baseline = false }: { id?: string; version?: number; baseline?: boolean } = {},
): Report {
  const at = day.includes('T') ? day : `2026-${day}T08:00:00.000Z`;
  return {
    source: { type: 'QuestionnaireResponse', id, version },
    at,
    day: at.slice(0, 10),
    baseline,
    findings: Array.isArray(findings) ? findings : [findings as Finding],
  };
}

export interface ActionSpec {
  id: string;
  code?: ActionCode;
  priority?: Priority;
  expression?: string;
}

/** A sound PlanDefinition of one action per spec: `open` at PM unless said. */
export function plan(actions: readonly ActionSpec[], over: Partial<PlanDefinition> = {}): PlanDefinition {
  return {
    resourceType: 'PlanDefinition',
    url: 'https://example.org/PlanDefinition/test',
    version: '1',
    status: 'active',
    type: { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/plan-definition-type', code: 'eca-rule' }] },
    action: actions.map(action),
    ...over,
  };
}

export function action({
  id,
  code = 'open',
  priority = 'PM',
  expression = '%finding.min >= 3',
}: ActionSpec): PlanDefinitionAction {
  return {
    id,
    ...(code === 'close' ? {} : { extension: [flagPriority(priority)] }),
    title: `Title of ${id}`,
    code: [{ coding: [{ system: 'https://vigie.example/fhir/CodeSystem/policy-action', code }] }],
    trigger: [{ type: 'data-added', data: [{ type: 'QuestionnaireResponse' }] }],
    condition: [{ kind: 'applicability', expression: { language: 'text/fhirpath', expression } }],
  };
}

export const flagPriority = (code: string) => ({
  url: 'http://hl7.org/fhir/StructureDefinition/flag-priority',
  valueCodeableConcept: { coding: [{ system: 'http://hl7.org/fhir/flag-priority-code', code }] },
});

/** Source: HL7 FHIR R4 4.0.1, extension translation. */
export const translation = (lang: string, content: string) => ({
  url: 'http://hl7.org/fhir/StructureDefinition/translation',
  extension: [
    { url: 'lang', valueCode: lang },
    { url: 'content', valueString: content },
  ],
});

export function demonstration(): PlanDefinition {
  return JSON.parse(readFileSync('profiles/policies/demonstration.json', 'utf8')) as PlanDefinition;
}

/** JSON without members that are undefined, to compare what a step made with what was stored and read back. */
export const plain = <T>(value: T): T => JSON.parse(JSON.stringify(value)) as T;
