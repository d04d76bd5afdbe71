import type {
  CodeSystem,
  Questionnaire,
  QuestionnaireItem,
  QuestionnaireResponse,
  ValueSet,
  ValueSetComposeInclude,
} from '@medplum/fhirtypes';
import t from 'tap';
import { FhirError } from '../../src/fhir/errors.ts';
import { compileQuestionnaire, NO_TERMINOLOGY } from '../../src/fhir/questionnaire.ts';
import { buildTerminology } from '../../src/fhir/terminology.ts';
import { validateStructure } from '../../src/fhir/validate-structure.ts';

/** One request may not keep the process busy for all others: what is within 1 MiB is judged in a moment. */
const MOST_MILLIS = 2000;

const timed = <T>(work: () => T): { millis: number; result: T } => {
  // Of the processor, which other processes on the machine do not count in.
  const start = process.cpuUsage();
  const result = work();
  const { user, system } = process.cpuUsage(start);
  return { millis: (user + system) / 1000, result };
};
const times = <T>(count: number, make: (index: number) => T): T[] => Array.from({ length: count }, (_, i) => make(i));
const compile = (...item: QuestionnaireItem[]) =>
  compileQuestionnaire({ resourceType: 'Questionnaire', status: 'active', item } as Questionnaire, NO_TERMINOLOGY);
const completed = (item: QuestionnaireResponse['item']): QuestionnaireResponse => ({
  resourceType: 'QuestionnaireResponse',
  status: 'completed',
  item,
});

t.test('a base64 value of white space', async (t) => {
  const data = `${' '.repeat(900_000)}!`;
  const { millis, result } = timed(() =>
    validateStructure({ resourceType: 'Patient', photo: [{ contentType: 'text/plain', data }] }),
  );
  t.equal(result.length, 1);
  t.ok(millis < MOST_MILLIS, `${millis} ms`);
});

t.test('thousands of references to thousands of contained resources', async (t) => {
  const contained = times(6000, (i) => ({ resourceType: 'Patient', id: `i${i}`, gender: 'male' }));
  const link = times(6000, () => ({ type: 'seealso', other: { reference: '#i5999' } }));
  const { millis } = timed(() => validateStructure({ resourceType: 'Patient', contained, link }));
  t.ok(millis < MOST_MILLIS, `${millis} ms`);
});

for (const required of [false, true]) {
  t.test(`a ${required ? 'required' : 'long'} form repeated without end is refused`, async (t) => {
    const item = times(1000, (i): QuestionnaireItem => ({ linkId: `q${i}`, type: 'string', required }));
    const { validate } = compile({ linkId: 'g', type: 'group', repeats: true, item });
    const response = completed(times(50_000, () => ({ linkId: 'g', item: [{ linkId: 'q1' }] })));
    const { millis, result } = timed(() => thrown(() => validate(response)));
    t.ok(result instanceof FhirError);
    t.match(result, { status: 422, issues: [{ code: 'too-costly' }] });
    t.ok(millis < MOST_MILLIS, `${millis} ms`);
  });
}

t.test('conditions that look through another repeated group are counted too', async (t) => {
  const { validate, collect } = compile(
    { linkId: 'h', type: 'group', repeats: true, item: [{ linkId: 'hq', type: 'string' }] },
    {
      linkId: 'g',
      type: 'group',
      repeats: true,
      item: [
        {
          linkId: 'q',
          type: 'string',
          enableWhen: [{ question: 'hq', operator: '=', answerString: 'x' }],
        },
      ],
    },
  );
  const repeated = (count: number) =>
    completed([
      ...times(count, () => ({ linkId: 'h', item: [{ linkId: 'hq' }] })),
      ...times(count, () => ({ linkId: 'g', item: [{ linkId: 'q' }] })),
    ]);
  t.match(
    thrown(() => validate(repeated(10_000))),
    { status: 422 },
  );
  t.strictSame(validate(repeated(100)), []);
  t.equal(collect(repeated(100)).length, 400);
});

t.test('a value set that includes a large system again and again is not enumerated', async (t) => {
  const concept = times(40_000, (i) => ({ code: `c${i}` }));
  const system: CodeSystem = {
    resourceType: 'CodeSystem',
    url: 'urn:c',
    status: 'active',
    content: 'complete',
    concept,
  };
  const setOf = (url: string, include: ValueSetComposeInclude[]): ValueSet => ({
    resourceType: 'ValueSet',
    url,
    status: 'active',
    compose: { include },
  });
  const terminology = buildTerminology(
    [system],
    [
      setOf('urn:all', [{ system: 'urn:c' }]),
      setOf('urn:and', [{ valueSet: times(2000, () => 'urn:c') }]),
      setOf(
        'urn:or',
        times(2000, () => ({ valueSet: ['urn:c'] })),
      ),
    ],
  );
  const { millis } = timed(() => {
    t.equal(terminology.expand('urn:and'), undefined);
    t.equal(terminology.expand('urn:or'), undefined);
    t.equal(terminology.expand('urn:all')?.length, 40_000);
  });
  t.ok(millis < MOST_MILLIS, `${millis} ms`);
});

t.test('a pattern of a filter that would run for hours is given up', async (t) => {
  const concept = [{ code: `${'a'.repeat(60)}!` }];
  const system: CodeSystem = {
    resourceType: 'CodeSystem',
    url: 'urn:p',
    status: 'active',
    content: 'complete',
    concept,
  };
  const filter = [{ property: 'code', op: 'regex' as const, value: '(a+)+' }];
  const include = [{ system: 'urn:p', filter }];
  const terminology = buildTerminology(
    [system],
    [{ resourceType: 'ValueSet', url: 'urn:v', status: 'active', compose: { include } }],
  );
  const { millis } = timed(() => t.equal(terminology.expand('urn:v'), undefined));
  t.ok(millis < MOST_MILLIS, `${millis} ms`);
});

t.test('no more than 50 errors and 50 warnings are told', async (t) => {
  const { validate } = compile({ linkId: 'a', type: 'integer', repeats: true });
  const answer = times(30_000, () => ({ valueString: 'x' }));
  t.equal(validate(completed([{ linkId: 'a', answer }])).length, 50);
});

function thrown(work: () => unknown): unknown {
  try {
    work();
  } catch (error) {
    return error;
  }
  return undefined;
}
