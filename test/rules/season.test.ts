import t from 'tap';
import { EMPTY, fold, isNext, step } from '../../src/rules/episodes.ts';
import type { Finding, Report } from '../../src/rules/finding.ts';
import type { MeasuredInput } from '../../src/rules/gradings/measured.ts';
import { compilePolicy } from '../../src/rules/policy.ts';
import { writeState } from '../../src/rules/state-packed.ts';
import { often } from '../support/often.ts';
import {
  type ActionSpec,
  atLeast,
  contradictory,
  graded,
  notGradable,
  plain,
  plan,
  presence,
  report,
  TERM,
} from './builders.ts';
import { Clinic, chance, shuffled } from './clinic.ts';

/** Conditions on all that the fold tells: the past, the burden, expected levels and other terms. */
const ACTIONS: readonly ActionSpec[] = [
  { id: 'open-3', priority: 'PH', expression: '%finding.min >= 3' },
  { id: 'open-2', priority: 'PM', expression: '%finding.max >= 2' },
  { id: 'often', priority: 'PL', expression: '%last3.atLeast1 >= 3' },
  { id: 'together', priority: 'PL', expression: '%symptoms.PROCTCAE_5_COMP = 1 and %finding.grade >= 1' },
  { id: 'rise', code: 'escalate', priority: 'PM', expression: '%finding.min > %previous.grade' },
  { id: 'long', code: 'escalate', priority: 'PM', expression: '%persistence.days1 >= 6 and %finding.min >= 2' },
  { id: 'heavy', code: 'escalate', priority: 'PH', expression: '%burden.area > 12' },
  { id: 'lower', code: 'de-escalate', priority: 'PL', expression: '%finding.grade < 2 and %expected.level >= 1' },
  {
    id: 'close',
    code: 'close',
    expression: "%episode.calmDays >= 2 or (%finding.kind = 'ladder' and %finding.grade = 0)",
  },
];

const sound = plan(ACTIONS);
const policies = [
  compilePolicy({
    ...sound,
    action: sound.action?.map((action) => ({
      ...action,
      trigger: ['QuestionnaireResponse', 'Observation'].map((type) => ({ type: 'data-added', data: [{ type }] })),
    })),
  }),
];

const moment = (day: number): string => `2026-03-${String(day).padStart(2, '0')}T08:00:00.000Z`;

/** Serum creatinine, graded against its upper limit and its baseline: with neither it cannot be graded. Source: CTCAE, Creatinine increased. */
const creatinine = (value: number, high?: number): MeasuredInput => ({
  loinc: ['2160-0'],
  value,
  unit: 'mg/dL',
  ...(high === undefined ? {} : { high }),
});

const observed = (day: number, id: string, over: Partial<Report>): Report => ({
  ...report(moment(day), [], { id }),
  source: { type: 'Observation', id, version: 1 },
  ...over,
});

const lab = (day: number, id: string, input: MeasuredInput, baseline = false): Report =>
  observed(day, id, { measured: [input], ctcae: ['5.0', '6.0'], baseline });

const CREATININE = 'creatinine_increased@5.0';

const SAID: readonly ((next: (below: number) => number) => Finding)[] = [
  (next) => graded(next(4)),
  (next) => graded(next(2)),
  (next) => graded(2, { frequency: 3, severity: 2 + next(3) }),
  (next) => atLeast(next(3), 3),
  () => notGradable(),
  (next) => contradictory(1 + next(4)),
];

const worded = (number: 55 | 56, grade: number): Finding => ({ ...graded(grade), term: `PROCTCAE_${number}_COMP` });

/** What a resource says: the same id with another content is an amendment. */
function content(next: (below: number) => number, day: number, id: string): Report {
  switch (next(9)) {
    case 0:
      return lab(day, id, creatinine(0.6 + next(50) / 10, next(3) === 0 ? undefined : 1.1));
    case 1:
      return lab(day, id, creatinine(0.7 + next(10) / 10, 1.1), true);
    case 2:
    case 4:
      return observed(day, id, {
        expected: [{ term: next(2) === 0 ? TERM : CREATININE, level: 2 + next(2), until: moment(day + 1 + next(9)) }],
      });
    case 3:
      return observed(day, id, { baselines: [{ term: TERM, grade: next(3) }] });
    default: {
      const said = SAID[next(SAID.length)] ?? (() => graded(0));
      const others = [
        ...(next(2) === 0 ? [presence(next(2) === 0 ? 0 : 1)] : []),
        ...(next(3) === 0 ? [worded(55, next(4)), worded(56, next(4))] : []),
      ];
      return { ...report(moment(day), [said(next), ...others], { id }), baseline: next(7) === 0 };
    }
  }
}

t.test('a season in any order of arrival', async (t) => {
  const seen = { steps: 0, labs: 0, held: 0, merged: 0, reopened: 0 };
  const seeds = often(20);
  for (let seed = 1; seed <= seeds; seed++) {
    const next = chance(seed);
    // Days repeat now and then: two reports of one moment.
    const season = Array.from({ length: 12 }, (_, place) =>
      content(next, 5 + Math.floor(place / (seed % 4 === 0 ? 2 : 1)), `r${String(place).padStart(2, '0')}`),
    );
    const whole = fold(season, policies, {});
    const inOrder = new Clinic(policies);
    for (const one of season) inOrder.receive(one);
    t.equal(writeState(inOrder.state), writeState(whole.state), `seed ${seed}: step by step is the fold`);
    for (const { finding, held, transition, episodeAfter } of whole.steps) {
      seen.steps += 1;
      if (finding.kind === 'ladder') seen.labs += 1;
      if (held) seen.held += 1;
      if (transition === 'merge') seen.merged += 1;
      if (transition === 'open' && episodeAfter?.reopens) seen.reopened += 1;
    }
    for (let round = 0; round < 3; round++) {
      const clinic = new Clinic(policies);
      for (const one of shuffled(season, next)) {
        const { id } = one.source;
        // Some say something else first and are amended, some come twice, some are withdrawn and sent again, one was never meant.
        if (next(3) === 0) clinic.receive(content(next, 5 + next(12), id));
        clinic.receive(one);
        if (next(4) === 0) clinic.receive(one);
        if (next(5) === 0) {
          clinic.retract(id);
          clinic.receive(one);
        }
        if (next(4) === 0) clinic.receive(content(next, 5 + next(12), 'ghost'));
        if (next(6) === 0) clinic.retract('ghost');
      }
      clinic.retract('ghost');
      t.equal(writeState(clinic.state), writeState(whole.state), `seed ${seed}, round ${round}: the state`);
      t.same(clinic.seen(), inOrder.seen(), `seed ${seed}, round ${round}: the Flags`);
      const again = fold([...clinic.reports.values()], policies, {});
      t.equal(JSON.stringify(again), JSON.stringify(whole), `seed ${seed}, round ${round}: steps and episodes`);
    }
  }
  for (const [what, count] of Object.entries(seen)) t.ok(count >= 2, `${count} ${what}: the seasons are no idle ones`);
});

t.test('folding again changes nothing', async (t) => {
  const next = chance(7);
  const season = Array.from({ length: 20 }, (_, place) => content(next, 3 + place, `r${place}`));
  const once = plain(fold(season, policies, {}));
  t.same(plain(fold(season, policies, {})), once);
  t.same(plain(fold([...season].reverse(), policies, {})), once);
  t.same(plain(fold(shuffled(season, next), policies, {})), once);
  const clinic = new Clinic(policies);
  for (const one of season) clinic.receive(one);
  const ledger = plain(clinic.ledger);
  clinic.refold();
  clinic.refold();
  t.same(plain(clinic.ledger), ledger, 'and no Flag gets a new version');
});

t.test('measured values are graded in the fold, with the baseline in force', async (t) => {
  const value = lab(10, 'value', creatinine(2.5, 1.1));
  const graded = (...reports: Report[]) =>
    fold(reports, policies, {})
      .steps.filter(({ source, term }) => source.id === 'value' && term === CREATININE)
      .map(({ finding: { outcome, measured } }) => ({ outcome, baseline: measured?.baseline?.value }));
  const alone = graded(value);
  t.equal(alone.length, 1);
  t.equal(alone[0]?.baseline, undefined);
  const late = graded(value, lab(5, 'baseline', creatinine(0.8, 1.1), true));
  t.match(
    late,
    [{ outcome: { kind: 'graded', grade: 3 }, baseline: 0.8 }],
    'a baseline that comes late regrades: above 3 times 0.8',
  );
  t.same(
    graded(value, lab(5, 'baseline', creatinine(0.8, 1.1), true), lab(7, 'newer', creatinine(1.25, 1.1), true)).map(
      ({ baseline }) => baseline,
    ),
    [1.25],
    'of two the later',
  );
  t.same(graded(value, lab(11, 'baseline', creatinine(0.8, 1.1), true)), alone, 'one of a later day does not');
  t.same(
    graded({ ...value, baseline: true }).map(({ baseline }) => baseline),
    [2.5],
    'a baseline is its own',
  );
  const both = fold([value], policies, {}).steps.map(({ term }) => term);
  t.same(both, [CREATININE, 'creatinine_increased@6.0'], 'each version is a term of its own');
  t.same(fold([{ ...value, ctcae: [] }], policies, {}).steps, [], 'no version, no grade');
});

t.test('a baseline that a clinician records moves nothing else', async (t) => {
  const { state, steps, episodes } = fold(
    [
      report(moment(1), graded(2)),
      observed(2, 'b', { baselines: [{ term: TERM, grade: 1 }] }),
      report(moment(3), graded(2)),
    ],
    policies,
    {},
  );
  t.equal(steps.length, 2);
  t.match(steps[1], { previous: { grade: 2 }, baseline: { grade: 1, source: { type: 'Observation', id: 'b' } } });
  t.equal(episodes[0]?.reports, 2);
  t.equal(state.terms[TERM]?.recent?.grades.length, 2);
});

t.test('a response and an Observation of one id and one moment have each their place', async (t) => {
  const response = report(moment(1), graded(3), { id: 'x' });
  const value = lab(1, 'x', creatinine(5, 1.1));
  const { state } = step(step(EMPTY, value, policies, {}).state, response, policies, {});
  t.notOk(isNext(state, value));
  t.notOk(isNext(state, response));
  t.equal(writeState(fold([response, value], policies, {}).state), writeState(state));
});

t.test('the past of a term', async (t) => {
  const days = (...grades: number[]) =>
    fold(
      grades.map((grade, index) => report(moment(index + 1), graded(grade), { id: `d${index}` })),
      policies,
      {},
    ).state.terms[TERM];
  t.same(
    days(1, 2, 0, 3)?.recent?.grades.map(({ grade }) => grade),
    [1, 2, 0, 3],
  );
  t.equal(days(...Array.from({ length: 20 }, () => 1))?.recent?.grades.length, 12, 'no more than 12');
  t.same(
    days(...Array.from({ length: 20 }, () => 2))?.recent?.since,
    ['2026-03-01', '2026-03-01', undefined],
    'however long ago',
  );
  t.same(days(2, 3, 1, 2)?.recent?.since, ['2026-03-01', '2026-03-04', undefined]);
  t.same(days(2, 0)?.recent?.since, [undefined, undefined, undefined]);
  t.match(days(2)?.burden, { area: 0, days1: 0, since: moment(1) }, 'one report has no area');
  t.match(
    days(1, 3, 0, 0)?.burden,
    { area: 2 + 1.5, days1: 1 },
    'by the line between reports; days where both ends are at 1',
  );
  const kept = fold(
    [
      report(moment(1), graded(2)),
      report(moment(3), notGradable()),
      report(moment(4), contradictory(2)),
      report(moment(5), graded(2)),
    ],
    policies,
    {},
  ).state.terms[TERM];
  t.match(kept?.burden, { area: 8, days1: 4 }, 'what cannot be graded neither breaks nor bends the line');
  t.equal(kept?.recent?.grades.length, 2);
});
