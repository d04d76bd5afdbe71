import t, { type Test } from 'tap';
import { Catalog, type Snapshot } from '../../src/catalog.ts';
import { SLOT_DUE } from '../../src/evaluation/expected.ts';
import { type Compartment, everyone } from '../../src/fhir/compartment.ts';
import { slot } from '../../src/jobs/slot.ts';
import { takeDue } from '../../src/store/due.ts';
import { type TestApp, testApp } from '../support/app.ts';
import { flagsOf, post } from '../support/observations.ts';
import { aPlan, aReportingPolicy, sweep } from '../support/plans.ts';
import { aPatient, aResponse, weeklyForm } from '../support/responses.ts';

/** A catalog that says, while `is` does, that an active policy cannot be compiled by this engine. */
class Broken extends Catalog {
  readonly broken: { is: boolean };

  constructor(deps: TestApp['deps'], broken: { is: boolean }) {
    super(deps.db);
    this.broken = broken;
  }

  override async at(within: Compartment, generation?: string): Promise<Snapshot> {
    const snapshot = await super.at(within, generation);
    return this.broken.is ? { ...snapshot, broken: ['https://hospital.example/PlanDefinition/old|1'] } : snapshot;
  }
}

async function story(t: Test) {
  const clock = { now: '2026-11-01T12:00:00.000Z' };
  const broken = { is: false };
  const app = await testApp({
    now: () => new Date(clock.now),
    change: (deps) => {
      deps.catalog = new Broken(deps, broken);
    },
  });
  t.teardown(() => app.close());
  await post(
    app,
    aReportingPolicy('reporting', [['open', "%finding.term = 'missing-report' and %finding.min >= 1", 'PL']]),
  );
  const [patient, form] = await Promise.all([aPatient(app), weeklyForm(app)]);
  await post(app, aPlan(patient));
  const looked = async (): Promise<void> => {
    const [due] = await takeDue(app.deps.db, everyone(), { now: clock.now, limit: 10, seconds: 0 });
    t.equal(due?.kind, SLOT_DUE);
    if (due) await t.rejects(slot(app.deps, everyone(), due), /stays due/);
  };
  return { app, clock, broken, patient, form, looked };
}

t.test('what is gone through anew and cannot be evaluated stays due, and is not told again and again', async (t) => {
  const { app, clock, broken, patient, form, looked } = await story(t);
  clock.now = '2026-11-04T08:00:00.000Z';
  const answer = await post(app, aResponse(form, patient, clock.now, { PROCTCAE_16A_SCL: 0 }));
  clock.now = '2026-11-10T08:00:00.000Z';
  broken.is = true;
  const put = await app.send('PUT', `/QuestionnaireResponse/${answer.id}`, { ...answer, status: 'entered-in-error' });
  t.equal(put.status, 200, put.text);
  const before = await flagsOf(app, patient);
  await looked();
  t.same(await flagsOf(app, patient), before);
  broken.is = false;
  await sweep(app);
  t.match(await flagsOf(app, patient), [/^active v1 Report missing/], 'once it can be evaluated it is');
});

t.test(
  'a slot that went by while nothing could be evaluated is missing once that can be done, and no report was received',
  async (t) => {
    const { app, clock, broken, patient, looked } = await story(t);
    clock.now = '2026-11-09T08:00:00.000Z';
    broken.is = true;
    await looked();
    t.same(await flagsOf(app, patient), []);
    broken.is = false;
    await sweep(app);
    t.match(await flagsOf(app, patient), [/^active v1 Report missing.* 2026-11-02\)$/]);
  },
);
