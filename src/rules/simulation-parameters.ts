import type { Coding, Parameters, ParametersParameter } from '@medplum/fhirtypes';
import type { Priority } from './episode.ts';
import { scopeOfKey, termOfKey } from './finding.ts';
import { PRIORITIES } from './policy-language.ts';
import { TERMS } from './resources/codes.ts';
import type { Labels } from './resources/labels.ts';
import type { Stretch } from './simulation-differences.ts';
import type { JudgedSide } from './simulation-judged.ts';
import type { SimulationRequest } from './simulation-request.ts';
import type { Disagreement, Shown, SideTally, Tally, TermTally } from './simulation-tally.ts';
import { serviceHoursBetween } from './site.ts';

/** What a simulation was asked, which its result repeats, and by what it is told. */
export interface Asked extends SimulationRequest {
  labels: Labels;
}

/**
 * The result of a simulation as FHIR Parameters; the same for the same tally. What cannot be said (a share of nothing) is left out. Described
 * in docs/what-if.md and in the OperationDefinition.
 */
export function simulationParameters(tally: Tally, asked: Asked): Parameters {
  const { before, after, reports, terms, largest } = tally;
  const { QuestionnaireResponse: responses = 0, Observation: observations = 0, ...others } = reports;
  const counts = total(Object.values(terms));
  return {
    resourceType: 'Parameters',
    parameter: [
      { name: 'policy', valueCanonical: `${asked.candidate.url}|${asked.candidate.version}` },
      { name: 'digest', valueString: `sha256:${asked.digest}` },
      ...(asked.against === null ? [] : [{ name: 'against', valueCanonical: asked.against }]),
      ...asked.beside.map((canonical) => ({ name: 'beside', valueCanonical: canonical })),
      ...(asked.cohort === undefined ? [] : [{ name: 'cohort', valueReference: { reference: asked.cohort } }]),
      ...period(asked.within),
      whole('patients', tally.patients),
      whole('failed', tally.failed),
      whole('responses', responses),
      whole('observations', observations),
      whole('otherReports', Object.values(others).reduce(sum, 0)),
      parts('flags', [...sides(counts.before, counts.after), ...differences(counts), whole('same', tally.same)]),
      ...PRIORITIES.toReversed().map((priority) => priorityPart(priority, before, after)),
      parts('raised', sides(before.raised, after.raised)),
      ...(responses === 0 ? [] : [rates('per100Responses', 100 / responses, counts)]),
      ...loadOf(tally, asked),
      ...Object.keys(terms)
        .sort()
        .map((key) => termPart(key, terms[key] ?? NOTHING, asked.labels)),
      ...counted('movedBy', 'how', tally.moved),
      whole('withoutFacts', tally.withoutFacts),
      whole('withoutPerson', tally.withoutPerson),
      whole('withoutVersion', tally.withoutVersion),
      ...counted('undecided', 'action', tally.undecided),
      parts('overran', sides(before.overran, after.overran)),
      ...asked.mattered.map((code) => ({ name: 'mattered', valueCode: code })),
      judgedPart(tally),
      ...largest.map((one) => disagreementPart(one, asked.labels)),
    ],
  };
}

const sum = (a: number, b: number): number => a + b;
const NOTHING: TermTally = { before: 0, after: 0, added: 0, removed: 0, moved: 0 };

function total(all: readonly TermTally[]): TermTally {
  const of = (name: keyof TermTally): number => all.map((one) => one[name]).reduce(sum, 0);
  return { before: of('before'), after: of('after'), added: of('added'), removed: of('removed'), moved: of('moved') };
}

const whole = (name: string, value: number): ParametersParameter => ({ name, valueInteger: value });
const decimal = (name: string, value: number): ParametersParameter => ({
  name,
  valueDecimal: Number(value.toFixed(4)),
});
const parts = (name: string, part: ParametersParameter[]): ParametersParameter => ({ name, part });

const sides = (before: number, after: number): ParametersParameter[] => [
  whole('before', before),
  whole('after', after),
];

const differences = ({ added, removed, moved }: TermTally): ParametersParameter[] => [
  whole('added', added),
  whole('removed', removed),
  whole('moved', moved),
];

const rates = (name: string, by: number, { before, after }: { before: number; after: number }): ParametersParameter =>
  parts(name, [decimal('before', before * by), decimal('after', after * by)]);

function period({ start, end }: Stretch): ParametersParameter[] {
  if (start === undefined && end === undefined) return [];
  return [
    {
      name: 'period',
      part: [
        ...(start === undefined ? [] : [{ name: 'from', valueInstant: start }]),
        ...(end === undefined ? [] : [{ name: 'before', valueInstant: end }]),
      ],
    },
  ];
}

const priorityPart = (priority: Priority, before: SideTally, after: SideTally): ParametersParameter =>
  parts('priority', [{ name: 'code', valueCode: priority }, ...sides(before.opened[priority], after.opened[priority])]);

/** Hours of service are counted day by day: of a longer period there is no load. Ten years, with their leap days. */
const MOST_LOAD_MILLIS = 3653 * 86_400_000;

/**
 * What asks for a look (a Flag that opens, a priority that rises), per hour in which the site has somebody to look: in the period that was asked for,
 * and where it is open from the first report, or up to the last.
 */
function loadOf({ first, last, before, after }: Tally, { within, endAsked, site }: Asked): ParametersParameter[] {
  const [from, to] = [within.start ?? first, endAsked ? within.end : last];
  if (from === undefined || to === undefined || Date.parse(to) - Date.parse(from) > MOST_LOAD_MILLIS) return [];
  const hours = serviceHoursBetween(site, from, to);
  if (hours <= 0) return [];
  const looks = ({ opened, raised }: SideTally): number => Object.values(opened).reduce(sum, raised);
  return [
    parts('load', [
      decimal('serviceHours', hours),
      decimal('before', looks(before) / hours),
      decimal('after', looks(after) / hours),
    ]),
  ];
}

function termPart(key: string, counts: TermTally, labels: Labels): ParametersParameter {
  const [system = '', term = '', grade = ''] = key.split(' ');
  return parts('term', [
    { name: 'code', valueCoding: codingOf(system, term, labels) },
    ...formOf(system, term),
    { name: 'grade', valueString: grade },
    ...sides(counts.before, counts.after),
    ...differences(counts),
  ]);
}

function codingOf(system: string, key: string, labels: Labels): Coding {
  const version = system === 'ctcae' ? scopeOfKey(key) : undefined;
  const label = labels.term(termOfKey(key));
  return {
    system: (TERMS as Readonly<Record<string, string>>)[system] ?? system,
    ...(version === undefined ? {} : { version }),
    code: label.code,
    display: label.en,
  };
}

/** Of what is monitored of a form, that form. */
function formOf(system: string, key: string): ParametersParameter[] {
  const form = system === 'monitoring' ? scopeOfKey(key) : undefined;
  return form === undefined ? [] : [{ name: 'form', valueCanonical: form }];
}

const counted = (name: string, of: string, counts: Readonly<Partial<Record<string, number>>>): ParametersParameter[] =>
  Object.keys(counts)
    .sort()
    .map((key) => parts(name, [{ name: of, valueString: key }, whole('count', counts[key] ?? 0)]));

function judgedPart({ judged }: Tally): ParametersParameter {
  const { mattered, notMattered } = judged;
  const side = (name: string, { caught, caughtLater, needless, unjudged }: JudgedSide): ParametersParameter =>
    parts(name, [
      whole('caught', caught),
      whole('caughtLater', caughtLater),
      whole('needless', needless),
      whole('unjudged', unjudged),
      ...(mattered === 0 ? [] : [decimal('sensitivity', caught / mattered)]),
      ...(caught + needless === 0 ? [] : [decimal('precision', caught / (caught + needless))]),
    ]);
  return parts('outcomes', [
    whole('mattered', mattered),
    whole('notMattered', notMattered),
    side('before', judged.before),
    side('after', judged.after),
  ]);
}

function disagreementPart(one: Disagreement, labels: Labels): ParametersParameter {
  const { system = '' } = one.before ?? one.after ?? {};
  return parts('disagreement', [
    { name: 'kind', valueCode: one.kind },
    { name: 'patient', valueReference: { reference: `Patient/${one.patient}` } },
    { name: 'term', valueCoding: codingOf(system, one.term, labels) },
    ...formOf(system, one.term),
    whole('steps', one.steps),
    whole('hours', one.hours),
    ...one.moved.map((how) => ({ name: 'movedBy', valueCode: how })),
    ...(one.before ? [sidePart('before', one.before)] : []),
    ...(one.after ? [sidePart('after', one.after)] : []),
    ...one.flags.map((id) => ({ name: 'flag', valueReference: { reference: `Flag/${id}` } })),
  ]);
}

function sidePart(name: string, { opening, start, end, grade, changes }: Shown): ParametersParameter {
  const { type, id, version } = opening;
  return parts(name, [
    { name: 'report', valueReference: { reference: `${type}/${id}/_history/${version}` } },
    { name: 'grade', valueString: grade },
    { name: 'start', valueInstant: start },
    ...(end === undefined ? [] : [{ name: 'end', valueInstant: end }]),
    ...changes
      .filter(({ kind }) => kind !== 'closes')
      .map(({ at, priority }) =>
        parts('priority', [
          { name: 'code', valueCode: priority },
          { name: 'since', valueInstant: at },
        ]),
      ),
  ]);
}
