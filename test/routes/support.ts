import { readFileSync } from 'node:fs';
import type { PlanDefinition, Questionnaire, Resource } from '@medplum/fhirtypes';
import { sql } from 'kysely';
import type { Answer, TestApp } from '../support/app.ts';

/** HL7's own example of a type. */
const example = (name: string): Resource =>
  JSON.parse(readFileSync(`node_modules/hl7.fhir.r4.examples/${name}.json`, 'utf8'));

const text = (said: string) => ({ text: said });
const about = (reference: string) => ({ subject: { reference } });
const coding = { system: 'https://example.org/CodeSystem/colour', code: 'red' };

/** The least that each other type asks for, and whose it is. */
const LEAST: Readonly<Record<string, (patient: string) => object>> = {
  Practitioner: () => ({ active: true }),
  PractitionerRole: () => ({ active: true }),
  Organization: () => ({ name: 'Ward' }),
  Group: () => ({ type: 'person', actual: false }),
  RelatedPerson: (patient) => ({ patient: { reference: patient } }),
  Encounter: (patient) => ({ status: 'finished', class: coding, ...about(patient) }),
  Condition: (patient) => ({ code: text('Cough'), ...about(patient) }),
  MedicationAdministration: (patient) => ({
    status: 'completed',
    medicationCodeableConcept: text('A'),
    effectiveDateTime: '2026-11-20',
    ...about(patient),
  }),
  MedicationStatement: (patient) => ({ status: 'active', medicationCodeableConcept: text('A'), ...about(patient) }),
  ServiceRequest: (patient) => ({ status: 'active', intent: 'order', ...about(patient) }),
  CarePlan: (patient) => ({ status: 'active', intent: 'plan', ...about(patient) }),
  Task: (patient) => ({ status: 'requested', intent: 'order', for: { reference: patient } }),
  Communication: (patient) => ({ status: 'completed', ...about(patient) }),
  Consent: (patient) => ({
    status: 'active',
    scope: text('Research'),
    category: [text('Research')],
    patient: { reference: patient },
    policyRule: text('opt in'),
  }),
  ResearchStudy: () => ({ status: 'active' }),
  ResearchSubject: (patient) => ({
    status: 'candidate',
    study: { display: 'A study' },
    individual: { reference: patient },
  }),
  AdverseEvent: (patient) => ({ actuality: 'actual', ...about(patient) }),
  Basic: () => ({ code: text('Note') }),
  Binary: () => ({ contentType: 'text/plain', data: 'YQ==' }),
  ConceptMap: () => ({ status: 'draft' }),
  OperationDefinition: () => ({
    name: 'Blink',
    status: 'draft',
    kind: 'operation',
    code: 'blink',
    system: true,
    type: false,
    instance: false,
  }),
  Subscription: () => ({
    status: 'off',
    reason: 'To know',
    criteria: 'Flag?status=active',
    channel: { type: 'rest-hook', endpoint: 'https://example.org/hook' },
  }),
};

/** A resource of each type that a client may write, valid, and with a patient of this server where it needs one. */
export const VALID: Readonly<Record<string, (patient: string) => Resource>> = {
  Patient: () => example('Patient-example'),
  Questionnaire: () => ({ ...aForm(), url: 'https://example.org/Questionnaire/generic' }),
  QuestionnaireResponse: (subject) => ({
    resourceType: 'QuestionnaireResponse',
    status: 'completed',
    questionnaire: `${FORM_URL}|1`,
    subject: { reference: subject },
    authored: '2026-11-20T09:00:00Z',
    item: [{ linkId: 'mood', answer: [{ valueInteger: 3 }] }],
  }),
  Observation: (subject) => ({
    ...(example('Observation-body-temperature') as object),
    resourceType: 'Observation',
    status: 'final',
    code: { coding: [{ system: 'http://loinc.org', code: '8331-1' }] },
    subject: { reference: subject },
  }),
  Device: () => example('Device-f001'),
  PlanDefinition: () => example('PlanDefinition-low-suicide-risk-order-set'),
  Library: () => example('Library-example'),
  CodeSystem: () => ({
    resourceType: 'CodeSystem',
    url: 'https://example.org/CodeSystem/colour',
    status: 'active',
    content: 'complete',
    concept: [{ code: 'red' }],
  }),
  ValueSet: () => ({
    resourceType: 'ValueSet',
    url: 'https://example.org/ValueSet/colour',
    status: 'active',
    compose: { include: [{ system: 'https://example.org/CodeSystem/colour' }] },
  }),
  StructureDefinition: () => ({
    resourceType: 'StructureDefinition',
    url: 'https://example.org/StructureDefinition/hue',
    name: 'Hue',
    status: 'draft',
    kind: 'complex-type',
    abstract: false,
    type: 'Extension',
    baseDefinition: 'http://hl7.org/fhir/StructureDefinition/Extension',
    derivation: 'constraint',
    context: [{ type: 'element', expression: 'Patient' }],
    differential: { element: [{ id: 'Extension', path: 'Extension' }] },
  }),
  SearchParameter: () => ({
    resourceType: 'SearchParameter',
    url: 'https://example.org/SearchParameter/hue',
    name: 'Hue',
    status: 'draft',
    description: 'Finds by hue',
    code: 'hue',
    base: ['Patient'],
    type: 'token',
    expression: 'Patient.extension',
  }),
  ...Object.fromEntries(
    Object.entries(LEAST).map(([type, make]) => [
      type,
      (patient: string) => ({ resourceType: type, ...make(patient) }) as Resource, // the least of that type
    ]),
  ),
};

export const FORM_URL = 'https://example.org/Questionnaire/small';

/** A form with what the rules of answers need: required, repeats, options, a branch, text, a whole number. */
export function aForm(over: Partial<Questionnaire> = {}): Questionnaire {
  return {
    resourceType: 'Questionnaire',
    url: FORM_URL,
    version: '1',
    status: 'active',
    item: [
      { linkId: 'mood', type: 'integer', text: 'Mood', required: true },
      {
        linkId: 'colour',
        type: 'choice',
        text: 'Colour',
        answerOption: [{ valueCoding: { system: 'urn:x', code: 'red' } }],
      },
      { linkId: 'pets', type: 'string', text: 'Names of pets', repeats: true, maxLength: 20 },
      {
        linkId: 'why',
        type: 'string',
        text: 'Why',
        enableWhen: [{ question: 'mood', operator: '>', answerInteger: 5 }],
      },
    ],
    ...over,
  };
}

/** A policy with one action, sound unless changed. */
export function aPolicy(expression: string, over: Partial<PlanDefinition> = {}): PlanDefinition {
  return {
    resourceType: 'PlanDefinition',
    url: 'https://example.org/PlanDefinition/mine',
    version: '1',
    status: 'active',
    type: { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/plan-definition-type', code: 'eca-rule' }] },
    action: [
      {
        id: 'first',
        extension: [
          {
            url: 'http://hl7.org/fhir/StructureDefinition/flag-priority',
            valueCodeableConcept: {
              coding: [{ system: 'http://hl7.org/fhir/flag-priority-code', code: 'PM' }],
            },
          },
        ],
        title: 'First',
        code: [{ coding: [{ system: 'https://vigie.example/fhir/CodeSystem/policy-action', code: 'open' }] }],
        trigger: [{ type: 'data-added', data: [{ type: 'QuestionnaireResponse' }] }],
        condition: [{ kind: 'applicability', expression: { language: 'text/fhirpath', expression } }],
      },
    ],
    ...over,
  };
}

/** How many rows each table holds: a refused request leaves it as it was. */
export async function rowCounts({ database }: TestApp): Promise<Record<string, number>> {
  const { kysely } = database.db;
  const tables = await sql<{ name: string }>`
    select tablename as name from pg_tables where schemaname = 'public' order by 1`.execute(kysely);
  const counts: Record<string, number> = {};
  for (const { name } of tables.rows) {
    const { rows } = await sql<{ n: string }>`select count(*) as n from ${sql.table(name)}`.execute(kysely);
    counts[name] = Number(rows[0]?.n);
  }
  return counts;
}

/** Writes what a test needs; fails loudly. Gives the stored resource. */
export async function put(app: TestApp, resource: Resource): Promise<Answer['body']> {
  const { status, body } = await app.send('POST', `/${resource.resourceType}`, resource);
  if (status !== 201) throw new Error(`${resource.resourceType} was refused: ${status} ${JSON.stringify(body)}`);
  return body;
}

/** The refusal that an answer is, or what is wrong with it as one. */
export function refusal({ status, headers, body }: Answer): unknown {
  const [issue] = body?.issue ?? [];
  return {
    status,
    type: String(headers['content-type']),
    resourceType: body?.resourceType,
    code: issue?.code,
    expression: issue?.expression?.[0],
  };
}

/** What `refusal` gives for a proper one. */
export const refused = (status: number, code: string, expression?: string): unknown => ({
  status,
  type: 'application/fhir+json; charset=utf-8',
  resourceType: 'OperationOutcome',
  code,
  expression,
});
