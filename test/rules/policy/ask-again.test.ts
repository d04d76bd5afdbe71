import type { Duration, Extension } from '@medplum/fhirtypes';
import t from 'tap';
import { CANONICAL } from '../../../src/fhir/canonical.ts';
import { readAskAgain, timeOf } from '../../../src/rules/policy/ask-again.ts';
import { checkPolicy, compilePolicy } from '../../../src/rules/policy.ts';
import type { ActionCode } from '../../../src/rules/policy-language.ts';
import { action, graded, plan } from '../builders.ts';

const URL = `${CANONICAL}/StructureDefinition/ask-again-after`;
const UCUM = 'http://unitsofmeasure.org';
const after = (valueDuration: Duration): Extension => ({ url: URL, valueDuration });
const week = after({ value: 7, system: UCUM, code: 'd' });

const policy = (code: ActionCode, extensions: readonly Extension[]) => {
  const one = action({
    id: 'one',
    code,
    expression: code === 'close' ? '%episode.calmDays >= 2' : '%finding.min >= 2',
  });
  return { ...plan([]), action: [{ ...one, extension: [...(one.extension ?? []), ...extensions] }] };
};

t.test('times that can be used', async (t) => {
  const cases: [name: string, duration: Duration, expected: string | undefined][] = [
    ['hours', { value: 48, system: UCUM, code: 'h' }, '48 h'],
    ['days', { value: 1, system: UCUM, code: 'd', unit: 'day' }, '1 d'],
    ['weeks', { value: 3, system: UCUM, code: 'wk' }, '3 wk'],
    ['none', { value: 0, system: UCUM, code: 'd' }, undefined],
    ['less than none', { value: -1, system: UCUM, code: 'd' }, undefined],
    ['a part of a day', { value: 0.5, system: UCUM, code: 'd' }, undefined],
    ['months, which are of no one length', { value: 1, system: UCUM, code: 'mo' }, undefined],
    ['a unit of no system', { value: 1, code: 'd' }, undefined],
    ['more or less', { value: 7, comparator: '>', system: UCUM, code: 'd' }, undefined],
    ['ten years', { value: 3652, system: UCUM, code: 'd' }, '3652 d'],
    ['more than ten years', { value: 3653, system: UCUM, code: 'd' }, undefined],
    ['no value', { system: UCUM, code: 'd' }, undefined],
  ];
  for (const [name, duration, expected] of cases) t.equal(readAskAgain(after(duration)), expected, name);
  t.same(timeOf('3 wk'), { value: 3, unit: 'wk' });
  t.throws(() => timeOf('3 mo'), RangeError);
});

t.test('only what raises is asked again, once', async (t) => {
  const cases: [name: string, code: ActionCode, extensions: Extension[], message: RegExp | undefined][] = [
    ['an action that opens', 'open', [week], undefined],
    ['one that escalates', 'escalate', [week], undefined],
    ['none', 'escalate', [], undefined],
    ['one that lowers', 'de-escalate', [week], /Silence neither lowers nor closes/],
    ['one that closes', 'close', [week], /Silence neither lowers nor closes/],
    ['twice', 'escalate', [week, week], /is there once/],
    [
      'a time that cannot be used',
      'open',
      [after({ value: 1, system: UCUM, code: 'mo' })],
      /whole number of hours, days or weeks/,
    ],
  ];
  for (const [name, code, extensions, message] of cases) {
    const issues = checkPolicy(policy(code, extensions));
    t.equal(issues.length, message ? 1 : 0, name);
    if (message) {
      t.match(issues[0]?.diagnostics, message, name);
      t.same(issues[0]?.expression, 'PlanDefinition.action[0].extension', name);
    }
  }
});

t.test('a policy tells which of its actions are asked again, of which findings', async (t) => {
  const compiled = compilePolicy(policy('escalate', [week]));
  t.match(compiled.asksAgain, [{ action: 'one', after: '7 d' }]);
  const [asks] = compiled.asksAgain;
  t.equal(asks?.wakes({ finding: graded(2), source: { type: 'QuestionnaireResponse' } }), true);
  t.equal(
    asks?.wakes({ finding: graded(2), source: { type: 'Observation' } }),
    false,
    'its trigger lets no Observation through',
  );
  t.same(compilePolicy(policy('escalate', [])).asksAgain, []);
});
