import t from 'tap';
import { englishIn } from '../support/english.ts';
import { type ActionSpec, atLeast, contradictory, graded, report, TERM } from './builders.ts';
import { explainedOf, policyOf } from './explaining.ts';

const OPEN: ActionSpec = { id: 'open-it', priority: 'PL', expression: '%finding.min >= 1' };
const RAISE: ActionSpec = { id: 'raise-it', code: 'escalate', priority: 'PM', expression: '%finding.max >= 2' };
const LOWER: ActionSpec = { id: 'lower-it', code: 'de-escalate', priority: 'PN', expression: '%finding.grade <= 3' };
const CLOSE: ActionSpec = { id: 'close-it', code: 'close', expression: '%finding.grade <= 3' };

const CANONICAL = 'https://example.org/PlanDefinition/test|1';
const action = (id: string): string => `Title of ${id} (${id} of ${CANONICAL})`;

/** Level 3 is expected up to the third day. */
const expected = [{ term: TERM, level: 3, until: '2026-03-03T08:00:00.000Z' }];
const first = { ...report('03-01', graded(1)), expected };

const DECIDED = /Decided by [^.]*\.[^.]*\.[^.]*\./;
const HELD = 'asked for a rise of the priority, which was held back by the level that a clinician expects.';

t.test('what an expected level holds back decided nothing', async (t) => {
  const cases: [name: string, actions: ActionSpec[], day: string, grade: number, held: string[], decided: string[]][] =
    [
      ['a rise', [OPEN, RAISE], '03-02', 3, ['raise-it'], []],
      [
        'two of them',
        [OPEN, RAISE, { ...RAISE, id: 'raise-more', priority: 'PH' }],
        '03-02',
        3,
        ['raise-it', 'raise-more'],
        [],
      ],
      [
        'an opening above the present priority',
        [OPEN, { ...RAISE, id: 'open-more', code: 'open' }],
        '03-02',
        3,
        ['open-more'],
        [],
      ],
      ['a rise, while another action lowers', [OPEN, RAISE, LOWER], '03-02', 3, ['raise-it'], ['lower-it']],
      ['a rise, while another action closes', [OPEN, RAISE, CLOSE], '03-02', 2, ['raise-it'], ['close-it']],
      ['at the very end of the expectation', [OPEN, RAISE], '03-03', 3, ['raise-it'], []],
      ['after it nothing is', [OPEN, RAISE], '03-04', 3, [], ['raise-it']],
      ['below what is asked for nothing is', [OPEN, RAISE], '03-02', 1, [], []],
    ];
  for (const [name, actions, day, grade, held, decided] of cases) {
    const policy = policyOf(...actions);
    const reports = [first, report(day, graded(grade))];
    const { text, parameters } = explainedOf(reports, [policy]);
    const flag = parameters.find((one) => one.name === 'held')?.valueBoolean;
    t.equal(flag, held.length > 0 ? true : undefined, name);
    if (held.length > 0) t.match(text, ` ${held.map(action).join(' and ')} ${HELD}`, name);
    else t.notMatch(text, 'held back', name);
    if (decided.length > 0) t.match(text, ` Decided by ${decided.map(action).join(' and ')}.`, name);
    else t.notMatch(text, DECIDED, name);
    t.equal(text.includes('No condition of the policies was true'), held.length + decided.length === 0, name);
    const french = explainedOf(reports, [policy], 'fr').text;
    t.same(englishIn(french.replace(/Title of [\w-]+ \([\w-]+/g, '')), [], french);
    t.equal(french.includes('Une hausse de la priorité, demandée par'), held.length > 0, name);
    t.equal(french.includes('Décidé par'), decided.length > 0, name);
  }
});

t.test(
  'what would ease a Flag, and is kept from it by what the report leaves open, is not told as held back',
  async (t) => {
    const policy = policyOf(OPEN, RAISE, { ...CLOSE, expression: '%finding.min <= 3' });
    const { text } = explainedOf([first, report('03-02', atLeast(1, 3))], [policy]);
    t.match(text, `${action('raise-it')} ${HELD}`);
    t.notMatch(text, DECIDED);
    t.notMatch(text, action('close-it'));
    const free = explainedOf(
      [first, report('03-02', contradictory(3))],
      [policyOf(OPEN, { ...RAISE, expression: '%finding.contradictory' })],
    );
    t.match(free.text, `Decided by ${action('raise-it')}.`, 'what contradicts itself is never held back');
  },
);

t.test('of a policy that is no longer held what was held back is told too', async (t) => {
  const policy = policyOf(OPEN, RAISE);
  const { text } = explainedOf([first, report('03-02', graded(3))], [policy], 'en', []);
  t.match(text, `${action('raise-it')} ${HELD}`);
  t.notMatch(text, DECIDED);
});

t.test('a reopening tells of the Flag before', async (t) => {
  const policy = policyOf(OPEN, { ...CLOSE, expression: '%finding.grade = 0' });
  const days = [1, 0, 2, 3, 0].map((grade, index) => report(`03-0${index + 1}`, graded(grade), { id: `r${index}` }));
  const upTo = (count: number, language: 'en' | 'fr' = 'en') => explainedOf(days.slice(0, count), [policy], language);
  const reopens = (count: number) => upTo(count).parameters.filter(({ name }) => name === 'reopens');
  const before = {
    name: 'reopens',
    part: [
      { name: 'report', valueReference: { reference: 'QuestionnaireResponse/r0' } },
      { name: 'start', valueInstant: '2026-03-01T08:00:00.000Z' },
      { name: 'end', valueInstant: '2026-03-02T08:00:00.000Z' },
    ],
  };
  for (const count of [1, 2]) {
    t.same(reopens(count), [], 'the first Flag of a term');
    t.notMatch(upTo(count).text, 'reopening');
  }
  for (const count of [3, 4, 5]) {
    t.same(reopens(count), [before], `${count} reports`);
    t.match(
      upTo(count).text,
      'It is a reopening: an earlier Flag of this term stood from 2026-03-01 to 2026-03-02.',
      `${count} reports`,
    );
  }
  t.match(
    upTo(3, 'fr').text,
    'Une alerte a été ouverte en priorité basse (PL). C’est une réouverture : une alerte antérieure pour ce symptôme a couru du 2026-03-01 au 2026-03-02.',
  );
});

t.test('the report of the Flag before is named by its type where it is a result', async (t) => {
  const policy = policyOf(OPEN, { ...CLOSE, expression: '%finding.grade = 0' });
  const days = [1, 0, 1].map((grade, index) => ({
    ...report(`03-0${index + 1}`, graded(grade)),
    source: { type: 'Observation' as const, id: `o${index}`, version: 1 },
  }));
  const [reopens] = explainedOf(days, [policy]).parameters.filter(({ name }) => name === 'reopens');
  t.same(reopens?.part?.[0], { name: 'report', valueReference: { reference: 'Observation/o0' } });
});
