import { Readable } from 'node:stream';
import { setImmediate } from 'node:timers/promises';
import type { Bundle, BundleEntry } from '@medplum/fhirtypes';
import type { Deps } from '../../deps.ts';
import { CANONICAL } from '../../fhir/canonical.ts';
import type { Compartment } from '../../fhir/compartment.ts';
import { badRequest, FhirError, fault, notFound } from '../../fhir/errors.ts';
import { isId } from '../../fhir/ids.ts';
import { badCursor, openCursor, sealCursor } from '../../fhir/query/cursor.ts';
import { activityOf, addPatient, nothingOf, type PatientActivity } from '../../rules/activity/activity.ts';
import { csvHeader, csvLine } from '../../rules/activity/csv.ts';
import { activityFacts } from '../../rules/activity/facts.ts';
import { patientReport, type Reporter, totalReport } from '../../rules/activity/measure-report.ts';
import { type Month, monthAt, monthsBetween } from '../../rules/activity/month.ts';
import { type ActivityPlace, activitiesAfter, activityOfPatient, type StoredActivity } from '../../store/activity.ts';
import { firstSaidDead } from '../../store/deaths.ts';
import { linkKey } from '../../store/link-key.ts';
import { otherFormat } from '../formats.ts';
import { sendJson } from '../reply.ts';
import { compartmentOfCaller, READING } from '../route.ts';
import { type Inputs, readInputs } from './input.ts';
import { type Operation, pathsOf } from './operation.ts';

/** Patients of a page. */
const USUAL = 50;
const MOST = 200;
/** Patients that are read at a time. */
const TOGETHER = 100;
/** Months of one answer. */
const MOST_MONTHS = 24;
/** Patients that are summed up in one answer. */
const MOST_SUMMED = 20_000;
const CSV = 'text/csv';

/**
 * `$monitoring-activity`: what was expected, received and done, per patient and calendar month of the site, as MeasureReports that are computed when
 * they are asked for; the first page begins with a summary of each month. As text/csv all of it. Facts only. Described in docs/monitoring-activity.md.
 */
export const monitoringActivityOperation: Operation = {
  name: 'monitoring-activity',
  scope: ['system'],
  types: [],
  definition: `${CANONICAL}/OperationDefinition/monitoring-activity`,
  affectsState: false,
  addRoute(app, deps) {
    const parameters = {
      periodStart: 'dateTime',
      periodEnd: 'dateTime',
      patient: 'string',
      _count: 'integer',
      _cursor: 'string',
    } as const;
    for (const { path } of pathsOf(monitoringActivityOperation)) {
      app.route({
        method: [...READING, 'POST'],
        url: path,
        config: { formats: [CSV] },
        async handler(request, reply) {
          const within = compartmentOfCaller();
          const asked = askedFor(deps, readInputs(request, { parameters }));
          reply.header('Vary', 'Accept');
          if (otherFormat(request) !== CSV) return sendJson(reply, await bundleOf(deps, within, asked));
          const only = asked.patient === undefined ? undefined : await patientOf(deps, within, asked.patient);
          const lines = Readable.from(csvOf(deps, within, asked, only), { objectMode: false });
          return reply
            .type(`${CSV}; charset=utf-8; header=present`)
            .header('Content-Disposition', `attachment; filename="${fileName(asked)}"`)
            .send(lines);
        },
      });
    }
  },
};

interface Asked {
  months: readonly Month[];
  patient?: string;
  count: number;
  cursor?: string;
  now: string;
  /** What was asked, in one order, for the links. */
  used: [string, string][];
}

function askedFor({ baseUrl, site, now }: Deps, inputs: Inputs): Asked {
  const at = now().toISOString();
  const [start, end] = [inputs.text('periodStart'), inputs.text('periodEnd')];
  if (start === undefined) throw badRequest('periodStart: expected the first month that is wanted, such as 2026-03');
  const [first, last] = [monthOf('periodStart', start), monthOf('periodEnd', end ?? start)];
  if (first > last) throw badRequest('periodEnd: expected a month that is not before periodStart');
  if (first > monthAt(at, site.timeZone)) throw badRequest('periodStart: expected a month that has begun');
  if (monthsApart(first, last) >= MOST_MONTHS) {
    throw badRequest(`periodEnd: at most ${MOST_MONTHS} months are told at once`);
  }
  const count = inputs.whole('_count');
  if (count === 0) throw badRequest('_count: expected a whole number from 1');
  const patient = inputs.text('patient');
  const id = patient?.replace(`${baseUrl}/`, '').replace(/^Patient\//, '');
  if (id !== undefined && !isId(id)) throw badRequest('patient: expected an id or Patient/[id]');
  const cursor = inputs.text('_cursor');
  return {
    months: monthsBetween(first, last, site.timeZone),
    count: Math.min(count ?? USUAL, MOST),
    now: at,
    used: [
      ['periodStart', first],
      ['periodEnd', last],
      ...(id === undefined ? [] : [['patient', id] satisfies [string, string]]),
      ...(count === undefined ? [] : [['_count', String(Math.min(count, MOST))] satisfies [string, string]]),
    ],
    ...(id === undefined ? {} : { patient: id }),
    ...(cursor === undefined ? {} : { cursor }),
  };
}

/** The month of a date, as it is written: `YYYY-MM`. */
function monthOf(name: string, date: string): string {
  const month = /^\d{4}-(?:0[1-9]|1[0-2])/.exec(date)?.[0];
  if (month === undefined) throw badRequest(`${name}: expected a month such as 2026-03, or a day of it`);
  return month;
}

function monthsApart(first: string, last: string): number {
  const [from, to] = [first, last].map((month) => Number(month.slice(0, 4)) * 12 + Number(month.slice(5, 7)));
  return (to ?? 0) - (from ?? 0);
}

async function bundleOf(deps: Deps, within: Compartment, asked: Asked): Promise<Bundle> {
  const { patient, cursor, count, used } = asked;
  const reporter: Reporter = { zone: deps.site.timeZone, now: asked.now };
  const entry = (resource: BundleEntry['resource']): BundleEntry[] => (resource ? [{ resource }] : []);
  const self = `${deps.baseUrl}/$monitoring-activity?${new URLSearchParams(used).toString()}`;
  if (patient !== undefined) {
    const stored = await patientOf(deps, within, patient);
    const own = (await toldOf(deps, within, asked, [stored])).flatMap((one) => entry(patientReport(one, reporter)));
    return bundle(own, self);
  }
  const key = await linkKey(deps.db, within);
  const bound = `${within.tenant}\0$monitoring-activity\0${JSON.stringify(used)}`;
  const after = cursor === undefined ? undefined : placeOf(openCursor(key, bound, cursor));
  const totals = after ? [] : await totalsOf(deps, within, asked);
  const { found, next } = await activitiesAfter(deps.db, within, after, count);
  const own = (await toldOf(deps, within, asked, found)).flatMap((one) => entry(patientReport(one, reporter)));
  const link = (text: string): string => `${self}&_cursor=${text}`;
  return bundle(
    [...totals.flatMap((one) => entry(totalReport(one, reporter))), ...own],
    cursor === undefined ? self : link(cursor),
    next && link(sealCursor(key, bound, { values: [String(next.shard)], id: next.patient })),
  );
}

/** FHIR has no empty arrays. */
const bundle = (entry: BundleEntry[], self: string, next?: string): Bundle => ({
  resourceType: 'Bundle',
  type: 'collection',
  link: [{ relation: 'self', url: self }, ...(next === undefined ? [] : [{ relation: 'next', url: next }])],
  ...(entry.length > 0 ? { entry } : {}),
});

/** Each month of all patients together. Throws 400 too-costly where there are more than are summed up at once. */
async function totalsOf(deps: Deps, within: Compartment, asked: Asked) {
  const totals = asked.months.filter(({ start }) => start <= asked.now).map(nothingOf);
  let read = 0;
  for await (const all of pages(deps, within)) {
    read += all.length;
    if (read > MOST_SUMMED) {
      throw new FhirError([
        fault('too-costly', `There are more than ${MOST_SUMMED} patients: ask for text/csv, or for one patient`),
      ]);
    }
    for (const activity of await toldOf(deps, within, asked, all)) {
      const total = totals.find(({ month }) => month.name === activity.month.name);
      if (total) addPatient(total, activity);
    }
  }
  return totals;
}

/** All patients, some at a time, so that memory stays flat. */
async function* pages(deps: Deps, within: Compartment): AsyncGenerator<StoredActivity[]> {
  let after: ActivityPlace | undefined;
  do {
    const page: Awaited<ReturnType<typeof activitiesAfter>> = await activitiesAfter(deps.db, within, after, TOGETHER);
    yield page.found;
    after = page.next;
  } while (after);
}

/** The lines of the one patient, or of all. */
async function* csvOf(
  deps: Deps,
  within: Compartment,
  asked: Asked,
  only: StoredActivity | undefined,
): AsyncGenerator<string> {
  const { timeZone } = deps.site;
  yield csvHeader();
  for await (const all of only ? [[only]] : pages(deps, within)) {
    const lines = (await toldOf(deps, within, asked, all)).map((activity) => csvLine(activity, timeZone));
    if (lines.length > 0) yield lines.join('');
  }
}

/** The months of these patients. A calendar takes a while: others have their turn in between. */
async function toldOf(
  { site, db }: Deps,
  within: Compartment,
  { months, now }: Asked,
  all: readonly StoredActivity[],
): Promise<PatientActivity[]> {
  const told: PatientActivity[] = [];
  const saidDead = await firstSaidDead(db, within, all);
  for (const stored of all) {
    const facts = activityFacts(stored, { zone: site.timeZone, saidDead: saidDead.get(stored.patient) });
    told.push(...activityOf(facts, months, { site, now }));
    await setImmediate();
  }
  return told;
}

async function patientOf(deps: Deps, within: Compartment, patient: string): Promise<StoredActivity> {
  const stored = await activityOfPatient(deps.db, within, patient);
  if (!stored) throw notFound('Patient', patient);
  return stored;
}

function placeOf({ values: [shard], id }: { values: readonly (string | null)[]; id: string }): ActivityPlace {
  const number = Number(shard ?? Number.NaN);
  if (!Number.isInteger(number)) throw badCursor();
  return { shard: number, patient: id };
}

const fileName = ({ months }: Asked): string =>
  `monitoring-activity-${[...new Set([months[0]?.name, months.at(-1)?.name])].join('-to-')}.csv`;
