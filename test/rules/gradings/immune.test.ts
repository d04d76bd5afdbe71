import t from 'tap';
import type { Completed } from '../../../src/rules/gradings/completions.ts';
import { type IcansFacts, icansGrade, iceGrade } from '../../../src/rules/gradings/icans.ts';
import {
  type CrsFacts,
  crsGrade,
  hypotensionOf,
  hypoxiaOf,
  neurologicalRedFlag,
  possibleCrs,
} from '../../../src/rules/gradings/immune.ts';

const graded = (grade: number): Completed => ({ kind: 'graded', grade });
const between = (min: number, max: number, ...missing: string[]): Completed => ({
  kind: 'at-least',
  min,
  max,
  missing,
});

const fever: CrsFacts = {
  celsius: 38.5,
  feverOfOtherCause: false,
  feverMasked: false,
  hypotension: 'none',
  hypoxia: 'none',
};
const crs: [name: string, facts: CrsFacts, expected: Completed][] = [
  ['38.0 is fever', { ...fever, celsius: 38 }, graded(1)],
  ['37.9 is none', { ...fever, celsius: 37.9 }, graded(0)],
  [
    'without fever hypotension has another cause',
    { ...fever, celsius: 37.9, hypotension: 'one-vasopressor' },
    graded(0),
  ],
  ['a fever of another cause is none', { ...fever, feverOfOtherCause: true, hypoxia: 'low-flow' }, graded(0)],
  ['hypotension without vasopressor is 2', { ...fever, hypotension: 'no-vasopressor' }, graded(2)],
  ['one vasopressor is 3', { ...fever, hypotension: 'one-vasopressor' }, graded(3)],
  ['several vasopressors are 4', { ...fever, hypotension: 'several-vasopressors' }, graded(4)],
  ['low-flow oxygen is 2', { ...fever, hypoxia: 'low-flow' }, graded(2)],
  ['high flow or a mask is 3', { ...fever, hypoxia: 'high-flow-or-mask' }, graded(3)],
  ['positive pressure is 4', { ...fever, hypoxia: 'positive-pressure' }, graded(4)],
  [
    'the more severe of both decides',
    { ...fever, hypotension: 'no-vasopressor', hypoxia: 'high-flow-or-mask' },
    graded(3),
  ],
  [
    'after tocilizumab fever is not needed',
    { ...fever, celsius: 36.8, feverMasked: true, hypoxia: 'low-flow' },
    graded(2),
  ],
  [
    'masked, without hypotension or hypoxia, 0 and 1 cannot be told apart',
    { ...fever, celsius: 36.8, feverMasked: true },
    between(0, 1, 'temperature-without-masking-drugs'),
  ],
  ['masked with fever all the same is 1', { ...fever, feverMasked: true }, graded(1)],
  [
    'hypoxia unknown leaves it open upwards',
    { ...fever, hypotension: 'no-vasopressor', hypoxia: undefined },
    between(2, 4, 'hypoxia'),
  ],
  [
    'several vasopressors are 4 whatever the hypoxia',
    { ...fever, hypotension: 'several-vasopressors', hypoxia: undefined },
    graded(4),
  ],
  [
    'the cause of the fever unknown reaches down to 0',
    { ...fever, feverOfOtherCause: undefined },
    between(0, 1, 'cause-of-fever'),
  ],
  [
    'drugs unknown, no fever, hypoxia',
    { ...fever, celsius: 37, feverMasked: undefined, hypoxia: 'low-flow' },
    between(0, 2, 'drugs-that-mask-fever'),
  ],
  ['a cannula of unknown flow', { ...fever, hypoxia: ['low-flow', 'high-flow-or-mask'] }, between(2, 3, 'hypoxia')],
  [
    'a temperature alone: the rest is open',
    { celsius: 39 },
    between(0, 4, 'cause-of-fever', 'drugs-that-mask-fever', 'hypotension', 'hypoxia'),
  ],
  [
    'nothing known is not gradable',
    {},
    {
      kind: 'not-gradable',
      reason: 'no-value',
      missing: ['temperature', 'cause-of-fever', 'drugs-that-mask-fever', 'hypotension', 'hypoxia'],
    },
  ],
];
for (const [name, facts, expected] of crs) {
  t.test(`CRS: ${name}`, async (t) => t.strictSame(crsGrade(facts), expected));
}

t.test('CRS: with any facts unknown, the range is that of every completion', async (t) => {
  const every = {
    celsius: [37, 39],
    feverOfOtherCause: [true, false],
    feverMasked: [true, false],
    hypotension: ['none', 'no-vasopressor', 'one-vasopressor', 'several-vasopressors'],
    hypoxia: ['none', 'low-flow', 'high-flow-or-mask', 'positive-pressure'],
  } as const;
  const complete = product(every) as CrsFacts[];
  for (const partial of product(withUnknown(every)) as CrsFacts[]) {
    const fits = complete.filter((facts) => agrees(partial, facts)).map(crsGrade);
    const outcome = crsGrade(partial);
    if (outcome.kind === 'not-gradable') t.ok(Object.values(partial).every((value) => value === undefined));
    else if (`${range([outcome])}` !== `${range(fits)}`)
      t.strictSame(range([outcome]), range(fits), JSON.stringify(partial));
  }
});

t.test('hypotension by vasopressors: vasopressin is not counted beside another', async (t) => {
  t.equal(hypotensionOf({ present: false }), 'none');
  t.equal(hypotensionOf({ present: true, vasopressors: 0, vasopressin: false }), 'no-vasopressor');
  t.equal(hypotensionOf({ present: true, vasopressors: 0, vasopressin: true }), 'one-vasopressor', 'alone it is one');
  t.equal(hypotensionOf({ present: true, vasopressors: 1, vasopressin: true }), 'one-vasopressor');
  t.equal(hypotensionOf({ present: true, vasopressors: 2 }), 'several-vasopressors');
  t.strictSame(hypotensionOf({ present: true, vasopressors: 0 }), ['no-vasopressor', 'one-vasopressor']);
  t.strictSame(hypotensionOf({ present: true, vasopressin: true }), ['one-vasopressor', 'several-vasopressors']);
  t.strictSame(hypotensionOf({ present: true }), ['no-vasopressor', 'one-vasopressor', 'several-vasopressors']);
  t.equal(hypotensionOf({}), undefined);
});

t.test('hypoxia by device: a nasal cannula is low flow up to 6 L/min', async (t) => {
  t.equal(hypoxiaOf('nasal-cannula', 6), 'low-flow');
  t.equal(hypoxiaOf('nasal-cannula', 6.1), 'high-flow-or-mask');
  t.strictSame(hypoxiaOf('nasal-cannula'), ['low-flow', 'high-flow-or-mask']);
  t.equal(hypoxiaOf('blow-by'), 'low-flow');
  for (const device of ['high-flow-nasal-cannula', 'facemask', 'non-rebreather', 'venturi'] as const)
    t.equal(hypoxiaOf(device), 'high-flow-or-mask', device);
  t.equal(hypoxiaOf('positive-pressure'), 'positive-pressure');
  t.equal(hypoxiaOf('none'), 'none');
  t.equal(hypoxiaOf(), undefined);
});

const home: [
  name: string,
  home: Parameters<typeof possibleCrs>[0],
  possible: boolean | undefined,
  missing: string[],
][] = [
  ['38.0 after CAR-T is possible CRS', { celsius: 38, treated: true }, true, []],
  ['38.0 with the treatment unknown counts', { celsius: 38 }, true, ['treatment']],
  ['37.9 without a masking drug is not', { celsius: 37.9, treated: true, feverMasked: false }, false, []],
  ['37.9 after paracetamol is undecided', { celsius: 37.9, treated: true, feverMasked: true }, undefined, []],
  ['37.9 with drugs unknown is undecided', { celsius: 37.9, treated: true }, undefined, ['drugs-that-mask-fever']],
  ['no temperature is undecided', { treated: true }, undefined, ['temperature']],
  ['nothing known is undecided', {}, undefined, ['temperature', 'treatment']],
  ['not after such a treatment', { celsius: 40, treated: false }, false, []],
];
for (const [name, facts, possible, missing] of home) {
  t.test(`at home: ${name}, and no grade is given`, async (t) => {
    const result = possibleCrs(facts);
    t.equal(result.possible, possible);
    t.strictSame(result.missing, missing);
    t.strictSame(Object.keys(result), ['possible', 'because', 'missing']);
  });
}

t.test('at home: any neurological sign is a red flag, only all denied is none', async (t) => {
  const none = { confusion: false, sleepiness: false, handwritingChanged: false, dailyCheckMissed: false };
  t.equal(neurologicalRedFlag(none), false);
  t.equal(neurologicalRedFlag({ ...none, handwritingChanged: true }), true);
  t.equal(neurologicalRedFlag({ sleepiness: true }), true);
  t.equal(neurologicalRedFlag({ ...none, confusion: undefined }), undefined);
});

const well: IcansFacts = {
  ageYears: 60,
  ice: 10,
  consciousness: 'normal',
  seizure: 'none',
  motor: 'none',
  oedema: 'none',
};
const child: IcansFacts = { ...well, ageYears: 8, ice: undefined, capd: 3 };
const icans: [name: string, facts: IcansFacts, expected: Completed][] = [
  ['ICE 10 and nothing else is 0', well, graded(0)],
  ['ICE 9 is 1', { ...well, ice: 9 }, graded(1)],
  ['ICE 7 is 1', { ...well, ice: 7 }, graded(1)],
  ['ICE 6 is 2', { ...well, ice: 6 }, graded(2)],
  ['ICE 3 is 2', { ...well, ice: 3 }, graded(2)],
  ['ICE 2 is 3', { ...well, ice: 2 }, graded(3)],
  ['ICE 0 while awake is 3', { ...well, ice: 0 }, graded(3)],
  ['ICE not done because unarousable is 4', { ...well, ice: 'unarousable', consciousness: 'unarousable' }, graded(4)],
  ['awakening spontaneously is 1', { ...well, consciousness: 'awakens-spontaneously' }, graded(1)],
  ['awakening to voice is 2', { ...well, consciousness: 'awakens-to-voice' }, graded(2)],
  ['awakening to touch only is 3', { ...well, consciousness: 'awakens-to-tactile-stimulus' }, graded(3)],
  ['a brief seizure is 3', { ...well, seizure: 'resolves-quickly' }, graded(3)],
  ['a long one is 4', { ...well, seizure: 'prolonged-or-repeated' }, graded(4)],
  ['deep focal weakness is 4', { ...well, motor: 'deep-focal-weakness' }, graded(4)],
  ['focal oedema is 3', { ...well, oedema: 'focal' }, graded(3)],
  ['diffuse oedema is 4', { ...well, oedema: 'diffuse' }, graded(4)],
  ['the most severe domain decides', { ...well, ice: 8, seizure: 'resolves-quickly' }, graded(3)],
  ['no ICE leaves it open', { ...well, ice: undefined }, between(0, 4, 'ice')],
  [
    'no ICE, awakening to voice: at least 2',
    { ...well, ice: undefined, consciousness: 'awakens-to-voice' },
    between(2, 4, 'ice'),
  ],
  ['imaging not done: at least 1', { ...well, ice: 8, oedema: undefined }, between(1, 4, 'oedema')],
  ['grade 4 by one domain is 4 whatever is unknown', { ageYears: 60, motor: 'deep-focal-weakness' }, graded(4)],
  ['ICE of 10.5 is no total', { ...well, ice: 10.5 }, between(0, 4, 'ice')],
  ['ICE of 11 is no total', { ...well, ice: 11 }, between(0, 4, 'ice')],
  ['age unknown: ICE says nothing', { ...well, ageYears: undefined }, between(0, 4, 'age')],
  ['at 12 ICE is used', { ...well, ageYears: 12 }, graded(0)],
  ['at 11 ICE says nothing, CAPD is missing', { ...well, ageYears: 11 }, between(0, 4, 'capd')],
  ['CAPD 8 with nothing else is 0 or 1: the tables do not say', { ...child, capd: 8 }, between(0, 1, 'capd')],
  ['CAPD 8 and awakening to voice is 2', { ...child, capd: 8, consciousness: 'awakens-to-voice' }, graded(2)],
  ['CAPD 9 is 3', { ...child, capd: 9 }, graded(3)],
  ['CAPD that cannot be done is 4', { ...child, capd: 'unable' }, graded(4)],
  ['CAPD at 30 with developmental delay', { ...child, ageYears: 30, developmentalDelay: true, capd: 9 }, graded(3)],
  [
    'nothing known is not gradable',
    {},
    { kind: 'not-gradable', reason: 'no-value', missing: ['age', 'consciousness', 'seizure', 'motor', 'oedema'] },
  ],
];
for (const [name, facts, expected] of icans) {
  t.test(`ICANS: ${name}`, async (t) => t.strictSame(icansGrade(facts), expected));
}

t.test('ICANS: with any domains unknown, the range is that of every completion', async (t) => {
  const every = {
    ageYears: [60],
    ice: [10, 8, 5, 1, 'unarousable'],
    consciousness: [
      'normal',
      'awakens-spontaneously',
      'awakens-to-voice',
      'awakens-to-tactile-stimulus',
      'unarousable',
    ],
    seizure: ['none', 'resolves-quickly', 'prolonged-or-repeated'],
    motor: ['none', 'deep-focal-weakness'],
    oedema: ['none', 'focal', 'diffuse'],
  } as const;
  const complete = (product(every) as IcansFacts[]).map((facts) => ({ facts, grade: icansGrade(facts) }));
  for (const partial of product({ ...withUnknown(every), ageYears: [60] }) as IcansFacts[]) {
    const outcome = icansGrade(partial);
    if (outcome.kind === 'not-gradable') continue;
    const fits = complete.filter(({ facts }) => agrees(partial, facts)).map(({ grade }) => grade);
    if (`${range([outcome])}` !== `${range(fits)}`)
      t.strictSame(range([outcome]), range(fits), JSON.stringify(partial));
  }
});

t.test('ICE never rises with a lower total', async (t) => {
  for (let total = 1; total <= 10; total++) t.ok((iceGrade(total) ?? 9) <= (iceGrade(total - 1) ?? -1), `${total}`);
});

type Values = Readonly<Record<string, readonly unknown[]>>;
const withUnknown = (every: Values): Values =>
  Object.fromEntries(Object.entries(every).map(([key, values]) => [key, [undefined, ...values]]));

function product(every: Values): Record<string, unknown>[] {
  return Object.entries(every).reduce<Record<string, unknown>[]>(
    (heads, [key, values]) => heads.flatMap((head) => values.map((value) => ({ ...head, [key]: value }))),
    [{}],
  );
}

const agrees = (partial: object, facts: object): boolean =>
  Object.entries(partial).every(
    ([key, value]) => value === undefined || (facts as Record<string, unknown>)[key] === value,
  );

function range(outcomes: readonly Completed[]): [number, number] {
  const low = outcomes.map((one) =>
    one.kind === 'graded' ? one.grade : one.kind === 'at-least' ? one.min : Number.NaN,
  );
  const high = outcomes.map((one) =>
    one.kind === 'graded' ? one.grade : one.kind === 'at-least' ? one.max : Number.NaN,
  );
  return [Math.min(...low), Math.max(...high)];
}
