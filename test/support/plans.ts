import type { CarePlan, PlanDefinition, Timing } from '@medplum/fhirtypes';
import { SLOT_DUE } from '../../src/evaluation/expected.ts';
import { CANONICAL } from '../../src/fhir/canonical.ts';
import { everyone } from '../../src/fhir/compartment.ts';
import { KINDS } from '../../src/jobs/kinds.ts';
import { Scheduler } from '../../src/jobs/scheduler.ts';
import { PAUSE, REPORT_WINDOW } from '../../src/rules/calendar/plan.ts';
import { dueOfPatient } from '../../src/store/due.ts';
import { shardOfId } from '../../src/store/resources.ts';
import type { TestApp } from './app.ts';
import { type Action, aPolicy } from './observations.ts';

export const WEEKLY = `${CANONICAL}/Questionnaire/pro-ctcae-weekly`;

/** Each Monday at nine in Paris. */
export const MONDAYS: Timing = {
  repeat: { frequency: 1, period: 1, periodUnit: 'wk', dayOfWeek: ['mon'], timeOfDay: ['09:00:00'] },
};

/** A plan with one part that asks for a form. */
export function aPlan(
  subject: string,
  scheduledTiming: Timing = MONDAYS,
  { form = WEEKLY, window, pauses = [], ...extra }: PlanOptions = {},
): CarePlan {
  const extension = window && {
    extension: [
      {
        url: REPORT_WINDOW,
        extension: Object.entries(window).map(([url, [value, code]]) => ({
          url,
          valueDuration: { value, code, system: 'http://unitsofmeasure.org' },
        })),
      },
    ],
  };
  return {
    resourceType: 'CarePlan',
    status: 'active',
    intent: 'plan',
    subject: { reference: subject },
    ...(pauses.length > 0
      ? {
          extension: pauses.map((valuePeriod) => ({ url: PAUSE, extension: [{ url: 'period', valuePeriod }] })),
        }
      : {}),
    activity: [{ detail: { status: 'scheduled', instantiatesCanonical: [form], scheduledTiming, ...extension } }],
    ...extra,
  };
}

export interface PlanOptions extends Partial<CarePlan> {
  form?: string;
  window?: Partial<Record<'before' | 'length' | 'grace', [value: number, code: string]>>;
  pauses?: { start: string; end?: string }[];
}

/** A policy that terms of the reporting itself wake. */
export function aReportingPolicy(name: string, actions: readonly Action[]): PlanDefinition {
  const plan = aPolicy(name, actions);
  const code = ['missing-report', 'late-report', 'implausibly-fast', 'straight-lined'].map((code) => ({
    system: `${CANONICAL}/CodeSystem/monitoring`,
    code,
  }));
  return {
    ...plan,
    action: (plan.action ?? []).map((action) => ({
      ...action,
      trigger: [{ type: 'data-added', data: [{ type: 'Observation', codeFilter: [{ path: 'code', code }] }] }],
    })),
  };
}

/** Does what is due, as the service would by itself. */
export const sweep = (app: TestApp): Promise<number> => new Scheduler(app.deps, KINDS).sweep();

/** When the next slots of a patient are looked at. */
export async function dueSlots(app: TestApp, patient: string): Promise<string[]> {
  const id = patient.slice('Patient/'.length);
  const all = await dueOfPatient(app.deps.db, everyone(), shardOfId(id), id);
  return all.filter(({ kind }) => kind === SLOT_DUE).map(({ at }) => at);
}
