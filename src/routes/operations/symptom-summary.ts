import type { Group, Parameters, ParametersParameter } from '@medplum/fhirtypes';
import type { Deps } from '../../deps.ts';
import { findingsOf, readReport } from '../../evaluation/stored-report.ts';
import { CANONICAL } from '../../fhir/canonical.ts';
import type { Compartment } from '../../fhir/compartment.ts';
import { dateInterval } from '../../fhir/dates.ts';
import { badRequest, FhirError, fault } from '../../fhir/errors.ts';
import { CTCAE_TERMS } from '../../rules/gradings/ctcae-data.ts';
import { EMERGENCY_TERMS } from '../../rules/gradings/emergency-data.ts';
import { ITEMS, TERMS } from '../../rules/gradings/pro-ctcae-data.ts';
import { addPatient, emptyTally, type GroupTally, summaryOf } from '../../rules/longitudinal-group.ts';
import { groupTerm, HIGHEST, patientTerm, type Telling } from '../../rules/longitudinal-parameters.ts';
import { type Course, type Level, type Series, seriesOf } from '../../rules/longitudinal-series.ts';
import { patientHistory } from '../../store/context.ts';
import { readResource, type Stored, shardOfId } from '../../store/resources.ts';
import type { Inputs } from './input.ts';
import { addOperation, type Operation } from './operation.ts';

const MOST_MEMBERS = 1000;
/** Members that are read at a time. */
const TOGETHER = 8;

/**
 * `Patient/[id]/$symptom-summary` and `Group/[id]/$symptom-summary`: what was reported over time as the measures that trials report, of
 * the current version of each report; those entered in error have none. `from` and `to` bound the reports by symptom time; the recorded
 * baseline counts also where it lies before `from`. Of a Group, its active members that are Patients; what a number of it rests
 * on is told by the same operation on each of them.
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
  /** Codes of terms or items; empty for all. */
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

/** The code of `system|code`, or the code alone. One that nothing is followed by at this level is a mistake, and no term without reports. */
function known(term: string, level: Level): string {
  const code = term.slice(term.lastIndexOf('|') + 1).trim();
  const bare = level === 'ctcae' ? code.replace(/@\d\.\d$/, '') : code;
  if (CODES[level].has(bare)) return code;
  const such = level === 'ctcae' ? 'anemia' : 'PROCTCAE_9_COMP or PROCTCAE_9A_SCL';
  throw badRequest(`term: a code that is not known at level ${level}; expected one such as ${such}`);
}

const REPORTED: ReadonlySet<string> = new Set([
  ...TERMS.map(({ code }) => code),
  ...[...ITEMS.values()].map(({ itemId }) => itemId),
  ...EMERGENCY_TERMS.map(({ code }) => code),
]);

const CODES: Readonly<Record<Level, ReadonlySet<string>>> = {
  item: REPORTED,
  composite: REPORTED,
  ctcae: new Set(CTCAE_TERMS.keys()),
};

async function ofPatient(deps: Deps, within: Compartment, id: string, asked: Asked): Promise<ParametersParameter[]> {
  const series = await seriesOfPatient(deps, within, id, asked);
  return series.map((one) => patientTerm(one, tellingOf(deps, asked)));
}

async function ofGroup(
  deps: Deps,
  within: Compartment,
  { content }: Stored,
  asked: Asked,
): Promise<ParametersParameter[]> {
  const group: Group = JSON.parse(content);
  const { patients, others } = membersOf(group, deps.baseUrl);
  const terms = new Map<string, { series: Omit<Series, keyof Course>; tally: GroupTally }>();
  let reporting = 0;
  for (let next = 0; next < patients.length; next += TOGETHER) {
    const read = patients.slice(next, next + TOGETHER).map((id) => seriesOfPatient(deps, within, id, asked));
    for (const all of await Promise.all(read)) {
      if (all.length > 0) reporting += 1;
      for (const series of all) {
        const held = terms.get(series.key) ?? { series: { ...series, visits: [] }, tally: emptyTally() };
        terms.set(series.key, held);
        addPatient(held.tally, series);
      }
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

/**
 * The ids of the active members that are Patients of this service, each once, and how many others there are. Throws 400 too-costly for
 * more than can be read at once.
 */
function membersOf({ member = [] }: Group, baseUrl: string): { patients: string[]; others: number } {
  const active = member.filter(({ inactive }) => inactive !== true);
  const ids = active.flatMap(({ entity: { reference = '' } }) => {
    const relative = reference.startsWith(`${baseUrl}/`) ? reference.slice(baseUrl.length + 1) : reference;
    return /^Patient\/([A-Za-z0-9\-.]{1,64})(?:\/_history\/[^/]+)?$/.exec(relative)?.[1] ?? [];
  });
  const patients = [...new Set(ids)];
  if (patients.length <= MOST_MEMBERS) return { patients, others: active.length - ids.length };
  throw new FhirError([
    fault(
      'too-costly',
      `The Group has ${patients.length} active members; at most ${MOST_MEMBERS} are summed up at once`,
    ),
  ]);
}

async function seriesOfPatient(deps: Deps, within: Compartment, patient: string, asked: Asked): Promise<Series[]> {
  const { level, start, end, terms } = asked;
  const { reports } = await patientHistory(deps.db, within, shardOfId(patient), patient);
  const until = reports
    .map((text) => readReport(text))
    .filter(({ report }) => Date.parse(report.at) < end)
    .map((stored) => ({ ...stored.report, findings: findingsOf(stored) }));
  return seriesOf(until, level)
    .filter(({ key, term, item }) => terms.size === 0 || [key, term, item ?? ''].some((code) => terms.has(code)))
    .map((series) => ({
      ...series,
      visits: series.visits.filter((visit) => visit === series.baseline || Date.parse(visit.at) >= start),
    }))
    .filter(({ visits }) => visits.length > 0);
}
