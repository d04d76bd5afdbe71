/**
 * Writes test/golden/*.json: decision records that a release must make again byte for byte. Each story is a patient; each arrival makes one
 * record, as the write path makes it. Run it only where a change of what is decided is meant, and say so in the CHANGELOG:
 *
 *     npx tsx tools/golden.ts
 */
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { Basic, Observation, PlanDefinition, Questionnaire, QuestionnaireResponse } from '@medplum/fhirtypes';
import { PRO_CTCAE } from '../src/fhir/canonical.ts';
import { ageYears } from '../src/rules/age.ts';
import { canonicalJson, sha256 } from '../src/rules/canonical-json.ts';
import { versioned } from '../src/rules/decision-record.ts';
import type { PatientFacts } from '../src/rules/episode.ts';
import { fold } from '../src/rules/episodes.ts';
import { type Finding, type Report, type ReportFacts, termKey } from '../src/rules/finding.ts';
import { GRADING_DIGESTS } from '../src/rules/gradings/index.ts';
import { type Moment, momentAfter, momentOfWaking, reportOfMoment } from '../src/rules/moments.ts';
import { decisionRecord } from '../src/rules/record.ts';
import { EXTENSION } from '../src/rules/resources/codes.ts';
import { momentOf, momentResource } from '../src/rules/resources/moment.ts';
import { plan } from '../test/rules/builders.ts';
import { FORM, type Golden, goldenForm, policyOf, reading, replayGolden } from '../test/support/golden.ts';
import { aResult } from '../test/support/observations.ts';
import { aResponse, type Scores } from '../test/support/responses.ts';

const OUT = 'test/golden';
const DEMONSTRATION = 'profiles/policies/demonstration.json';
const SUBJECT = 'Patient/p';
const TERM = 'PROCTCAE_9_COMP';

/** What comes in: a response or an Observation, in the version that is named. */
interface Arrival {
  id: string;
  version?: number;
  resource: QuestionnaireResponse | Observation | Basic;
  facts?: ReportFacts;
}

interface Story {
  name: string;
  patient: PatientFacts;
  policies: readonly (string | PlanDefinition)[];
  arrivals: readonly Arrival[];
}

const questionnaire = JSON.parse(readFileSync(FORM, 'utf8')) as Questionnaire;

const answers = (authored: string, scores: Scores, extra: Partial<QuestionnaireResponse> = {}): QuestionnaireResponse =>
  aResponse(questionnaire, SUBJECT, authored, scores, extra);

const nausea = (frequency: number, severity?: number): Scores => ({
  PROCTCAE_9A_SCL: frequency,
  ...(severity === undefined ? {} : { PROCTCAE_9B_SCL: severity }),
});

const day = (of: number): string => `2026-03-${String(of).padStart(2, '0')}T08:00:00+01:00`;

const BASELINE = [{ url: EXTENSION.baselineReport, valueBoolean: true }];

const expectation = (level: number, at: string, until: string): Observation => ({
  resourceType: 'Observation',
  status: 'final',
  code: { coding: [{ system: PRO_CTCAE, code: TERM }] },
  subject: { reference: SUBJECT },
  effectiveDateTime: at,
  extension: [
    {
      url: EXTENSION.expectedLevel,
      extension: [
        { url: 'level', valueInteger: level },
        { url: 'until', valueDateTime: until },
      ],
    },
  ],
});

/** A moment that has come. */
const moment = ({ tick, at }: Moment): Basic => momentResource({ tick, at, patient: SUBJECT, device: 'Device/engine' });

/** Opens at grade 1; at 3 it is urgent, and so is what stays without news for a week. */
const WAITS: PlanDefinition = (() => {
  const { action = [], ...rest } = plan([
    { id: 'open', priority: 'PL', expression: '%finding.min >= 1' },
    { id: 'open-3', priority: 'PH', expression: '%finding.min >= 3' },
    { id: 'stays', code: 'escalate', priority: 'PM', expression: '%persistence.days1 >= 7 and %finding.min >= 2' },
  ]);
  const valueDuration = { value: 7, system: 'http://unitsofmeasure.org', code: 'd' };
  const asked = { url: EXTENSION.askAgainAfter, valueDuration };
  return {
    ...rest,
    action: action.map((one) => (one.id === 'stays' ? { ...one, extension: [...(one.extension ?? []), asked] } : one)),
  };
})();

/** A policy that asks for every group of what conditions may be told. */
const WHOLE = plan(
  [
    { id: 'two-of-three', expression: '%last3.atLeast2 >= 2' },
    { id: 'persistent', priority: 'PL', expression: '%persistence.days1 >= 6' },
    { id: 'burden', priority: 'PH', expression: '%burden.area > 20' },
    { id: 'beside-diarrhoea', priority: 'PH', expression: '%finding.min >= 2 and %symptoms.PROCTCAE_16_COMP >= 2' },
    { id: 'systemic', priority: 'PH', expression: '%finding.min >= 2 and %treatment.systemic' },
    { id: 'close', code: 'close', expression: '%episode.calmDays >= 2' },
  ],
  { url: 'https://example.org/PlanDefinition/golden-whole', version: '1' },
);

/** Measured values of any version of CTCAE. */
const LADDERS = plan(
  [
    { id: 'open-3', priority: 'PH', expression: "%finding.kind = 'ladder' and %finding.min >= 3" },
    { id: 'open-2', expression: "%finding.kind = 'ladder' and %finding.min >= 2" },
    { id: 'close', code: 'close', expression: "%finding.kind = 'ladder' and %finding.max <= 1" },
  ],
  { url: 'https://example.org/PlanDefinition/golden-ladders', version: '1' },
);
for (const { trigger } of LADDERS.action ?? []) trigger?.push({ type: 'data-added', data: [{ type: 'Observation' }] });

const anna: PatientFacts = { gender: 'female', birthDate: '1961-05-04' };

const lab = (
  loinc: string,
  value: number,
  unit: string,
  at: string,
  limits: { low?: number; high?: number } = {},
  extra: Partial<Observation> = {},
) => aResult(SUBJECT, { loinc, value, unit, at, ...limits }, extra);

const STORIES: readonly Story[] = [
  {
    name: 'an episode that opens, worsens, improves and closes',
    patient: anna,
    policies: [DEMONSTRATION],
    arrivals: [
      { id: 'a1', resource: answers(day(1), nausea(1, 1)) },
      { id: 'a2', resource: answers(day(3), nausea(3, 2)) },
      { id: 'a3', resource: answers(day(5), nausea(4, 4)) },
      { id: 'a4', resource: answers(day(7), nausea(2, 1)) },
      { id: 'a5', resource: answers(day(9), nausea(1, 1)) },
      { id: 'a6', resource: answers(day(10), nausea(0)) },
    ],
  },
  {
    name: 'answers that are missing or contradict each other',
    patient: {},
    policies: [DEMONSTRATION],
    arrivals: [
      { id: 'b1', resource: answers(day(1), nausea(4)) },
      { id: 'b2', resource: answers(day(2), { PROCTCAE_16A_SCL: 4 }) },
      { id: 'b3', resource: answers(day(3), nausea(3, 4)) },
      { id: 'b4', resource: answers(day(4), { PROCTCAE_56A_SCL: 2, PROCTCAE_56C_SCL: 4 }) },
    ],
  },
  {
    name: 'late, amended and withdrawn',
    patient: anna,
    policies: [DEMONSTRATION],
    arrivals: [
      { id: 'c1', resource: answers(day(1), nausea(4, 4)) },
      { id: 'c3', resource: answers(day(9), nausea(1, 1)) },
      { id: 'c2', resource: answers(day(5), nausea(1, 1)) },
      { id: 'c2', version: 2, resource: answers(day(5), nausea(4, 3), { status: 'amended' }) },
      { id: 'c2', version: 3, resource: answers(day(5), nausea(4, 3), { status: 'entered-in-error' }) },
      { id: 'c4', resource: answers('2026-02-20T23:30:00-05:00', nausea(1, 0), { extension: BASELINE }) },
    ],
  },
  {
    name: 'days of a patient far from Greenwich',
    patient: anna,
    policies: [DEMONSTRATION],
    arrivals: [
      { id: 'd1', resource: answers('2026-03-28T23:45:00+13:00', nausea(4, 4)) },
      { id: 'd2', resource: answers('2026-03-29T00:15:00+13:00', nausea(1, 1)) },
      { id: 'd3', resource: answers('2026-03-29T23:59:59-11:00', nausea(1, 1)) },
      { id: 'd4', resource: answers('2026-04-01', nausea(0)) },
    ],
  },
  {
    name: 'the past, other terms and treatment',
    patient: anna,
    policies: [WHOLE],
    arrivals: [
      { id: 'e1', resource: answers(day(1), { ...nausea(2, 2), PROCTCAE_16A_SCL: 1 }) },
      {
        id: 'e2',
        resource: answers(day(4), { ...nausea(3, 2), PROCTCAE_16A_SCL: 2 }),
        facts: { treatments: { systemic: false, codes: [] } },
      },
      {
        id: 'e3',
        resource: answers(day(8), { ...nausea(4, 4), PROCTCAE_16A_SCL: 4 }),
        facts: { treatments: { systemic: true, codes: ['urn:x|a'] } },
      },
      { id: 'e4', resource: answers(day(12), { ...nausea(4, 4), PROCTCAE_16A_SCL: 3 }) },
      { id: 'e5', resource: answers(day(13), { ...nausea(0), PROCTCAE_16A_SCL: 0 }) },
      { id: 'e6', resource: answers(day(14), { ...nausea(0), PROCTCAE_16A_SCL: 0 }) },
    ],
  },
  {
    name: 'a level that a clinician expects',
    patient: anna,
    policies: [DEMONSTRATION, WHOLE],
    arrivals: [
      { id: 'f0', resource: answers('2026-02-27T08:00:00Z', nausea(3, 2)) },
      { id: 'f1', resource: answers(day(1), nausea(3, 2)) },
      { id: 'f2', resource: expectation(3, day(2), '2026-03-10T00:00:00Z') },
      { id: 'f3', resource: answers(day(4), nausea(4, 4)) },
      { id: 'f4', resource: answers(day(12), nausea(4, 4)) },
    ],
  },
  {
    name: 'laboratory results on the ladders of both versions',
    patient: anna,
    policies: [LADDERS],
    arrivals: [
      { id: 'g1', resource: lab('718-7', 9.1, 'g/dL', day(1), { low: 12 }) },
      { id: 'g2', resource: lab('718-7', 7.4, 'g/dL', day(3), { low: 12 }) },
      { id: 'g3', resource: lab('718-7', 8, 'g/dL', day(5)) },
      { id: 'g4', resource: lab('718-7', 71, 'g/L', day(6), { low: 120 }) },
      { id: 'g5', resource: lab('718-7', 11.2, 'g/dL', day(9), { low: 12 }) },
      { id: 'g6', resource: lab('1742-6', 130, 'U/L', day(9), { high: 40 }) },
      { id: 'g7', resource: lab('1742-6', 60, 'U/L', '2026-02-20T08:00:00Z', { high: 40 }, { extension: BASELINE }) },
      { id: 'g8', resource: lab('1742-6', 130, 'U/L', day(12), { high: 40 }) },
      { id: 'g9', resource: lab('718-7', 7.4, '{unknown}', day(13), { low: 12 }) },
    ],
  },
  {
    name: 'moments without a report',
    patient: { gender: 'female', birthDate: '1961-05-04' },
    policies: [WAITS],
    arrivals: [
      { id: 'r1', resource: answers(day(2), nausea(3, 2)) },
      {
        id: 'm1',
        resource: moment(
          momentAfter(TERM, { at: '2026-03-02T07:00:00.000Z', day: '2026-03-02' }, '7 d', 'Europe/Paris'),
        ),
      },
      { id: 'e1', resource: expectation(3, day(10), '2026-03-14T08:00:00Z') },
      { id: 'r2', resource: answers(day(12), nausea(4, 4)) },
      { id: 'm2', resource: moment(momentOfWaking(TERM, '2026-03-14T08:00:00.000Z', 'Europe/Paris')) },
      // Late: the week without news was none.
      { id: 'r0', resource: answers(day(6), nausea(1, 1)) },
    ],
  },
];

/** One record for each arrival of a story, as the write path makes them. */
function recordsOf(story: Story): Golden[] {
  const policies = story.policies.map(policyOf);
  const current = new Map<string, Report>();
  const reports: Record<string, Golden['reports'][string]> = {};
  return story.arrivals.flatMap((arrival, index): Golden[] => {
    const source = { type: arrival.resource.resourceType, id: arrival.id, version: arrival.version ?? 1 };
    const before = current.get(arrival.id);
    const own = reportOf(source, arrival, story.patient);
    reports[versioned(source)] = arrival.resource;
    current.delete(arrival.id);
    if (own) current.set(arrival.id, own);
    const { steps } = fold([...current.values()], policies, story.patient);
    const since = [before?.at, own?.at].filter((at) => at !== undefined).sort()[0] ?? '';
    const isOfOwn = new Set(steps.filter((step) => step.source.id === arrival.id).map(({ term }) => term));
    const terms = new Set([...isOfOwn, ...(before?.findings ?? []).map(termKey)]);
    const told = steps.filter((step) => terms.has(step.term) && step.at >= since);
    if (told.length === 0) return [];
    const record = decisionRecord({
      engine: { name: 'vigie', version: 'golden' },
      fhirpathVersion: 'golden',
      ...(source.type === 'QuestionnaireResponse' || own?.tick
        ? { questionnaire: { canonical: goldenForm().canonical, digest: goldenForm().digest } }
        : {}),
      gradings: GRADING_DIGESTS.filter(({ system }) => system === 'pro-ctcae'),
      policies,
      source,
      patient: { reference: SUBJECT, version: 1 },
      report: own ?? before ?? { at: '', day: '', baseline: false },
      steps: told,
    });
    const named = new Set([
      ...told.map((step) => versioned(step.source)),
      ...told.flatMap(({ tick }) => (tick ? [versioned(tick.on)] : [])),
      ...told.flatMap(({ finding }) =>
        finding.measured?.baseline ? [versioned(finding.measured.baseline.source)] : [],
      ),
    ]);
    return [
      {
        name: `${story.name}: ${index + 1}`,
        patient: story.patient,
        policies: story.policies,
        reports: Object.fromEntries([...named].map((name) => [name, reports[name] ?? arrival.resource])),
        digest: record.digest,
        record: JSON.parse(record.text),
      },
    ];
  });
}

function reportOf(source: Report['source'], { resource, facts }: Arrival, patient: PatientFacts): Report | undefined {
  if (resource.resourceType === 'Basic') {
    const moment = momentOf(resource);
    return moment && reportOfMoment({ ...moment, day: moment.at.slice(0, 10) }, source, []);
  }
  const input = reading(versioned(source), resource);
  if (input?.asks !== 'grading') return undefined;
  const time = input.time(new Date('2026-06-01T00:00:00Z'), undefined);
  const said = input.read(time);
  if (!said) return undefined;
  const years = patient.birthDate === undefined ? undefined : ageYears(patient.birthDate, time.day);
  const findings: readonly Finding[] = said.findings;
  return {
    source,
    ...(input.form ? { form: input.form.canonical } : {}),
    at: time.at,
    authored: said.authored,
    day: time.day,
    baseline: said.baseline,
    findings,
    ...(said.measured
      ? {
          measured: said.measured.map((one) => (years === undefined ? one : { ...one, ageYears: years })),
          ctcae: ['5.0', '6.0'] as const,
        }
      : {}),
    ...(said.baselines ? { baselines: said.baselines } : {}),
    ...(said.expected ? { expected: said.expected } : {}),
    ...(facts ? { facts } : {}),
  };
}

mkdirSync(OUT, { recursive: true });
for (const file of readdirSync(OUT)) if (file.endsWith('.json')) rmSync(`${OUT}/${file}`);
let count = 0;
for (const golden of STORIES.flatMap(recordsOf)) {
  const { outcome, differences } = replayGolden(golden);
  if (outcome !== 'equal') throw new Error(`${golden.name}: ${JSON.stringify(differences)}`);
  count += 1;
  const name = golden.name.replace(/[^a-z0-9]+/g, '-');
  writeFileSync(`${OUT}/${name}.json`, `${canonicalJson(golden)}\n`);
}
console.log(`${count} records, ${sha256(readdirSync(OUT).join()).slice(0, 8)}`);
