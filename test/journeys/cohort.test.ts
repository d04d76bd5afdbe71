import type { Flag, Patient } from '@medplum/fhirtypes';
import t from 'tap';
import { alertLoad } from '../../src/cohort/alert-load.ts';
import { type Entry, START } from '../../src/cohort/entry.ts';
import { seek } from '../../src/cohort/find.ts';
import { cohort } from '../../src/cohort/generate.ts';
import { type Posted, postCohort } from '../../src/cohort/post.ts';
import { randomOf } from '../../src/cohort/random.ts';
import { pagesOf, type Service, serviceAt } from '../../src/cohort/service.ts';
import { tellLoad, tellPosted, tellSought } from '../../src/cohort/tell.ts';
import { priorityOf } from '../../src/rules/resources/flag.ts';
import { listeningApp } from '../support/listening.ts';

const OPTIONS = { patients: 8, weeks: 6, seed: 1, start: START };

t.test('a cohort: what was planted is found, in whatever order it arrives', async (t) => {
  const first = await aService();
  t.teardown(first.close);
  const posted = await postCohort(first.service, cohort(OPTIONS), { connections: 4 });

  t.test('each planted event is graded, and flagged where a Flag has to stand', async (t) => {
    const symptoms = posted.planted.filter(({ kind }) => kind === 'symptom');
    t.same([...new Set(symptoms.map(({ how }) => how))].sort(), ['amended', 'late', 'on-time']);
    t.same([...new Set(posted.planted.map(({ kind }) => kind))].sort(), ['lab', 'symptom', 'vital']);
    for (const planted of posted.planted) {
      const { faults } = await seek(first.service, first.base, planted);
      t.same(faults, [], `${planted.source} ${planted.term}, ${planted.how}`);
    }
  });

  t.test('what is not there is missed, and told', async (t) => {
    const [planted] = posted.planted.filter(({ kind }) => kind === 'symptom');
    if (!planted) throw new Error('nothing was planted');
    const term = 'PROCTCAE_17_COMP';
    const elsewhere = { ...planted, term, flag: `https://vigie.example/fhir/CodeSystem/pro-ctcae|${term}` };
    const missed = await seek(first.service, first.base, elsewhere);
    t.same(missed.faults, ['not graded', 'no Flag covers it']);
    const wrong = await seek(first.service, first.base, { ...planted, grades: { '1.0': 2 } });
    t.same(wrong.faults, ['grade 3 of version 1.0 where 2 is expected']);
    const before = await seek(first.service, first.base, { ...planted, at: '2024-01-01T00:00:00Z' });
    t.same(before.faults, ['no Flag covers it']);
    t.match(tellSought([missed]).join('\n'), /0 of 1 found\n {2}missed: .*not graded; no Flag covers it/);
  });

  t.test('a second run makes nothing new', async (t) => {
    const flags = await openFlags(first);
    const again = await postCohort(first.service, cohort(OPTIONS), { connections: 4 });
    t.same(again.created, {});
    t.equal(sum(again.found), sum(posted.created) + sum(posted.found));
    t.same(await openFlags(first), flags);
    t.match(tellPosted(again).join('\n'), /made: nothing; found there and not made again: \d+/);
  });

  t.test('the load is told by policy', async (t) => {
    const load = await alertLoad(first.service, first.base, posted.patients);
    t.equal(load.open, (await openFlags(first)).length);
    t.ok(load.flags >= load.open && load.alerting.size > 0);
    t.ok([...load.actions.keys()].some((action) => action.endsWith('|1.0.0#open-composite-3')));
    const demonstration = [...load.policies].find(([policy]) => policy.includes('/demonstration|'));
    t.ok(demonstration, 'the demonstration policy opened some');
    t.match(tellLoad(load, posted.responses).join('\n'), /demonstration\\\|1\.0\.0 \| \d+\.\d/);
  });

  t.test('another order of arrival leaves the same Flags open', async (t) => {
    const second = await aService();
    t.teardown(second.close);
    const entries = shuffled([...cohort(OPTIONS)]);
    const mixed: Posted = await postCohort(second.service, entries, { connections: 4 });
    t.equal(mixed.responses, posted.responses);
    t.same(await openFlags(second), await openFlags(first));
    for (const planted of mixed.planted) {
      t.same((await seek(second.service, second.base, planted)).faults, [], `${planted.source}, shuffled`);
    }
  });
});

interface Running {
  service: Service;
  base: string;
  close(): Promise<void>;
}

async function aService(): Promise<Running> {
  const { app, baseUrl } = await listeningApp();
  return { service: serviceAt(baseUrl), base: baseUrl, close: () => app.close() };
}

/** What stands open, by the cohort's own names, in one order. */
async function openFlags({ service, base }: Running): Promise<string[]> {
  const names = new Map<string, string>();
  for await (const { id, identifier } of pagesOf<Patient>(service, base, 'Patient?_count=100')) {
    names.set(`Patient/${id}`, identifier?.[0]?.value ?? '');
  }
  const flags: string[] = [];
  for await (const flag of pagesOf<Flag>(service, base, 'Flag?status=active&_count=100')) {
    const name = names.get(flag.subject.reference ?? '');
    flags.push([name, flag.code.coding?.[0]?.code, flag.period?.start, priorityOf(flag), flag.code.text].join(' | '));
  }
  return flags.sort();
}

/** The entries of each patient in another order; the Patient first, and what is sent again after what it repeats or corrects. */
function shuffled(entries: readonly Entry[]): Entry[] {
  const random = randomOf('shuffle');
  const groups: Entry[][] = [];
  for (const entry of entries) {
    if (entry.kind === 'patient') groups.push([]);
    groups.at(-1)?.push(entry);
  }
  return groups.flatMap(([patient, ...rest]) => {
    const mixed = rest.map((entry) => ({ entry, key: random.next() })).sort((a, b) => a.key - b.key);
    const sent = new Set<string>();
    const waiting: Entry[] = [];
    const order = mixed.flatMap(({ entry }): Entry[] => {
      const id = entry.resource.id ?? '';
      if ((entry.kind === 'amendment' || entry.kind === 'duplicate') && !sent.has(id)) {
        waiting.push(entry);
        return [];
      }
      sent.add(id);
      return [entry];
    });
    return patient ? [patient, ...order, ...waiting.sort((a, b) => (a.kind < b.kind ? 1 : -1))] : [];
  });
}

const sum = (counts: Record<string, number>): number => Object.values(counts).reduce((total, one) => total + one, 0);
