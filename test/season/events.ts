import type { Encounter, Resource } from '@medplum/fhirtypes';
import { DAY_MILLIS, type Entry, identifierOf, localTime } from '../../src/cohort/entry.ts';
import { cohort } from '../../src/cohort/generate.ts';
import { randomOf } from '../../src/cohort/random.ts';
import { CANONICAL } from '../../src/fhir/canonical.ts';
import { aPolicy } from '../support/observations.ts';
import { aPlan, aReportingPolicy, type PlanOptions } from '../support/plans.ts';

/** One thing that reaches the service: a resource that is made, or the next version of one that was. */
export interface Event {
  /** UTC instant. */
  arrives: string;
  /** Whose it is: the season's own name. Ids of the service are put in when it is sent. */
  patient: string;
  /** Names the resource among all of the season. */
  key: string;
  resource: Resource;
  /** The resource is there already: this is its next version. */
  amends: boolean;
}

export interface SeasonOptions {
  patients: number;
  weeks: number;
  seed: number;
  /** Calendar day on which the first patients begin; the others follow within four weeks. */
  start: string;
}

const DAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'] as const;

/** Share of the patients who have a holiday written in their plan from the beginning, who are in hospital for some days, and whose plan is stopped early. */
const [HOLIDAY, HOSPITAL, STOPPED] = [0.15, 0.15, 0.1];

/** Everything that reaches the service in a season, each patient's in the order of arrival. */
export function* events(options: SeasonOptions): Generator<Event[]> {
  let one: Event[] = [];
  for (const dated of cohort(options)) {
    const entry = withoutDay(dated, options);
    if (entry.kind === 'patient' && one.length > 0) {
      yield inOrder(one);
      one = [];
    }
    one.push(ofEntry(entry, one[0]?.patient ?? entry.resource.id ?? ''));
    if (entry.kind === 'patient') one.push(...planned(entry, options));
  }
  if (one.length > 0) yield inOrder(one);
}

/** Each run has a database of its own, so its names need no day; and what is drawn by them is the same on whichever day a season begins. */
const withoutDay = (entry: Entry, { start }: SeasonOptions): Entry =>
  JSON.parse(JSON.stringify(entry).replaceAll(`d${start.replaceAll('-', '')}-`, '-'));

const inOrder = (all: Event[]): Event[] =>
  all
    .map((event, place) => ({ event, place }))
    .sort((a, b) => Date.parse(a.event.arrives) - Date.parse(b.event.arrives) || a.place - b.place)
    .map(({ event }) => event);

const ofEntry = (entry: Entry, patient: string): Event => ({
  arrives: new Date(entry.arrives).toISOString(),
  patient,
  key: entry.resource.id ?? '',
  resource: entry.resource,
  amends: entry.kind === 'amendment',
});

/** A report each week, from the day on which the patient begins; holidays and stays in hospital are known. */
function planned({ resource, arrives }: Entry, { weeks }: SeasonOptions): Event[] {
  const patient = resource.id ?? '';
  const random = randomOf(`${patient}/plan`);
  const begins = Date.parse(arrives);
  const at = (days: number): string => localTime(begins + days * DAY_MILLIS);
  const [holiday, away] = [random.chance(HOLIDAY), 7 * (1 + random.below(weeks - 1)) + random.below(7)];
  const [ill, admitted, stay] = [random.chance(HOSPITAL), 7 * (1 + random.below(weeks - 1)), 2 + random.below(9)];
  const [stopped, early] = [random.chance(STOPPED), 7 * Math.max(1, weeks - 1 - random.below(2))];
  const subject = `Patient/${patient}`;
  const day = DAYS[new Date(begins).getUTCDay()] ?? 'mon';
  const options: PlanOptions = {
    identifier: [identifierOf(`${patient}-plan`)],
    period: { start: at(0), end: at(7 * weeks) },
    window: random.chance(0.5) ? { grace: [12, 'h'] } : { length: [4, 'd'] },
    ...(holiday ? { pauses: [{ start: at(away), end: at(away + 8) }] } : {}),
  };
  const plan = aPlan(
    subject,
    { repeat: { frequency: 1, period: 1, periodUnit: 'wk', dayOfWeek: [day], timeOfDay: ['00:00:00'] } },
    options,
  );
  const made = (key: string, days: number, resource: Resource, amends = false): Event => ({
    arrives: new Date(begins + days * DAY_MILLIS).toISOString(),
    patient,
    key: `${patient}-${key}`,
    resource: { ...resource, id: `${patient}-${key}` } as Resource,
    amends,
  });
  const inHospital = (status: Encounter['status'], end?: string): Encounter => ({
    resourceType: 'Encounter',
    identifier: [identifierOf(`${patient}-stay`)],
    status,
    class: { system: 'http://terminology.hl7.org/CodeSystem/v3-ActCode', code: 'IMP' },
    subject: { reference: subject },
    period: { start: at(admitted), ...(end ? { end } : {}) },
  });
  return [
    made('plan', 0, plan),
    ...(stopped ? [made('plan', early, { ...plan, status: 'revoked' }, true)] : []),
    ...(ill
      ? [
          // A stay is often known some hours after it has begun, and sometimes days.
          made('stay', admitted + (random.chance(0.3) ? 3 : 0.4), inHospital('in-progress')),
          made('stay', admitted + stay + 3.2, inHospital('finished', at(admitted + stay)), true),
        ]
      : []),
  ];
}

/** What the site's policies are in a season, beside those of the demonstration: of silence, and of what persists. */
export function policies(): Resource[] {
  const reporting = aReportingPolicy('season-reporting', [
    ['open', "%finding.term = 'missing-report' and %finding.min >= 1", 'PL'],
    ['close', "%finding.term = 'missing-report' and %finding.max = 0"],
    ['open', "%finding.term = 'late-report' and %finding.min >= 1", 'PL'],
    ['close', "%finding.term = 'late-report' and %finding.max = 0"],
  ]);
  const persistent = aPolicy('season-ladder', [
    ['open', "%finding.kind = 'ladder' and %finding.min >= 2", 'PL'],
    ['open', "%finding.kind = 'ladder' and %finding.min >= 3", 'PH'],
    ['escalate', "%finding.kind = 'ladder' and %finding.min >= 2 and %persistence.days1 >= 3", 'PM'],
    ['close', "%finding.kind = 'ladder' and %finding.max <= 1"],
  ]);
  const asking = {
    url: `${CANONICAL}/StructureDefinition/ask-again-after`,
    valueDuration: { value: 3, system: 'http://unitsofmeasure.org', code: 'd' },
  };
  const action = (persistent.action ?? []).map((one) =>
    one.id?.startsWith('escalate') ? { ...one, extension: [...(one.extension ?? []), asking] } : one,
  );
  return [reporting, { ...persistent, action } as Resource];
}
