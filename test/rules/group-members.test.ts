import type { GroupMember } from '@medplum/fhirtypes';
import t from 'tap';
import { dateInterval } from '../../src/fhir/dates.ts';
import { askedTime, membersOf } from '../../src/rules/group-members.ts';

const BASE = 'https://vigie.example/fhir';
const NOW = Date.parse('2026-11-20T12:00:00.000Z');

const start = (text: string | undefined) =>
  text === undefined ? Number.NEGATIVE_INFINITY : (dateInterval(text)?.start ?? Number.NaN);
const end = (text: string | undefined) =>
  text === undefined ? Number.POSITIVE_INFINITY : (dateInterval(text)?.end ?? Number.NaN);

/** Whether a member of that period counts, where reports of a time are asked for. */
const periods: [
  name: string,
  period: GroupMember['period'],
  from: string | undefined,
  to: string | undefined,
  counts: boolean,
][] = [
  ['without a period', undefined, undefined, undefined, true],
  ['of an empty one', {}, undefined, undefined, true],
  ['who left yesterday', { end: '2026-11-19' }, undefined, undefined, false],
  ['who leaves today', { end: '2026-11-20' }, undefined, undefined, true],
  ['who left a second ago', { end: '2026-11-20T11:59:59Z' }, undefined, undefined, false],
  ['who leaves this second', { end: '2026-11-20T12:00:00Z' }, undefined, undefined, true],
  ['who comes this second', { start: '2026-11-20T12:00:00Z' }, undefined, undefined, true],
  ['who comes in a second', { start: '2026-11-20T12:00:01Z' }, undefined, undefined, false],
  ['who left this month, as far as is said', { end: '2026-11' }, undefined, undefined, true],
  ['who left before the time asked for', { end: '2026-02-28' }, '2026-03-01', '2026-03-31', false],
  ['who left on its first day', { end: '2026-03-01' }, '2026-03-01', '2026-03-31', true],
  ['who left long after it', { start: '2026-01-01', end: '2026-06-30' }, '2026-03-01', '2026-03-31', true],
  ['who came on its last day', { start: '2026-03-31' }, '2026-03-01', '2026-03-31', true],
  ['who came after it', { start: '2026-04-01' }, '2026-03-01', '2026-03-31', false],
  ['who left before its beginning, no end asked for', { end: '2026-02-28' }, '2026-03-01', undefined, false],
  ['who left since, no end asked for', { end: '2026-03-01' }, '2026-03-01', undefined, true],
  ['who is yet to come, no end asked for', { start: '2026-11-21' }, '2026-03-01', undefined, false],
  ['who left long ago, no beginning asked for', { end: '2020-01-01' }, undefined, '2026-03-31', true],
  ['who came after its end, no beginning asked for', { start: '2026-04-01' }, undefined, '2026-03-31', false],
  ['who will be there in a time to come', { start: '2027-01-01' }, '2027-01-01', undefined, true],
];

for (const [name, period, from, to, counts] of periods) {
  t.test(`a member ${name}`, async (t) => {
    const time = askedTime({ start: start(from), end: end(to) }, NOW);
    const member = [{ entity: { reference: 'Patient/a' }, ...(period ? { period } : {}) }];
    t.same(membersOf({ member }, time, BASE), { patients: counts ? ['a'] : [], others: 0 });
    const other = [{ entity: { reference: 'Device/a' }, ...(period ? { period } : {}) }];
    t.same(membersOf({ member: other }, time, BASE), { patients: [], others: counts ? 1 : 0 });
  });
}

t.test('members by what they are', async (t) => {
  const entities: [reference: GroupMember['entity'], counts: 'patient' | 'other'][] = [
    [{ reference: 'Patient/a' }, 'patient'],
    [{ reference: `${BASE}/Patient/a` }, 'patient'],
    [{ reference: 'Patient/a/_history/2' }, 'patient'],
    [{ reference: 'https://other.example/fhir/Patient/a' }, 'other'],
    [{ reference: 'Practitioner/a' }, 'other'],
    [{ identifier: { value: 'P-1' } }, 'other'],
  ];
  const time = askedTime({ start: start(undefined), end: end(undefined) }, NOW);
  for (const [entity, counts] of entities) {
    const expected = counts === 'patient' ? { patients: ['a'], others: 0 } : { patients: [], others: 1 };
    t.same(membersOf({ member: [{ entity }] }, time, BASE), expected, JSON.stringify(entity));
    t.same(membersOf({ member: [{ entity, inactive: true }] }, time, BASE), { patients: [], others: 0 });
  }
  const all = membersOf({ member: entities.map(([entity]) => ({ entity })) }, time, BASE);
  t.same(all, { patients: ['a'], others: 3 }, 'each patient once');
});
