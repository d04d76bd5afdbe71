import t from 'tap';
import { canonicalJson, sha256 } from '../../src/rules/canonical-json.ts';
import type { RecordInput } from '../../src/rules/decision-record.ts';
import { fold, type TermStep } from '../../src/rules/episodes.ts';
import type { Finding, Report } from '../../src/rules/finding.ts';
import { TERMS } from '../../src/rules/gradings/pro-ctcae-data.ts';
import { compilePolicy, type Policy } from '../../src/rules/policy.ts';
import { decisionRecord, readRecord } from '../../src/rules/record.ts';
import { pack } from '../../src/rules/record-pack.ts';
import {
  answers,
  atLeast,
  contradictory,
  demonstration,
  graded,
  notGradable,
  other,
  plain,
  plan,
  presence,
  report,
  TERM,
} from './builders.ts';

const shipped = compilePolicy(demonstration());
const ID = '01997f3a-1c2d-8abc-9def-0123456789ab';

function input(last: Report, steps: readonly TermStep[], policies: readonly Policy[] = [shipped]): RecordInput {
  return {
    engine: { name: 'vigie', version: '0.1.0' },
    fhirpathVersion: '5.2.0',
    questionnaire: { canonical: 'https://vigie.example/fhir/Questionnaire/weekly|1.0.0', digest: 'a'.repeat(64) },
    gradings: [{ digest: 'b'.repeat(64), system: 'pro-ctcae', version: '1.0' }],
    policies,
    source: last.source,
    patient: { reference: `Patient/${ID}`, version: 3 },
    report: last,
    steps,
  };
}

/** The record of the last report of a story. */
function recordOf(findings: readonly Finding[], policies: readonly Policy[] = [shipped], all = false) {
  const reports = findings.map((finding, index) => ({
    ...report(`03-0${index + 1}`, finding, { id: `r${index}`, baseline: index === 0 }),
    authored: `2026-03-0${index + 1}T09:00:00+01:00`,
  }));
  const { steps } = fold(reports, policies, {});
  const last = reports.at(-1);
  if (!last) throw new Error('no report');
  const own = all ? steps : steps.filter(({ source }) => source.id === last.source.id);
  return { input: input(last, own, policies), steps: own };
}

/** What a record is to hold of a step: all of it, the actions by id alone. */
const expected = (steps: readonly TermStep[]) =>
  steps.map(({ term: _term, conditions, ...rest }) => ({
    ...rest,
    conditions: conditions.map(({ policy, action, value, error }) => ({
      policy,
      action,
      value,
      ...(error && { error }),
    })),
  }));

const stories: [name: string, findings: Finding[]][] = [
  ['a first report that opens', [graded(3)]],
  ['nothing to tell', [graded(0, { frequency: 0, severity: 'hidden' })]],
  ['a range', [graded(0), atLeast(1, 3)]],
  ['nothing gradable while one is open', [graded(3), notGradable({ frequency: 'opted-out', severity: 'not-asked' })]],
  ['contradictory', [graded(3), contradictory(4)]],
  ['calm, then calm lost', [graded(3), graded(1), graded(2)]],
  ['closed', [graded(3), graded(1), graded(1)]],
  ['a yes/no term', [presence(0), presence(1)]],
  ['a write-in', [other(false), other(true)]],
  ['opened on a range', [atLeast(1, 3), graded(2)]],
];

t.test('what is read is what was decided', async (t) => {
  for (const [name, findings] of stories) {
    for (const all of [false, true]) {
      const { input, steps } = recordOf(findings, [shipped], all);
      const { terms, ...head } = plain(readRecord(decisionRecord(input).text));
      t.match(head, {
        engine: { name: 'vigie', version: '0.1.0' },
        fhirpath: '5.2.0',
        patient: `Patient/${ID}/_history/3`,
        source: input.source,
        report: { at: input.report.at, day: input.report.day, baseline: input.report.baseline },
        policies: [{ canonical: shipped.canonical, digest: shipped.digest, title: shipped.title }],
        errors: [],
      });
      const read = terms.map(({ conditions, ...rest }) => ({
        ...rest,
        conditions: conditions.map(({ title: _title, ...condition }) => condition),
      }));
      t.same(read, plain(expected(steps)), `${name}${all ? ', all of a refold' : ''}`);
    }
  }
});

t.test('the titles of the actions that were true are kept', async (t) => {
  const { input } = recordOf([graded(3)]);
  const [term] = readRecord(decisionRecord(input).text).terms;
  t.same(
    term?.conditions.find(({ action }) => action === 'open-composite-3'),
    {
      policy: shipped.canonical,
      action: 'open-composite-3',
      title: 'Composite grade 3',
      value: true,
    },
  );
  t.equal(term?.conditions.find(({ action }) => action === 'open-review')?.title, undefined);
});

t.test('the text is canonical JSON, the digest is its SHA-256, and neither depends on order', async (t) => {
  const two = ['b', 'a'].map((name) => compilePolicy(plan([{ id: 'open' }], { url: `https://example.org/${name}` })));
  const { input } = recordOf([graded(1), graded(3)], two);
  const { text, digest } = decisionRecord(input);
  t.equal(text, canonicalJson(JSON.parse(text)));
  t.equal(digest, sha256(text));
  t.equal(decisionRecord({ ...input, policies: [...two].reverse() }).text, text);
  t.equal(readRecord(text).terms[0]?.conditions.length, 2);
});

t.test('a record is packed with its keys in order, so that its text needs no other', async (t) => {
  for (const findings of [[graded(3)], [graded(1), graded(3), graded(1), atLeast(1, 3)], [presence(1), presence(0)]]) {
    const packed = pack(recordOf(findings, [shipped], true).input);
    t.equal(JSON.stringify(packed), canonicalJson(packed));
  }
});

t.test('an error that left a condition undecided is kept by its kind', async (t) => {
  const aged = compilePolicy(plan([{ id: 'old', expression: '%patient.birthDate + 65 years <= %date' }]));
  const one = report('03-01', graded(1));
  const { steps } = fold([one], [aged], { birthDate: '1950-02-30' });
  const { terms, errors } = readRecord(decisionRecord({ ...input(one, steps, [aged]), errors: ['TypeError'] }).text);
  t.same(terms[0]?.conditions, [{ policy: aged.canonical, action: 'old', value: 'undecided', error: 'Error' }]);
  t.same(errors, ['TypeError']);
});

t.test('an episode opened by a policy that is no longer active is told in full', async (t) => {
  const former = compilePolicy(plan([{ id: 'open' }], { url: 'https://example.org/former', version: '2:1' }));
  const opened = fold([report('03-01', graded(3))], [former], {});
  const next = report('03-02', graded(3));
  const { steps } = fold([next], [shipped], {}, opened.state);
  const [term] = readRecord(decisionRecord(input(next, steps)).text).terms;
  t.same(term?.episodeAfter?.openedBy, [{ policy: 'https://example.org/former|2:1', action: 'open' }]);
});

t.test('without a policy and without a term it is a record still', async (t) => {
  const empty = report('03-01', []);
  t.match(readRecord(decisionRecord(input(empty, [], [])).text), { terms: [], policies: [] });
  t.same(
    readRecord(decisionRecord(input(empty, fold([report('03-01', graded(3))], [], {}).steps, [])).text).terms[0]
      ?.conditions,
    [],
  );
});

t.test('a text that is no record is refused', async (t) => {
  t.throws(() => readRecord('{'), SyntaxError);
  for (const text of ['null', '1', '{}', '{"format":2}']) t.throws(() => readRecord(text), TypeError, text);
});

t.test('a response of 12 terms stays under 6 kB, with a third of them open', async (t) => {
  const terms = TERMS.filter(({ kind }) => kind === 'composite').slice(0, 12);
  const findings = (grade: (index: number) => number) =>
    terms.map(
      ({ code, number, attributes }, index): Finding => ({
        ...graded(grade(index)),
        term: code,
        attributes: Object.fromEntries(
          Object.values(answers(Object.fromEntries(attributes.map((attribute) => [attribute, grade(index)])))).map(
            (answer, place) => [attributes[place], { ...answer, linkId: `PROCTCAE_${number}${'ABC'[place]}_SCL` }],
          ),
        ),
      }),
    );
  const id = (end: number) => `${ID.slice(0, -1)}${end}`;
  const reports = [
    report(
      '03-01',
      findings(() => 0),
      { id: id(0), baseline: true },
    ),
    report(
      '03-08',
      findings((index) => (index < 4 ? 3 : 1)),
      { id: id(1) },
    ),
    report(
      '03-15',
      findings((index) => (index < 4 ? 2 : 1)),
      { id: id(2) },
    ),
  ];
  const last = reports[2] as Report; // the third of three
  const { steps } = fold(reports, [shipped], {});
  const { text } = decisionRecord(
    input(
      last,
      steps.filter(({ source }) => source.id === id(2)),
    ),
  );
  t.equal(steps.filter(({ episodeAfter, source }) => episodeAfter && source.id === id(2)).length, 4);
  t.ok(text.length < 6000, `${text.length} bytes`);
});

t.test('of what a patient wrote only that it was written', async (t) => {
  const { input } = recordOf([other(true)]);
  t.match(readRecord(decisionRecord(input).text).terms[0]?.finding.attributes.text, {
    state: 'written',
    linkId: 'item-text',
  });
});

t.test('what the conditions were told of the past, of other terms and of treatment comes back', async (t) => {
  const source = { type: 'Observation', id: 'lab', version: 2 } as const;
  const told = {
    recent: {
      grades: [
        { grade: 1, at: '2026-03-01T23:30:00.000Z', day: '2026-03-02' },
        { grade: 2, at: '2026-03-05T08:00:00.000Z', day: '2026-03-05' },
      ],
      since: ['2026-03-02', '2026-03-05', undefined],
    },
    burden: { area: 4.5, days1: 3, since: '2026-03-01T23:30:00.000Z' },
    expected: { level: 2, until: '2026-04-01T00:00:00.000Z' },
    symptoms: { [TERM]: 2, 'anaemia@5.0': 1 },
    facts: {
      treatments: { systemic: true, codes: ['urn:x|a'] },
      studies: ['ResearchStudy/s'],
      conditions: [],
      unknown: { treatments: { only: ['urn:x|b'] }, conditions: { allBut: ['urn:x|c'] } },
    },
  } as const;
  const step = {
    term: TERM,
    source,
    at: '2026-03-05T08:00:00.000Z',
    day: '2026-03-05',
    finding: graded(2),
    conditions: [],
    transition: 'merge',
    mergedInto: 'PROCTCAE_1_COMP',
    held: true,
    ended: 'PM',
  } as const;
  const { text } = decisionRecord({
    engine: { name: 'vigie', version: '1' },
    fhirpathVersion: '5',
    gradings: [{ system: 'pro-ctcae', version: '1.0', digest: 'b' }],
    policies: [],
    source,
    patient: { reference: 'Patient/p', version: 1 },
    report: { at: step.at, day: step.day, baseline: false },
    steps: [
      { ...step, told },
      {
        ...step,
        term: 'PROCTCAE_1_COMP',
        finding: { ...graded(2), term: 'PROCTCAE_1_COMP' },
        told: { symptoms: told.symptoms },
      },
    ],
  });
  const [first, second] = readRecord(text).terms;
  t.same(plain(first?.told), plain(told));
  t.match(first, { held: true, ended: 'PM', mergedInto: 'PROCTCAE_1_COMP', transition: 'merge' });
  t.same(second?.told?.symptoms, told.symptoms);
  t.equal(text.split('2026-03-01T23:30').length, 3, 'a moment is written once for each way that it is said');
});
