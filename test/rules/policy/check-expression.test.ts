import t from 'tap';
import { checkExpression } from '../../../src/rules/policy/check-expression.ts';
import { nearMatch } from '../../../src/rules/policy/near-match.ts';
import { MAX_LENGTH, MAX_NODES } from '../../../src/rules/policy-language.ts';

const sound: string[] = [
  '%finding.grade >= 3',
  "%finding.kind = 'composite' and %previous.exists() and %finding.min - %previous.grade >= 2",
  '%finding.complete.not()',
  '%baseline.empty() or %baseline.grade < %finding.max',
  '%finding.asksSeverity implies %finding.severity < 4',
  '%finding.written xor %finding.needsReview',
  "%episode.priority != 'PH' and %episode.calmDays >= 2",
  '%now > @2026-01-31T08:00:00Z',
  '%now > @2026-01-31T08:00:00.250+01:00',
  '%patient.birthDate + 65 years <= %date',
  '%previous.date + 2 weeks < %date',
  '%episode.start < %previous.at',
  '%finding.grade.count() = 1',
  '(%finding.severity + %finding.frequency) / 2 > 2.5',
  '-%finding.grade < -1',
  'true',
  '%finding.grade > 1 // a comment',
];

t.test('sound conditions', async (t) => {
  for (const expression of sound) t.same(checkExpression(expression).faults, [], expression);
});

const faulty: [expression: string, column: number, message: RegExp][] = [
  // names
  ['%finding.grde >= 3', 10, /property "grde" of %finding is not known here; did you mean grade\?/],
  ['%findng.grade >= 3', 1, /variable %findng is not known here; did you mean %finding\?/],
  ['%finding.needsreview', 10, /did you mean needsReview\?/],
  ['%finding.constructor.exists()', 10, /property "constructor"/],
  ['%constructor.exists()', 1, /variable %constructor/],
  ['%context.exists()', 1, /variable %context/],
  ['%resource.exists()', 1, /variable %resource/],
  ['%finding.grade.grade = 1', 16, /%finding\.grade has no properties/],
  ['finding.grade = 1', 1, /"finding": a condition starts from a variable; did you mean %finding\?/],
  ['grade = 1', 1, /starts from a variable/],
  ['$this.exists()', 1, /starts from a variable/],
  ['%`finding`.grade = 1', 1, /without quotes or backticks/],
  // types
  ["%finding.grade = '3'", 16, /cannot join %finding\.grade \(integer\) and a value of type string/],
  ["%finding.kind > 'a'", 15, /cannot join/],
  ['%finding.grade and true', 16, /cannot join %finding\.grade/],
  ['%finding.grade', 1, /must be true or false, this is %finding\.grade/],
  ['%finding', 1, /must be true or false, this is %finding/],
  ['%finding = %previous', 10, /has properties but no value/],
  ['%finding.grade.not()', 16, /not\(\) needs true or false/],
  ['-%finding.kind = 1', 1, /needs a number/],
  ['%patient.birthDate < %now', 20, /\(date\) and %now \(dateTime\)/],
  // comparisons that can come out one way only
  ['%finding.grade >= 4', 16, /always false here: %finding\.grade is 0 to 3, the number is 4/],
  ['%finding.grade > 3', 16, /always false/],
  ['%finding.grade >= 0', 16, /always true/],
  ['%finding.severity = 5', 19, /always false here: %finding\.severity is 0 to 4/],
  ['%finding.grade != -1', 16, /always true/],
  ['%finding.min - %previous.grade >= 4', 32, /always false here: the other side is -3 to 3/],
  ["%finding.kind = 'compsite'", 15, /%finding\.kind is never 'compsite'; did you mean 'composite'\?/],
  ["%finding.term = 'PROCTCAE_900_COMP'", 15, /never 'PROCTCAE_900_COMP'; did you mean 'PROCTCAE_9\d?_COMP'\?/],
  ["'ph' = %episode.priority", 6, /did you mean 'PH'\?/],
  // moments
  ['%now > @2026-01-31T08:00:00', 8, /with a zone/],
  ['%now > @2026-01-31T08:00Z', 8, /to the second/],
  ['%now > @2026-02-30T08:00:00Z', 8, /no moment of the calendar/],
  ['%date > @2026-02-30', 9, /no date of the calendar/],
  ['%date > @2026-01', 9, /whole date/],
  ['%now + 3 days > %previous.at', 6, /cannot join %now \(dateTime\) and a value of type duration/],
  ['%date + 1.5 days > %previous.date', 9, /only whole years, months, weeks, days/],
  ["%date + 3 'd' > %previous.date", 9, /only whole/],
  ['%date + 3 hours > %previous.date', 9, /only whole/],
  ['@T10:00 = @T10:00', 1, /kind of literal/],
  // what is not on the list
  ["%finding.kind.matches('^(a+)+$')", 15, /function matches\(\) is not allowed here/],
  ['%finding.resolve().exists()', 10, /resolve/],
  ["%finding.trace('x').exists()", 10, /trace/],
  ['%finding.descendants().exists()', 10, /descendants/],
  ['%finding.repeat(grade).exists()', 10, /repeat/],
  ['%finding.where(grade > 1).exists()', 10, /where/],
  ['%finding.exists(grade > 1)', 10, /takes no argument/],
  ['%finding.exist()', 10, /did you mean exists\?/],
  ['now() > @2026-01-31T08:00:00Z', 1, /"now": a condition starts from a variable/],
  ['today() > @2026-01-31', 1, /"today"/],
  ['timeOfDay().exists()', 1, /"timeOfDay"/],
  ['iif(true, true, false)', 1, /"iif"/],
  ['%finding.grade[0] = 1', 15, /IndexerExpression is not allowed/],
  ['(%finding.grade | 3).exists()', 17, /"\|" is not allowed/],
  ['%finding.grade in (1 | 2)', 16, /"in" is not allowed/],
  ['%finding.grade ~ 3', 16, /"~" is not allowed/],
  ["%finding.kind & 'x' = 'ax'", 15, /"&" is not allowed/],
  ['%finding.grade div 2 = 1', 16, /"div" is not allowed/],
  ['%finding.grade is Integer', 16, /"is" is not allowed/],
  ['{}.empty()', 1, /kind of literal/],
  // syntax
  ['%finding.grade >= ', 19, /not FHIRPath/],
  ['%finding grade', 10, /not FHIRPath at "grade"/],
  ['', 1, /not FHIRPath/],
];

t.test('faulty conditions, each at its place', async (t) => {
  for (const [expression, column, message] of faulty) {
    const [fault, ...more] = checkExpression(expression).faults;
    t.match(fault, { line: 1, column, message }, expression);
    t.ok(more.length <= 1, 'told once, or once a side');
  }
});

t.test('a place counts lines too, and every fault is told', async (t) => {
  const { faults } = checkExpression('%finding.grade >= 3 and\n  %finding.foo = 1 and %finding.min = true');
  t.match(faults, [
    { line: 2, column: 12 },
    { line: 2, column: 37 },
  ]);
});

t.test('size is bounded on both sides of the edge', async (t) => {
  const long = `true${' '.repeat(MAX_LENGTH - 4)}`;
  t.same(checkExpression(long).faults, []);
  t.match(checkExpression(`${long} `).faults, [{ code: 'too-costly' }]);
  // n terms joined by "or" are 2n - 1 parts.
  const joined = (terms: number) => Array.from({ length: terms }, () => 'true').join(' or ');
  t.same(checkExpression(joined(MAX_NODES / 2)).faults, []);
  t.match(checkExpression(joined(MAX_NODES / 2 + 1)).faults, [{ code: 'too-costly' }]);
  t.ok(checkExpression('-'.repeat(999)).faults.length > 0, 'deep nesting is refused, not thrown');
  t.ok(checkExpression('('.repeat(1000)).faults.length > 0);
});

t.test('what is mentioned is told once', async (t) => {
  t.same(checkExpression('%previous.exists() and %previous.grade < %finding.min and %finding.min > 1').mentions, [
    '%previous',
    '%previous.grade',
    '%finding.min',
  ]);
});

t.test('a near match is near', async (t) => {
  t.equal(nearMatch('grde', ['grade', 'kind']), 'grade');
  t.equal(nearMatch('gradde', ['grade', 'kind']), 'grade');
  t.equal(nearMatch('garde', ['grade', 'kind']), 'grade', 'neighbours swapped are one slip');
  t.equal(nearMatch('GRADE', ['grade']), 'grade');
  t.equal(nearMatch('weather', ['grade', 'kind']), undefined);
});
