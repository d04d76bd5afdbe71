import t from 'tap';
import type { SlotRef } from '../../../src/rules/calendar/answers.ts';
import { fold } from '../../../src/rules/episodes.ts';
import { type Finding, type Report, termKey } from '../../../src/rules/finding.ts';
import { monitoring, reportingOf } from '../../../src/rules/gradings/monitoring.ts';
import { monitoringText } from '../../../src/rules/gradings/monitoring-data.ts';
import { compilePolicy } from '../../../src/rules/policy.ts';
import { readState, writeState } from '../../../src/rules/state-packed.ts';
import { aPolicy } from '../../support/observations.ts';
import { graded } from '../builders.ts';

const FORM = 'https://example.org/Questionnaire/weekly';
const ref = (start: string, extra: Partial<SlotRef> = {}): SlotRef => ({
  item: 'CarePlan/c/0',
  form: FORM,
  start,
  day: start.slice(0, 10),
  ...extra,
});
const A = '2026-11-02T08:00:00.000Z';
const B = '2026-11-09T08:00:00.000Z';

const said = (findings: readonly Finding[]): string[] =>
  findings.map(({ term, outcome }) => `${term} ${outcome.kind === 'graded' ? outcome.grade : outcome.kind}`);

const about = (slots: readonly SlotRef[] | undefined, met?: Record<string, string>, extra: object = {}) =>
  reportingOf({ findings: [], ...(slots ? { slots } : {}), ...extra }, met);

t.test('the data are whole', async (t) => {
  t.same(monitoring.faults(), []);
});

t.test('what belongs to no slot and says no beginning says nothing of the reporting', async (t) => {
  t.same(about(undefined), { findings: [], met: undefined });
  t.equal(about(undefined, { 'CarePlan/c/0': A }).met?.['CarePlan/c/0'], A);
});

t.test('the first response of a slot meets it, a further one meets nothing', async (t) => {
  const first = about([ref(A)]);
  t.same(said(first.findings), ['missing-report 0', 'late-report 0']);
  t.same(first.met, { 'CarePlan/c/0': A });
  t.same(said(about([ref(A)], first.met).findings), []);
  t.same(said(about([ref(A, { late: true })], first.met).findings), [], 'it is not late: the slot was met');
  t.same(said(about([ref(B, { late: true })], first.met).findings), ['missing-report 0', 'late-report 1']);
});

t.test('a mark counts only where nothing had come', async (t) => {
  t.same(said(about([ref(A, { missing: true })]).findings), ['missing-report 1']);
  t.same(about([ref(A, { missing: true })]).met, undefined);
  t.same(said(about([ref(A, { missing: true })], { 'CarePlan/c/0': A }).findings), []);
});

t.test('of two plans for one form the worse stands, of two forms each for itself', async (t) => {
  const other = ref(A, { item: 'CarePlan/d/0', late: true });
  t.same(said(about([ref(A), other]).findings), ['missing-report 0', 'late-report 1']);
  const [one, two] = [ref(A), ref(A, { item: 'CarePlan/d/0', form: 'https://example.org/Questionnaire/daily' })];
  t.same(about([one, two]).findings.map(termKey), [
    `missing-report@${FORM}`,
    `late-report@${FORM}`,
    'missing-report@https://example.org/Questionnaire/daily',
    'late-report@https://example.org/Questionnaire/daily',
  ]);
});

t.test('how it was answered is told in numbers; the limit is left to policies', async (t) => {
  const findings = [graded(2), { ...graded(2), term: 'PROCTCAE_10_COMP' }];
  const [fast, line] = reportingOf({ findings, seconds: 12 }, undefined).findings;
  t.match(fast, {
    term: 'implausibly-fast',
    outcome: { kind: 'at-least', min: 0, max: 1 },
    monitored: { seconds: 12 },
  });
  t.equal(line?.term, 'straight-lined');
  t.match(line?.monitored, { items: fast?.monitored?.items });
  t.same(
    said(about(undefined, undefined, { seconds: 3 }).findings),
    ['implausibly-fast at-least'],
    'one answer is no line',
  );
});

t.test('no policy that speaks of findings in general has any part in it', async (t) => {
  const general = compilePolicy(aPolicy('general', [['open', '%finding.min >= 1', 'PH']]));
  const report: Report = {
    source: { type: 'QuestionnaireResponse', id: 'r', version: 1 },
    at: A,
    day: A.slice(0, 10),
    baseline: false,
    findings: [],
    slots: [ref(A, { late: true })],
  };
  const { steps, state } = fold([report], [general], {});
  t.same(
    steps.map(({ conditions }) => conditions.length),
    [0, 0],
  );
  t.same(readState(writeState(state)).met, { 'CarePlan/c/0': A }, 'what was met is kept with the state');
});

t.test('texts for people', async (t) => {
  t.equal(monitoringText('missing-report', { kind: 'graded', grade: 1 }, 'en'), 'no answer came when one was expected');
  t.equal(monitoringText('missing-report', { kind: 'graded', grade: 0 }, 'fr'), 'réponse reçue depuis');
});
