import t from 'tap';
import { eq5d5l, eq5dIndex } from '../../../../src/rules/gradings/scores/eq-5d-5l.ts';
import { inOrder, scored } from './by-code.ts';

const DIMENSIONS = ['EQ5D5L_MO', 'EQ5D5L_SC', 'EQ5D5L_UA', 'EQ5D5L_PD', 'EQ5D5L_AD'];
const profile = (...levels: (number | undefined)[]) => scored(eq5d5l, inOrder(DIMENSIONS, levels)).EQ5D5L_PROFILE;

t.test('the profile is five digits in the order of the dimensions, and no number', async (t) => {
  t.strictSame(profile(2, 1, 3, 4, 5), {
    system: 'eq-5d-5l',
    version: '1',
    code: 'EQ5D5L_PROFILE',
    profile: '21345',
    missing: [],
    unit: '{score}',
  });
  t.equal(profile(1, 1, 1, 1, 1)?.profile, '11111');
  t.equal(profile(5, 5, 5, 5, 5)?.profile, '55555');
});

t.test('a profile with a digit missing is none', async (t) => {
  const result = profile(1, undefined, 1, 1, 1);
  t.match(result, { reason: 'incomplete', missing: ['EQ5D5L_SC'] });
  t.equal(result?.profile, undefined);
  t.equal(result?.range, undefined);
});

t.test('no index is ever computed without a value set', async (t) => {
  t.strictSame(eq5dIndex('11111'), { kind: 'refused', reason: 'no-value-set' });
  t.notOk(
    Object.keys(scored(eq5d5l, inOrder(DIMENSIONS, [1, 1, 1, 1, 1]))).some((code) => /index/i.test(code)),
    'nor given among the scores',
  );
});

t.test('an index is looked up in a whole value set, and refused of a part of one', async (t) => {
  const digits = ['1', '2', '3', '4', '5'];
  const every = digits.flatMap((a) =>
    digits.flatMap((b) => digits.flatMap((c) => digits.flatMap((d) => digits.map((e) => a + b + c + d + e)))),
  );
  const values = Object.fromEntries(every.map((code, index) => [code, index / 3125]));
  const set = { country: 'XX', version: '1', source: 'made up for this test', values };
  const { country, version, source } = set;
  t.strictSame(eq5dIndex('11112', set), { kind: 'index', value: 1 / 3125, country, version, source });
  t.strictSame(eq5dIndex(undefined, set), { kind: 'refused', reason: 'no-profile' });
  t.strictSame(eq5dIndex('11116', set), { kind: 'refused', reason: 'no-profile' });
  const { 55555: last, ...part } = values;
  t.ok(last);
  t.strictSame(eq5dIndex('11111', { ...set, values: part }), { kind: 'refused', reason: 'value-set-incomplete' });
});
