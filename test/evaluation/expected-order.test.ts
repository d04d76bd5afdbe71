import { readFileSync } from 'node:fs';
import type { QuestionnaireResponse } from '@medplum/fhirtypes';
import t from 'tap';
import { type TestApp, testApp } from '../support/app.ts';
import { post } from '../support/observations.ts';
import { often } from '../support/often.ts';
import { aPlan, aReportingPolicy, MONDAYS, sweep } from '../support/plans.ts';
import { aPatient, aResponse, weeklyForm } from '../support/responses.ts';

const POLICY = aReportingPolicy('order', [
  ['open', "%finding.term = 'missing-report' and %finding.min >= 1", 'PL'],
  ['escalate', "%finding.term = 'missing-report' and %finding.min >= 1 and %previous.grade >= 1", 'PM'],
  ['close', "%finding.term = 'missing-report' and %finding.max = 0"],
  ['open', "%finding.term = 'late-report' and %finding.min >= 1", 'PL'],
  ['close', "%finding.term = 'late-report' and %finding.max = 0"],
]);

/** Numbers from 0 to below 1, the same ones again for the same seed. */
function chance(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1664525 + 1013904223) % 4294967296;
    return state / 4294967296;
  };
}

interface Step {
  /** When it comes in. */
  at: string;
  /** Which response, what its authored is, and what becomes of it. */
  id: string;
  authored: string;
  status: QuestionnaireResponse['status'];
}

const BEGIN = Date.parse('2026-11-01T12:00:00.000Z');
const DAY = 86_400_000;
const iso = (millis: number): string => new Date(millis).toISOString();

/** Seven weeks of responses, some twice, some late, some withdrawn, some amended to another moment: as they come in. */
function season(random: () => number): Step[] {
  const steps: Step[] = [];
  for (let week = 0; week < 7; week += 1) {
    for (let n = 0; n < 2; n += 1) {
      if (random() < 0.45) continue;
      const id = `r-${week}-${n}`;
      const authored = BEGIN + DAY + week * 7 * DAY + Math.floor(random() * 7 * DAY);
      const at = authored + (random() < 0.5 ? 0 : Math.floor(random() * 20 * DAY));
      steps.push({ at: iso(at), id, authored: iso(authored), status: 'completed' });
      if (random() < 0.2) {
        const moved = authored - Math.floor(random() * 6 * DAY);
        steps.push({ at: iso(at + DAY), id, authored: iso(Math.max(moved, BEGIN)), status: 'amended' });
      }
      if (random() < 0.25)
        steps.push({ at: iso(at + 2 * DAY), id, authored: iso(authored), status: 'entered-in-error' });
    }
  }
  return steps.sort((a, b) => (a.at < b.at ? -1 : 1));
}

/** What is so in the end: the last of each response that was not withdrawn, as if it had come at once. */
function inOrder(steps: readonly Step[]): Step[] {
  const last = new Map(steps.map((step) => [step.id, step]));
  return [...last.values()]
    .filter(({ status }) => status !== 'entered-in-error')
    .map((step) => ({ ...step, at: step.authored, status: 'completed' as const }))
    .sort((a, b) => (a.at < b.at ? -1 : 1));
}

/** What the Flags of a patient say in the end, without their versions. */
async function told(app: TestApp, patient: string): Promise<string[]> {
  const { body } = await app.send('GET', `/Flag?patient=${patient}&_count=100`);
  return (body.entry ?? [])
    .filter(({ resource }: { resource: { status: string } }) => resource.status !== 'entered-in-error')
    .map(
      ({ resource }: { resource: { status: string; code: { text: string }; period: object; extension: object[] } }) =>
        [
          resource.status,
          resource.code.text,
          JSON.stringify(resource.period),
          JSON.stringify(resource.extension[0]),
        ].join(' '),
    )
    .sort();
}

t.test(
  'in whatever order responses come in, are amended or withdrawn, the Flags are those of the order of time',
  async (t) => {
    let now = iso(BEGIN);
    const app = await testApp({ now: () => new Date(now), demoPolicy: false });
    t.teardown(() => app.close());
    await post(app, JSON.parse(readFileSync('profiles/Questionnaire-pro-ctcae-weekly.json', 'utf8')));
    await post(app, POLICY);
    const form = await weeklyForm(app);
    const end = iso(BEGIN + 80 * DAY);
    const run = async (steps: readonly Step[]): Promise<string[]> => {
      now = iso(BEGIN);
      const patient = await aPatient(app);
      await post(app, aPlan(patient, MONDAYS, { window: { before: [1, 'd'], length: [3, 'd'], grace: [1, 'd'] } }));
      const written = new Map<string, string>();
      for (const { at, id, authored, status } of steps) {
        now = at;
        await sweep(app);
        const response = aResponse(form, patient, authored, { PROCTCAE_16A_SCL: 0 }, { status });
        const known = written.get(id);
        const { status: answer, body } = known
          ? await app.send('PUT', `/QuestionnaireResponse/${known}`, { ...response, id: known })
          : await app.send('POST', '/QuestionnaireResponse', response);
        if (answer >= 300) throw new Error(JSON.stringify(body));
        written.set(id, body.id);
        // What was to be gone through anew is due at once.
        await sweep(app);
      }
      now = end;
      await sweep(app);
      return told(app, patient);
    };
    for (let seed = 1; seed <= often(8); seed += 1) {
      const steps = season(chance(seed));
      t.same(await run(steps), await run(inOrder(steps)), `season ${seed}: ${steps.length} steps`);
    }
  },
);
