import t from 'tap';
import { readReport, type StoredReport, writeReport } from '../../src/evaluation/stored-report.ts';
import type { Answer, Finding } from '../../src/rules/finding.ts';

const answered = (linkId: string, value: number): Answer => ({ state: 'answered', linkId, value });
const A = 'PROCTCAE_9A_SCL';
const B = 'PROCTCAE_9B_SCL';

/** Nausea: frequency and severity. */
const nausea = (extra: Partial<Finding> = {}): Finding => ({
  term: 'PROCTCAE_9_COMP',
  system: 'pro-ctcae',
  version: '1.0',
  kind: 'composite',
  outcome: { kind: 'graded', grade: 2 },
  attributes: { frequency: answered(A, 2), severity: answered(B, 3) },
  dataQuality: [],
  ...extra,
});

const stored = (findings: readonly Finding[], extra: Partial<StoredReport> = {}): StoredReport => ({
  report: {
    source: { type: 'QuestionnaireResponse', id: 'r', version: 1 },
    at: '2026-11-01T08:00:00.000Z',
    authored: '2026-11-01T08:00:00.000Z',
    day: '2026-11-01',
    baseline: false,
    findings,
    policies: [],
  },
  authored: '2026-11-01T08:00:00.000Z',
  clockAhead: false,
  unvalidatedWording: false,
  ...extra,
});

t.test('a stored report is read as it was written, short or in full', async (t) => {
  const cases: [name: string, kept: unknown, finding: Finding][] = [
    ['answers of the published items', '9 2 f2s3', nausea()],
    [
      'a true 0 by branching',
      '9 0 f0sf',
      nausea({
        outcome: { kind: 'graded', grade: 0 },
        attributes: { frequency: answered(A, 0), severity: { state: 'hidden', value: 0, linkId: B, because: A } },
      }),
    ],
    [
      'not answered, not asked',
      '9 1 f?s.',
      nausea({
        outcome: { kind: 'graded', grade: 1 },
        attributes: { frequency: { state: 'missing', linkId: A }, severity: { state: 'not-asked' } },
      }),
    ],
    ['one attribute alone', '9 2 s3', nausea({ attributes: { severity: answered(B, 3) } })],
    [
      'link ids of another form',
      undefined,
      nausea({ attributes: { frequency: answered('q1', 2), severity: answered(B, 3) } }),
    ],
    [
      'hidden by an item of another term',
      undefined,
      nausea({ attributes: { frequency: { state: 'hidden', value: 0, linkId: A, because: 'PROCTCAE_8A_SCL' } } }),
    ],
    [
      'hidden by itself',
      '9 2 ff',
      nausea({ attributes: { frequency: { state: 'hidden', value: 0, linkId: A, because: A } } }),
    ],
    [
      'an opt-out',
      undefined,
      nausea({ attributes: { frequency: { state: 'opted-out', linkId: A, code: 'optout-not-applicable' } } }),
    ],
    ['an attribute that no letter stands for', undefined, nausea({ attributes: { presence: answered(A, 1) } })],
    ['a range', undefined, nausea({ outcome: { kind: 'at-least', min: 1, max: 3, missing: ['severity'] } })],
    ['no grade', undefined, nausea({ outcome: { kind: 'not-gradable', reason: 'not-answered', missing: [] } })],
    ['a doubt', undefined, nausea({ dataQuality: ['contradictory'] })],
    ['another version', undefined, nausea({ version: '1.1' })],
    ['a yes/no term', undefined, nausea({ kind: 'presence' })],
    ['another scale', undefined, nausea({ system: 'ctcae', version: '5.0', kind: 'ladder', attributes: {} })],
  ];
  for (const [name, kept, finding] of cases) {
    // The first finding says the grading of the list.
    const report = stored([nausea(), finding]);
    const text = writeReport(report);
    t.strictSame(readReport(text), report, name);
    const { findings } = JSON.parse(text);
    const second = typeof findings === 'string' ? findings.split(';')[1] : findings[1];
    if (kept === undefined) t.type(second, 'object', `${name}: in full`);
    else t.equal(second, kept, name);
  }
});

t.test('the moments are there whether they are the same or not', async (t) => {
  const { report } = stored([nausea()]);
  const elsewhere = {
    ...report,
    authored: '2026-11-02T01:00:00+09:00',
    at: '2026-11-01T16:00:00.000Z',
    day: '2026-11-02',
  };
  const { authored: _, ...ahead } = report;
  const cases: [name: string, given: StoredReport][] = [
    ['the same', stored([nausea()])],
    ['where the patient is', stored([], { report: elsewhere, authored: elsewhere.authored })],
    [
      'a clock that was ahead',
      stored([], { report: { ...ahead, clockAhead: true }, authored: '2026-11-01T12:00:00Z', clockAhead: true }),
    ],
  ];
  for (const [name, given] of cases) t.strictSame(readReport(writeReport(given)), given, name);
});

t.test('who the patient was is kept where a policy asks, and takes no room where none does', async (t) => {
  const { report } = stored([nausea()]);
  for (const person of [{ gender: 'female', birthDate: '1961-05-04' }, { birthDate: '1961' }, {}]) {
    const given = stored([], { report: { ...report, person } });
    t.strictSame(readReport(writeReport(given)), given);
  }
  t.notMatch(writeReport(stored([nausea()])), /person/);
});

t.test('the policies that judged it are told in full, whatever they have in common', async (t) => {
  const base = 'https://hospital.example/PlanDefinition/';
  for (const policies of [
    [],
    [`${base}a|1`],
    [`${base}a|1`, `${base}a|10`, `${base}a|2`, `${base}b|1`],
    ['urn:a', 'urn:b', `${base}a|1`, `${base}a|1`],
  ]) {
    const given = stored([]);
    const report = { ...given, report: { ...given.report, policies } };
    t.strictSame(readReport(writeReport(report)), report, policies.join(' '));
  }
});

t.test('a text that is never written is refused', async (t) => {
  const text = writeReport(stored([nausea()]));
  for (const kept of ['9 2 x2', '9 2 f5', '99 2 f2', '9 2 f2s'])
    t.throws(() => readReport(text.replace('9 2 f2s3', kept)), RangeError, kept);
});
