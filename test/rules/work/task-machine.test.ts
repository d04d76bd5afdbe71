import { readFileSync } from 'node:fs';
import type { CodeSystem } from '@medplum/fhirtypes';
import t from 'tap';
import { OUTCOMES, statusConcept } from '../../../src/rules/work/codes.ts';
import { legalMoves, MOVES, moveOf } from '../../../src/rules/work/task-machine.ts';

const STATUSES = ['requested', 'accepted', 'in-progress', 'on-hold', 'completed', 'cancelled'] as const;

t.test('the table of docs/work-items.md is the machine', async (t) => {
  const text = readFileSync('docs/work-items.md', 'utf8');
  const rows = [
    ...text.matchAll(/^\| ([a-z ]+) \| (a person|the service) \| `([a-z-]+)` \| `([a-z-]+)` \| (.*?) ?\| (.*?) ?\|$/gm),
  ];
  t.same(
    rows.map(([, name, by, from, to, needs, business]) => ({
      name,
      by,
      from,
      to,
      needs,
      business: business?.replaceAll('`', ''),
    })),
    MOVES.map(({ name, by, from, to, needs, business = '' }) => ({
      name,
      by: by === 'person' ? 'a person' : 'the service',
      from,
      to,
      needs: needs.join(', '),
      business,
    })),
  );
});

t.test('a person has one move at most from one status to another, and one more at most to take it over', async (t) => {
  for (const isTakeover of [false, true]) {
    const pairs = MOVES.filter(
      ({ by, needs }) => by === 'person' && needs.includes('other than before') === isTakeover,
    ).map(({ from, to }) => `${from} ${to}`);
    t.equal(new Set(pairs).size, pairs.length);
  }
});

const moves: [from: string, to: string, name: string, whenTakenOver: string][] = [
  ['accepted', 'accepted', 'remark', 'take over'],
  ['in-progress', 'in-progress', 'remark', 'take over'],
  ['accepted', 'in-progress', 'start', 'start'],
  ['in-progress', 'accepted', 'pause', 'pause'],
  ['on-hold', 'on-hold', 'snooze anew', 'snooze anew'],
  ['completed', 'completed', 'correct', 'correct'],
];
for (const [from, to, name, whenTakenOver] of moves) {
  t.test(`from ${from} to ${to} it is: ${name}; for who takes it over: ${whenTakenOver}`, async (t) => {
    t.equal(moveOf(from, to)?.name, name);
    t.equal(moveOf(from, to, { isTakenOver: true })?.name, whenTakenOver);
  });
}

t.test('a person leaves every status but cancelled, and nobody is asked to cancel', async (t) => {
  for (const from of STATUSES) {
    t.equal(
      MOVES.some((move) => move.by === 'person' && move.from === from),
      from !== 'cancelled',
      from,
    );
    t.equal(moveOf(from, 'cancelled'), undefined);
  }
  t.equal(legalMoves('cancelled'), 'it has ended and stays as it is');
  t.equal(legalMoves('completed'), 'completed (correct, owner, outcome, reason)');
});

t.test('what somebody has, has an owner; what waits has none', async (t) => {
  for (const { by, to, needs, name } of MOVES.filter(({ by }) => by === 'person')) {
    t.ok(needs.includes(to === 'requested' ? 'no owner' : 'owner'), `${by} ${name} to ${to}`);
    t.equal(needs.includes('outcome'), to === 'completed', name);
    t.equal(needs.includes('expected level'), to === 'on-hold', name);
  }
});

const codes = (name: string) => {
  const { concept = [] }: CodeSystem = JSON.parse(readFileSync(`profiles/CodeSystem-${name}.json`, 'utf8'));
  return concept;
};

t.test('the codes are those of their CodeSystems', async (t) => {
  t.same(
    codes('work-outcome').map(({ code }) => code),
    OUTCOMES,
  );
  const statuses = new Set(MOVES.flatMap(({ business }) => business ?? []));
  t.same(
    new Set(codes('work-status').map(({ code }) => code)),
    statuses,
    'each business status is reached, and no other',
  );
  for (const code of statuses) {
    t.equal(statusConcept(code).coding?.[0]?.display, codes('work-status').find((one) => one.code === code)?.display);
  }
});
