import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import type { Resource } from '@medplum/fhirtypes';
import t from 'tap';
import { type CohortOptions, type Entry, START } from '../../src/cohort/entry.ts';
import { FORM_CANONICAL, TERMS } from '../../src/cohort/form.ts';
import { cohort } from '../../src/cohort/generate.ts';
import { ANALYTES } from '../../src/cohort/measurements.ts';
import { randomOf } from '../../src/cohort/random.ts';
import { faults } from '../rules/resources/r4.ts';

const OPTIONS: CohortOptions = { patients: 24, weeks: 8, seed: 7, start: START };
const digestOf = (options: CohortOptions): string => {
  const hash = createHash('sha256');
  for (const entry of cohort(options)) hash.update(JSON.stringify(entry));
  return hash.digest('hex');
};
const entries = [...cohort(OPTIONS)];
const ofKind = (kind: Entry['kind']) => entries.filter((entry) => entry.kind === kind);

t.test('the same options give the same bytes, others give others', async (t) => {
  t.equal(digestOf(OPTIONS), digestOf(OPTIONS));
  t.not(digestOf({ ...OPTIONS, seed: 8 }), digestOf(OPTIONS));
  t.equal(
    digestOf({ patients: 3, weeks: 5, seed: 1, start: START }),
    '8040977a2f3bef7dcd099ad662d8ebb0e86c1f28682f65c3cbff9fba230acd5d',
    'on every machine: a change of the generator is seen here',
  );
});

t.test(
  'a cohort of another start is another one: no id of it is one of the first, and what happens is the same',
  async (t) => {
    const later = [...cohort({ ...OPTIONS, start: '2025-01-07' })];
    const idsOf = (all: readonly Entry[]): string[] => all.map(({ resource }) => resource.id ?? '');
    const ids = new Set(idsOf(entries));
    t.same(
      idsOf(later).filter((id) => ids.has(id)),
      [],
    );
    t.match(idsOf(entries)[0], /^s7w8-0001$/, 'of the usual start the ids are those of before');
    t.match(idsOf(later)[0], /^s7w8d20250107-0001$/);
    t.same(
      idsOf(later).map((id) => id.replace('d20250107', '')),
      idsOf(entries),
    );
    for (const { resource, planted } of later) {
      t.match(resource.id, /^[A-Za-z0-9.-]{1,64}$/);
      if (resource.resourceType !== 'Patient') t.match(resource.subject?.reference, /^Patient\/s7w8d20250107-/);
      if (planted) t.match(planted.patient, /^s7w8d20250107-/);
    }
    const others = new Set(idsOf([...cohort({ ...OPTIONS, start: '2025-01-08' })]));
    t.notOk(
      idsOf(later).some((id) => others.has(id)),
      'each start has ids of its own',
    );
  },
);

t.test('a patient does not depend on how many others there are', async (t) => {
  const few = [...cohort({ ...OPTIONS, patients: 3 })];
  t.same(few, entries.slice(0, few.length));
});

t.test('numbers that look random', async (t) => {
  const random = randomOf('x');
  const drawn = Array.from({ length: 10_000 }, () => random.next());
  t.ok(drawn.every((one) => one >= 0 && one < 1));
  const mean = drawn.reduce((sum, one) => sum + one, 0) / drawn.length;
  t.ok(Math.abs(mean - 0.5) < 0.02, `${mean}`);
  const normal = Array.from({ length: 10_000 }, () => random.normal());
  const square = normal.reduce((sum, one) => sum + one * one, 0) / normal.length;
  t.ok(Math.abs(square - 1) < 0.05, `${square}`);
});

t.test('each resource is valid R4, of its patient, and has an identifier of its own', async (t) => {
  const seen = new Set<string>();
  for (const entry of entries) {
    const { id } = entry.resource;
    if (entry.kind === 'duplicate' || entry.kind === 'amendment') {
      t.ok(seen.has(id ?? ''), 'what is sent again was sent before');
      continue;
    }
    t.notOk(seen.has(id ?? ''), `${id}`);
    seen.add(id ?? '');
  }
  for (const kind of ['patient', 'treatment', 'response', 'amendment', 'lab', 'vital'] as const) {
    for (const { resource } of ofKind(kind).slice(0, 10)) {
      const { id: _id, ...body } = resource;
      t.same(faults(body as Resource), [], kind);
    }
  }
});

t.test('everything that happens in a season is there', async (t) => {
  for (const kind of ['patient', 'treatment', 'response', 'duplicate', 'amendment', 'lab', 'vital'] as const) {
    t.ok(ofKind(kind).length > 0, kind);
  }
  t.ok(ofKind('response').length < 24 * 8, 'some reports are forgotten');
  const late = ofKind('response').filter(
    ({ arrives, resource }) =>
      resource.resourceType === 'QuestionnaireResponse' &&
      Date.parse(arrives) - Date.parse(resource.authored ?? '') > 7 * 86_400_000,
  );
  t.ok(late.length > 0, 'some come late');
  let before = 0;
  for (const { kind, arrives } of entries) {
    const moment = Date.parse(arrives);
    t.ok(kind === 'patient' || moment >= before, 'in the order of arrival');
    before = moment;
  }
});

t.test('planted events', async (t) => {
  const planted = entries.flatMap(({ planted: one }) => one ?? []);
  t.equal(planted.filter(({ kind }) => kind === 'symptom').length, 8, 'a symptom in every third patient');
  t.same([...new Set(planted.filter(({ kind }) => kind === 'symptom').map(({ how }) => how))].sort(), [
    'amended',
    'duplicated',
    'late',
    'on-time',
  ]);
  t.ok(planted.filter(({ kind }) => kind === 'symptom').every(({ grades }) => grades['1.0'] === 3));
  t.equal(planted.filter(({ kind }) => kind === 'lab').length, 6);
  t.equal(planted.filter(({ kind }) => kind === 'vital').length, 3);
  t.test('temperatures are below 38 but for the planted', async (t) => {
    const hot = entries.filter(
      ({ resource, planted: one }) =>
        resource.resourceType === 'Observation' &&
        resource.code.coding?.[0]?.code === '8310-5' &&
        (resource.valueQuantity?.value ?? 0) >= 38 &&
        !one,
    );
    t.equal(hot.length, 0);
  });
});

t.test('symptoms are correlated', async (t) => {
  const fatigue = seriesOf('PROCTCAE_53');
  const appetite = seriesOf('PROCTCAE_8');
  t.ok(correlation(fatigue, appetite) > 0.25, `${correlation(fatigue, appetite)}`);
});

t.test('the form is the bundled one, with its twelve terms', async (t) => {
  t.equal(FORM_CANONICAL, 'https://vigie.example/fhir/Questionnaire/pro-ctcae-weekly|1.0.0');
  t.equal(TERMS.length, 12);
  t.ok(TERMS.every(({ items }) => items.every(({ options }) => options.size === 5)));
});

const TABLE = '../shared/clinical/ctcae.json';
t.test('each LOINC code of the laboratory was read in a source', { skip: !existsSync(TABLE) }, async (t) => {
  const { entries: rows } = JSON.parse(readFileSync(TABLE, 'utf8'));
  for (const { loinc, severe, unit } of ANALYTES) {
    const row = rows.find(({ id }: { id: string }) => id === severe.term);
    const input = row.inputs.find((one: { loinc: string }) => one.loinc === loinc);
    t.match(input, { loincConfidence: 'read in a source here' }, loinc);
    t.ok(input.ucum.includes(unit), unit);
  }
});

/** First item of a term in each response that answers it. */
function seriesOf(group: string): Map<string, number> {
  return new Map(
    ofKind('response').flatMap(({ resource }) => {
      if (resource.resourceType !== 'QuestionnaireResponse') return [];
      const item = resource.item?.find(({ linkId }) => linkId === group)?.item?.[0];
      const code = item?.answer?.[0]?.valueCoding?.code;
      return code === undefined ? [] : [[resource.id ?? '', Number(code.slice(-1))] as const];
    }),
  );
}

function correlation(a: ReadonlyMap<string, number>, b: ReadonlyMap<string, number>): number {
  const pairs = [...a].flatMap(([id, x]) => {
    const y = b.get(id);
    return y === undefined ? [] : [[x, y] as const];
  });
  const mean = (pick: 0 | 1): number => pairs.reduce((sum, pair) => sum + pair[pick], 0) / pairs.length;
  const [meanA, meanB] = [mean(0), mean(1)];
  const product = (p: 0 | 1, q: 0 | 1): number =>
    pairs.reduce((sum, pair) => sum + (pair[p] - (p ? meanB : meanA)) * (pair[q] - (q ? meanB : meanA)), 0);
  return product(0, 1) / Math.sqrt(product(0, 0) * product(1, 1));
}
