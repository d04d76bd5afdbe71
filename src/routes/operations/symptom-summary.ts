import { setImmediate } from 'node:timers/promises';
import type { Group, Parameters, ParametersParameter } from '@medplum/fhirtypes';
import type { Deps } from '../../deps.ts';
import { findingsOf, readReport } from '../../evaluation/stored-report.ts';
import { CANONICAL, splitCanonical } from '../../fhir/canonical.ts';
import type { Compartment } from '../../fhir/compartment.ts';
import { dateInterval } from '../../fhir/dates.ts';
import { badRequest, FhirError, fault } from '../../fhir/errors.ts';
import type { Received } from '../../rules/activity/reporting.ts';
import { deathOf } from '../../rules/calendar/death.ts';
import { readExpectations } from '../../rules/calendar/expectations.ts';
import { askedTime, membersOf } from '../../rules/group-members.ts';
import { askedBy, expectedForms, expectedOf } from '../../rules/longitudinal-expected.ts';
import { addPatient, emptyTally, type GroupTally, summaryOf } from '../../rules/longitudinal-group.ts';
import { groupTerm, HIGHEST, patientTerm, type Telling } from '../../rules/longitudinal-parameters.ts';
import { type Course, comparedWith, type Level, type Series, seriesOf } from '../../rules/longitudinal-series.ts';
import { followedAs } from '../../rules/longitudinal-terms.ts';
import { TERMS } from '../../rules/resources/codes.ts';
import { patientHistory } from '../../store/context.ts';
import { firstSaidDead } from '../../store/deaths.ts';
import { type PresentPatient, presentPatients } from '../../store/present.ts';
import { readResource, type Stored, shardOfId } from '../../store/resources.ts';
import type { Inputs } from './input.ts';
import { addOperation, type Operation } from './operation.ts';

const MOST_MEMBERS = 1000;
/** Members that are read at a time. */
const TOGETHER = 8;

/**
 * `Patient/[id]/$symptom-summary` and `Group/[id]/$symptom-summary`: what was reported over time as the measures that trials report, of
 * the current version of each report; those entered in error have none. `from` and `to` bound the reports by symptom time; the recorded
 * baseline counts also where it lies before `from`. Of a Group, its members in that time (now, where none is said) that are Patients of this service; what a number of it
 * rests on is told by the same operation on each of them.
 */
export const symptomSummaryOperation: Operation = {
  name: 'symptom-summary',
  scope: ['instance'],
  types: ['Patient', 'Group'],
  definition: `${CANONICAL}/OperationDefinition/symptom-summary`,
  affectsState: false,
  addRoute(app, deps) {
    const parameters = {
      from: 'dateTime',
      to: 'dateTime',
      term: 'string*',
      level: 'code',
      threshold: 'integer',
    } as const;
    addOperation(app, symptomSummaryOperation, { parameters }, async ({ inputs, within, type = '', id = '' }) => {
      const asked = askedFor(inputs);
      if (type === 'Group' && inputs.has('threshold')) {
        throw badRequest('threshold: the time to a first grade is told of one patient, not of a Group');
      }
      const stored = await readResource(deps.db, within, type, id);
      const told =
        type === 'Group' ? await ofGroup(deps, within, stored, asked) : await ofPatient(deps, within, id, asked);
      const answer: Parameters = {
        resourceType: 'Parameters',
        parameter: [
          { name: 'subject', valueReference: { reference: `${type}/${id}/_history/${stored.version}` } },
          { name: 'level', valueCode: asked.level },
          ...told,
        ],
      };
      return answer;
    });
  },
};

interface Asked {
  level: Level;
  /** Symptom time, Unix milliseconds: from `start` to just before `end`. */
  start: number;
  end: number;
  /** Codes that terms or items are followed by; empty for all. */
  terms: ReadonlySet<string>;
  thresholds: readonly number[];
}

function askedFor(inputs: Inputs): Asked {
  const level = inputs.text('level') ?? 'composite';
  if (!isLevel(level)) throw badRequest('level: expected item, composite or ctcae');
  const [from, to] = [inputs.text('from'), inputs.text('to')];
  const start = from === undefined ? Number.NEGATIVE_INFINITY : (dateInterval(from)?.start ?? Number.NaN);
  const end = to === undefined ? Number.POSITIVE_INFINITY : (dateInterval(to)?.end ?? Number.NaN);
  if (start >= end) throw badRequest('to: expected a moment after from');
  const threshold = inputs.whole('threshold');
  const most = HIGHEST[level];
  if (threshold !== undefined && (threshold < 1 || threshold > most)) {
    throw badRequest(`threshold: expected a whole number from 1 to ${most}, the highest at level ${level}`);
  }
  return {
    level,
    start,
    end,
    terms: new Set(inputs.texts('term').map((term) => known(term, level))),
    thresholds: threshold === undefined ? Array.from({ length: most }, (_, index) => index + 1) : [threshold],
  };
}

const isLevel = (text: string): text is Level => Object.hasOwn(HIGHEST, text);

/** What a term or item is followed as. One that nothing is followed by at this level is a mistake, and no term without reports. */
function known(term: string, level: Level): string {
  const code = followedAs(term, level);
  if (code !== undefined) return code;
  const such = level === 'ctcae' ? 'anemia' : 'PROCTCAE_9_COMP or PROCTCAE_9A_SCL';
  const system = TERMS[level === 'ctcae' ? 'ctcae' : 'pro-ctcae'];
  throw badRequest(
    `term: nothing is followed by that code at level ${level}; expected one such as ${such}, alone or after ${system}|`,
  );
}

async function ofPatient(deps: Deps, within: Compartment, id: string, asked: Asked): Promise<ParametersParameter[]> {
  const { series } = await reportedBy(deps, within, id, asked);
  return series.map((one) => patientTerm(one, tellingOf(deps, asked)));
}

async function ofGroup(
  deps: Deps,
  within: Compartment,
  { content }: Stored,
  asked: Asked,
): Promise<ParametersParameter[]> {
  const group: Group = JSON.parse(content);
  const { patients, others } = await presentMembers(deps, within, group, asked);
  const terms = new Map<string, { series: Omit<Series, keyof Course>; tally: GroupTally }>();
  const saidDead = await firstSaidDead(deps.db, within, patients);
  const snapshot = await deps.catalog.at(within);
  const asks = askedBy((url) => snapshot.newestForm(url)?.grade, asked.level);
  let reporting = 0;
  for (let next = 0; next < patients.length; next += TOGETHER) {
    const read = patients.slice(next, next + TOGETHER).map(async (member) => {
      const reported = await reportedBy(deps, within, member.patient, asked);
      return { member, reported };
    });
    for (const { member, reported } of await Promise.all(read)) {
      if (reported.series.length > 0) reporting += 1;
      const forms = formsExpected(deps, { ...member, saidDead: saidDead.get(member.patient) }, reported, asked);
      for (const series of reported.series) {
        const held = terms.get(series.key) ?? { series: { ...series, visits: [] }, tally: emptyTally() };
        terms.set(series.key, held);
        addPatient(
          held.tally,
          series,
          expectedOf(series, forms, (form) => asks(form, series.key), asked.start),
        );
      }
      // A calendar takes a while: others have their turn in between.
      await setImmediate();
    }
  }
  const telling = tellingOf(deps, asked);
  return [
    { name: 'members', valueInteger: patients.length },
    ...(others > 0 ? [{ name: 'otherMembers', valueInteger: others }] : []),
    { name: 'reporting', valueInteger: reporting },
    ...[...terms]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([, { series, tally }]) => groupTerm(series, summaryOf(tally), telling)),
  ];
}

const tellingOf = ({ labels }: Deps, { level, thresholds }: Asked): Telling => ({ level, labels, thresholds });

/** The forms that plans of a member expected, from the first recorded baseline on, up to the end of what is asked for, or up to now. */
function formsExpected(
  { now, site }: Deps,
  { content, expected, saidDead }: PresentPatient & { saidDead: string | undefined },
  { series, responses }: Reported,
  { end }: Asked,
): ReadonlyMap<string, readonly string[]> {
  const [since] = series.flatMap((one) => comparedWith(one)?.at ?? []).sort();
  if (expected === null || since === undefined) return new Map();
  const death = deathOf(JSON.parse(content), saidDead, site.timeZone);
  const until = new Date(Math.min(end - 1, now().getTime())).toISOString();
  const facts = { expectations: readExpectations(expected), responses, ...(death ? { death } : {}) };
  return expectedForms(facts, { since, until });
}

/** The members that are Patients of this service, and how many others there are. Throws 400 too-costly for more than can be read at once. */
async function presentMembers(
  { db, baseUrl, now }: Deps,
  within: Compartment,
  group: Group,
  asked: Asked,
): Promise<{ patients: PresentPatient[]; others: number }> {
  const { patients, others } = membersOf(group, askedTime(asked, now().getTime()), baseUrl);
  if (patients.length > MOST_MEMBERS) {
    throw new FhirError([
      fault('too-costly', `The Group has ${patients.length} members; at most ${MOST_MEMBERS} are summed up at once`),
    ]);
  }
  const present = await presentPatients(db, within, patients);
  return { patients: present, others: others + patients.length - present.length };
}

/** What a patient reported of what is asked for, and all complete responses up to its end, in the order of time. */
interface Reported {
  series: Series[];
  responses: Received[];
}

async function reportedBy(deps: Deps, within: Compartment, patient: string, asked: Asked): Promise<Reported> {
  const { level, start, end, terms } = asked;
  const { reports } = await patientHistory(deps.db, within, shardOfId(patient), patient);
  const until = reports
    .map((text) => readReport(text))
    .filter(({ report }) => Date.parse(report.at) < end)
    .map((stored) => ({ ...stored.report, findings: findingsOf(stored) }));
  const series = seriesOf(until, level)
    .filter(({ key, term, item }) => terms.size === 0 || [key, term, item ?? ''].some((code) => terms.has(code)))
    .map((series) => ({
      ...series,
      visits: series.visits.filter(
        (visit) => visit === series.baseline || visit === series.baselineVisit || Date.parse(visit.at) >= start,
      ),
    }))
    .filter(({ visits }) => visits.length > 0);
  const responses = until.flatMap(({ source: { type, id }, form, draft, at }): Received[] =>
    type !== 'QuestionnaireResponse' || draft || form === undefined ? [] : [{ id, at, form: splitCanonical(form).url }],
  );
  return { series, responses: responses.sort((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : a.id < b.id ? -1 : 1)) };
}
