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
  '0 - %finding.grade < -1',
  'true',
  '%finding.grade > 1 // a comment',
  '%finding.grade >= 4',
  "%finding.system = 'ctcae' and %finding.grade >= 4",
  "(%finding.system = 'pro-ctcae' or %finding.system = 'ctcae') and %finding.grade >= 4",
  "%finding.system = 'pro-ctcae' or %finding.grade >= 4",
  "%finding.term = 'anemia' and %finding.version = '6.0' and %finding.min >= 4",
  "%finding.unit = 'g/L' and %finding.value < 80.5",
  '%finding.timesUpperLimit > 3 and %finding.timesBaseline >= 1.5',
  '%expected.empty() or %expected.inForce.not() or %finding.max > %expected.level',
  '%last6.atLeast3 >= 2 and %last6.reports = 6 and %last2.worst < 3 and %last4.sum > 15',
  '%persistence.days2 >= 14 and %burden.area > 20.5 and %burden.days1 > 10 and %burden.since < %now',
  '%symptoms.PROCTCAE_9_COMP + %symptoms.PROCTCAE_15_COMP + %symptoms.anemia_5_0 >= 6',
  '%finding.grade = 2.0',
  '%finding.grade = 1.5 + 0.5',
  '%finding.grade * 2 >= 8',
  '%finding.severity * %finding.frequency = 16',
  '(%finding.severity + %finding.frequency) / 2 >= 4',
  '%finding.presence - 0.3 + 0.1 >= 0.8', // 0.7999999999999999 here and in the evaluator, which compares 8 digits
  '%persistence.days1 <= 0',
  '%persistence.days2 > 0',
  '%burden.area <= 0',
  '%burden.area - %burden.days1 < 0',
  '%episode.calmDays >= 1',
  '%episode.reports <= 1',
  '%finding.timesUpperLimit > 0',
  "%finding.unit = 'mmol/L' and %finding.value < 0", // what came is told as it came
  '%finding.items <= 0',
  '%burden.area >= 1 / 0.5',
  '%treatment.systemic.empty() or %treatment.systemic or %treatment.cellTherapy',
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
  ['%finding.grade and true', 1, /must be true or false, this is %finding\.grade/],
  ['(%finding.grade and true) or true', 17, /cannot join %finding\.grade/],
  ['%finding.grade', 1, /must be true or false, this is %finding\.grade/],
  ['%finding', 1, /must be true or false, this is %finding/],
  ['%finding = %previous', 10, /has properties but no value/],
  ['%finding.grade.not()', 16, /not\(\) needs true or false/],
  ['-%finding.kind = 1', 1, /needs a number/],
  ['-%finding.grade < -1', 1, /write 0 - …: a sign stands before a number only/],
  ['%finding.complete or -(%finding.grade + 1) < -2', 22, /a sign stands before a number only/],
  ['%finding.grade / 0 > 1', 16, /nothing can be divided by 0/],
  ['%finding.grade / (1 - 1) > 1', 16, /nothing can be divided by 0/],
  ['%patient.birthDate < %now', 20, /\(date\) and %now \(dateTime\)/],
  // comparisons that can come out one way only
  ['%finding.grade >= 5', 16, /always false here: %finding\.grade is 0 to 4, the number is 5/],
  ['%finding.grade > 4', 16, /always false/],
  ["%finding.system = 'pro-ctcae' and %finding.grade >= 4", 50, /%finding\.grade is 0 to 3, the number is 4/],
  ["%finding.min >= 4 and (%finding.kind = 'composite')", 14, /%finding\.min is 0 to 3/],
  ["%finding.term = 'PROCTCAE_9_COMP' implies %finding.max < 4", 56, /always true/],
  ["%finding.kind = 'presence' and %finding.grade >= 2", 47, /%finding\.grade is 0 to 1/],
  ["%finding.system = 'emergency' and %previous.grade > 1", 51, /always false/],
  ["%finding.system = 'ctcae' and %finding.kind = 'composite'", 17, /never 'ctcae'/],
  ["%finding.term = 'anemia' and %finding.system = 'pro-ctcae'", 15, /never 'anemia'/],
  ["(%finding.kind = 'text' or %finding.kind = 'presence') and %finding.max = 2", 73, /0 to 1, the number is 2/],
  ["%finding.kind != 'ladder' and %finding.grade = 4", 46, /0 to 3/],
  ['%last3.atLeast2 >= 4', 17, /%last3\.atLeast2 is 0 to 3/],
  ['%last2.sum > 8', 12, /0 to 8/],
  ['%symptoms.PROCTCAE_9_COMP = 4', 27, /0 to 3/],
  ['%symptoms.PROCTCAE_99_COMP = 1', 11, /did you mean PROCTCAE_9\d?_COMP\?/],
  ['%symptoms.anemia = 1', 11, /"anemia" of %symptoms is not known/],
  ['%last7.worst = 1', 1, /%last7 is not known/],
  ['%finding.value < 80', 1, /number in some unit: say which/],
  ['%finding.grade >= 0', 16, /always true/],
  ['%finding.severity = 5', 19, /always false here: %finding\.severity is 0 to 4/],
  ['%finding.grade != -1', 16, /always true/],
  ['%finding.min - %previous.grade >= 5', 32, /always false here: the other side is -4 to 4/],
  ['%finding.grade = 2.5', 16, /always false here: %finding\.grade is 0 to 4, the number is 2\.5/],
  ['2.5 != %finding.grade', 5, /always true/],
  ['%finding.min + %finding.severity = 2.5', 34, /always false/],
  ['%persistence.days1 = 0.5', 20, /always false here: %persistence\.days1 is at least 0, the number is 0\.5/],
  ['%finding.grade * 2 >= 9', 20, /always false here: the other side is 0 to 8/],
  ['%finding.severity * %finding.frequency > 16', 40, /always false/],
  ['(0 - %finding.grade) * 2 > 0', 26, /always false here: the other side is -8 to 0/],
  ['(%finding.severity + %finding.frequency) / 2 > 4', 46, /always false/],
  ['%persistence.days1 < 0', 20, /always false here: %persistence\.days1 is at least 0/],
  ['%persistence.days3 >= 0', 20, /always true/],
  ['%burden.area < 0', 14, /always false/],
  ['%burden.days1 >= 0', 15, /always true/],
  ['%episode.calmDays >= 0', 19, /always true/],
  ['%episode.reports < 1', 18, /always false/],
  ['%finding.items < 0', 16, /always false/],
  ['%finding.timesUpperLimit < 0', 26, /always false/],
  ['%finding.timesLowerLimit < 0', 26, /always false/],
  ['%finding.timesBaseline >= 0', 24, /always true/],
  ['%finding.answeringTime < 0', 24, /always false/],
  ['0 - %burden.area > 0', 18, /always false/],
  ['1 = 1', 3, /two constants/],
  ['1 + 1 > 3', 7, /two constants/],
  ["%finding.complete and 'a' = 'b'", 27, /two constants/],
  ['%finding.complete and true = true', 28, /two constants/],
  ['@2026-01-31 + 1 days < @2026-02-28', 22, /two constants/],
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
  const nested = (depth: number) => `${'('.repeat(depth)}%finding.unit = '(('${')'.repeat(depth)}`;
  t.same(checkExpression(nested(50)).faults, [], 'parentheses in a text are none');
  t.match(checkExpression(nested(51)).faults, [{ code: 'too-costly', message: /more than 50 deep/ }]);
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
