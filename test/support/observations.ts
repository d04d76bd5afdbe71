import type { Observation, PlanDefinition, PlanDefinitionAction, Quantity } from '@medplum/fhirtypes';
import { CANONICAL } from '../../src/fhir/canonical.ts';
import type { Priority } from '../../src/rules/episode.ts';
import type { Answer, TestApp } from './app.ts';

const UCUM = 'http://unitsofmeasure.org';

export const quantity = (value: number, unit: string): Quantity => ({ value, unit, system: UCUM, code: unit });

export interface Result {
  loinc: string;
  value: number;
  unit: string;
  at: string;
  low?: number;
  high?: number;
}

/** A final laboratory result or vital sign of a patient, with the limits of normal that are given. */
export function aResult(
  subject: string,
  { loinc, value, unit, at, low, high }: Result,
  extra: Partial<Observation> = {},
): Observation {
  const range = {
    ...(low === undefined ? {} : { low: quantity(low, unit) }),
    ...(high === undefined ? {} : { high: quantity(high, unit) }),
  };
  return {
    resourceType: 'Observation',
    status: 'final',
    code: { coding: [{ system: 'http://loinc.org', code: loinc }] },
    subject: { reference: subject },
    effectiveDateTime: at,
    valueQuantity: quantity(value, unit),
    ...(Object.keys(range).length > 0 ? { referenceRange: [range] } : {}),
    ...extra,
  };
}

/** LOINC codes that the published table's entries are graded by. */
export const NEUTROPHILS = '26499-4';
export const POTASSIUM = '2823-3';
export const ALT = '1742-6';
export const CREATININE = '2160-0';

const KIND: Readonly<Record<string, string>> = { open: 'open', escalate: 'escalate', close: 'close' };

/** An action of a policy: its code, its condition and, unless it closes, its priority. */
export type Action = readonly [code: keyof typeof KIND, expression: string, priority?: Priority];

/** An active policy that reports of both kinds wake. */
export function aPolicy(name: string, actions: readonly Action[], version = '1.0.0'): PlanDefinition {
  return {
    resourceType: 'PlanDefinition',
    url: `https://hospital.example/PlanDefinition/${name}`,
    version,
    title: name,
    type: { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/plan-definition-type', code: 'eca-rule' }] },
    status: 'active',
    action: actions.map(
      ([code, expression, priority], place): PlanDefinitionAction => ({
        id: `${code}-${place}`,
        ...(priority === undefined
          ? {}
          : {
              extension: [
                {
                  url: 'http://hl7.org/fhir/StructureDefinition/flag-priority',
                  valueCodeableConcept: {
                    coding: [{ system: 'http://hl7.org/fhir/flag-priority-code', code: priority }],
                  },
                },
              ],
            }),
        title: `${name} ${place}`,
        code: [{ coding: [{ system: `${CANONICAL}/CodeSystem/policy-action`, code }] }],
        trigger: [
          { type: 'data-added', data: [{ type: 'QuestionnaireResponse' }] },
          { type: 'data-added', data: [{ type: 'Observation' }] },
        ],
        condition: [{ kind: 'applicability', expression: { language: 'text/fhirpath', expression } }],
      }),
    ),
  };
}

/** Opens at grade 3 of a ladder, at high priority; closes at grade 0 or 1. */
export const LADDER_POLICY = aPolicy('ladder', [
  ['open', "%finding.kind = 'ladder' and %finding.min >= 3", 'PH'],
  ['open', "%finding.kind = 'ladder' and %finding.min >= 2", 'PM'],
  ['close', "%finding.kind = 'ladder' and %finding.max <= 1"],
]);

/** The derived Observations of a report, with what they are and say; sorted by term. */
export async function gradesOf(app: TestApp, source: string): Promise<string[]> {
  const { body } = await app.send('GET', `/Observation?derived-from=${source}&_count=100`);
  return (body.entry ?? []).map(({ resource }: { resource: Observation }) => told(resource)).sort();
}

/** Term, version, grade or range, status and version of a derived Observation, as one text. */
export function told(observation: Observation): string {
  const { code, status, valueInteger, extension = [], meta } = observation;
  const coding = code?.coding?.[0];
  const range = extension.find(({ url }) => url?.endsWith('/at-least'))?.extension ?? [];
  const part = (name: string) => range.find(({ url }) => url === name)?.valueInteger;
  const grade = valueInteger ?? (range.length > 0 ? `${part('min')}-${part('max')}` : 'none');
  return `${coding?.code}@${coding?.version} ${grade} ${status} v${meta?.versionId}`;
}

/** Creates; fails where that is refused. */
export async function post<R extends { resourceType: string }>(app: TestApp, resource: R): Promise<Answer['body']> {
  const { status, body } = await app.send('POST', `/${resource.resourceType}`, resource);
  if (status !== 201) throw new Error(`${status}: ${JSON.stringify(body)}`);
  return body;
}

/** The texts of the Flags of a patient, with status and version. */
export async function flagsOf(app: TestApp, patient: string): Promise<string[]> {
  const { body } = await app.send('GET', `/Flag?patient=${patient}&_count=100`);
  return (body.entry ?? [])
    .map(
      ({ resource }: { resource: { status: string; code: { text: string }; meta: { versionId: string } } }) =>
        `${resource.status} v${resource.meta.versionId} ${resource.code.text}`,
    )
    .sort();
}
