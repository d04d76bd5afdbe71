import type { Flag, Observation } from '@medplum/fhirtypes';
import { PRO_CTCAE, splitCanonical } from '../fhir/canonical.ts';
import { EXTENSION } from '../rules/resources/codes.ts';
import { type Chart, decisionsOf, type FlagRead, type FlagVersion, type ReportRead } from './chart.ts';
import { columns, day, wrapped } from './lines.ts';

/** What happened to one patient, in lines for a terminal. Says nothing that the chart does not hold. */
export function tellStory(chart: Chart): string[] {
  const { reports, flags } = chart;
  return [
    'VIGIE  one patient who does not exist, as an EHR reads the record over HTTP',
    `       Patient/${chart.patient}`,
    '',
    'What was answered, and how it was graded',
    '  Answers 0-4: F frequency, S severity, I interference. After = the PRO-CTCAE composite grade, 0-3:',
    '  reported by the patient, and not a CTCAE grade.',
    '',
    ...gradeTable(reports),
    '',
    flags.length === 0 ? 'No Flag was opened' : 'Which Flags came of it, and why',
    ...flags.flatMap((flag) => ['', ...flagStory(flag, chart)]),
    '',
    ...flags.filter(({ versions }) => versions.at(-1)?.flag.status === 'active').flatMap(explained),
    ...decidedBy(chart),
  ];
}

/** One line per report, one column per term that was ever above 0. */
function gradeTable(reports: readonly ReportRead[]): string[] {
  const all = reports.flatMap(({ observations }) => observations);
  const terms = [...new Set(all.map(termOf))].sort((a, b) => numberOf(a) - numberOf(b));
  const spoken = terms.filter((term) => all.some((one) => termOf(one) === term && answersOf(one) !== undefined));
  const name = (term: string): string => nameOf(all.find((one) => termOf(one) === term));
  const silent = terms.filter((term) => !spoken.includes(term)).map(name);
  const rows = reports.map((report) => [
    day(report.response.authored),
    ...spoken.map((term) => cell(report.observations.find((one) => termOf(one) === term))),
    remarks(report, reports).join(', '),
  ]);
  return [
    ...columns([['', ...spoken.map(name), ''], ...rows]).map((line) => `  ${line}`),
    ...(silent.length > 0 ? ['', ...wrapped(`0 in every report: ${silent.join(', ')}.`, 96, '  ')] : []),
  ];
}

function cell(observation: Observation | undefined): string {
  if (!observation) return '-';
  return `${answersOf(observation) ?? '0'} = ${gradeOf(observation)}`.replace(/^0 = 0$/, '0');
}

/** The scores above 0 of an Observation, e.g. `F3 S2`; undefined when all are 0 or absent. */
function answersOf({ component = [] }: Observation): string | undefined {
  const scores = component.flatMap(({ code, valueInteger }) =>
    valueInteger ? [`${attributeOf(code.coding?.[0]?.display).charAt(0).toUpperCase()}${valueInteger}`] : [],
  );
  return scores.length > 0 ? scores.join(' ') : undefined;
}

const attributeOf = (display = ''): string => display.slice(display.lastIndexOf(':') + 1).trim();

const gradeOf = ({ valueInteger }: Observation): string =>
  valueInteger === undefined ? 'not certain' : `${valueInteger}`;

/** What the response and its versions say beside the answers. */
function remarks({ response, received }: ReportRead, reports: readonly ReportRead[]): string[] {
  const overtaken = reports.find(
    (other) => (other.response.authored ?? '') > (response.authored ?? '') && other.received < received,
  );
  const isBaseline = response.extension?.some(
    ({ url, valueBoolean }) => url === EXTENSION.baselineReport && valueBoolean,
  );
  return [
    ...(isBaseline ? ['baseline'] : []),
    ...(overtaken ? [`late, after ${day(overtaken.response.authored)}`] : []),
    ...(response.status === 'completed' ? [] : [response.status]),
  ];
}

function flagStory({ versions }: FlagRead, chart: Chart): string[] {
  const last = versions.at(-1);
  if (!last) return [];
  return [
    `  ${nameOf(last.observation)}: ${stateOf(last.flag)}   Flag/${last.flag.id}`,
    ...versions.flatMap((version, index) => eventStory(version, versions[index - 1], chart)),
  ];
}

function stateOf({ status, period }: Flag): string {
  if (status === 'entered-in-error') return 'retracted';
  return period?.end ? `closed, ${day(period.start)} to ${day(period.end)}` : `open since ${day(period?.start)}`;
}

function eventStory(version: FlagVersion, before: FlagVersion | undefined, chart: Chart): string[] {
  const { flag, cause, observation } = version;
  const reasons = flag.status === 'entered-in-error' ? [RETRACTED] : titles(flag, chart);
  const isNews = before === undefined || reasons.join() !== titles(before.flag, chart).join();
  const correction = cause && cause.meta?.versionId !== '1' ? `, ${cause.status}` : '';
  const measured = observation ? `${answersOf(observation) ?? 'all 0'}, grade ${gradeOf(observation)}` : '';
  return [
    `    ${day(cause?.authored)}  ${eventOf(flag, before?.flag).padEnd(29)}  ${measured}${correction}`,
    ...(isNews ? wrapped(`since ${reasons.map(lowerFirst).join('; ')}`, 104, ' '.repeat(12)) : []),
  ];
}

const RETRACTED = 'no report says so any longer';

const lowerFirst = (text: string): string => text.charAt(0).toLowerCase() + text.slice(1);

/** What a version of a Flag is against the one before it. */
function eventOf(flag: Flag, before: Flag | undefined): string {
  const priority = priorityOf(flag);
  const was = before && priorityOf(before);
  if (flag.status === 'entered-in-error') return 'retracted';
  if (flag.status === 'inactive') return 'closed';
  if (!before) return `opened, ${priority?.toLowerCase()}`;
  if (before.status !== 'active') return `opened again, ${priority?.toLowerCase()}`;
  if (rank(flag) > rank(before)) return `escalated to ${priority?.toLowerCase()}`;
  if (rank(flag) < rank(before)) return `eased to ${priority?.toLowerCase()}`;
  const [now, then] = [levelOf(flag), levelOf(before)];
  if (now === then || now === undefined || then === undefined) return `changed, still ${was?.toLowerCase()}`;
  return `${now > then ? 'worse' : 'better'}, still ${priority?.toLowerCase()}`;
}

const concept = (flag: Flag) =>
  flag.extension?.find(({ url }) => url.endsWith('/flag-priority'))?.valueCodeableConcept?.coding?.[0];

const priorityOf = (flag: Flag): string | undefined => concept(flag)?.display;

const rank = (flag: Flag): number => ['PN', 'PL', 'PM', 'PH'].indexOf(concept(flag)?.code ?? '');

function levelOf(flag: Flag): number | undefined {
  const finding = flag.extension?.find(({ url }) => url === EXTENSION.gradedFinding)?.extension;
  return finding?.find(({ url }) => url === 'grade' || url === 'min')?.valueInteger;
}

/** The titles that the policies give to the actions behind a Flag. */
const titles = (flag: Flag, { policies }: Chart): string[] =>
  decisionsOf(flag).map(({ policy, action }) => {
    const { url, version } = splitCanonical(policy);
    const plan = policies.find((one) => one.url === url && one.version === version);
    return plan?.action?.find(({ id }) => id === action)?.title ?? action;
  });

const explained = ({ versions, explanation }: FlagRead): string[] => [
  `What $explain says of ${nameOf(versions.at(-1)?.observation)}, which is still open`,
  ...wrapped(explanation, 96, '  '),
  '',
];

const decidedBy = ({ policies }: Chart): string[] =>
  policies.map(({ url, version, title }) => `Policy  ${url} version ${version}\n        ${title}`);

const termOf = ({ code }: Observation): string => code.coding?.find(({ system }) => system === PRO_CTCAE)?.code ?? '';

/** `PROCTCAE_16_COMP` is the term of number 16. */
const numberOf = (term: string): number => Number(/\d+/.exec(term)?.[0] ?? 0);

const nameOf = (observation: Observation | undefined): string =>
  (observation?.code.coding?.[0]?.display ?? 'A report').replace(/: composite grade$/, '');
