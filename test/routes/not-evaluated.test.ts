import t from 'tap';
import { Catalog, type Form, type Snapshot } from '../../src/catalog.ts';
import { CANONICAL } from '../../src/fhir/canonical.ts';
import type { Compartment } from '../../src/fhir/compartment.ts';
import type { Policy } from '../../src/rules/policy.ts';
import { NOW, type TestApp, testApp } from '../support/app.ts';
import { aPatient, aResponse, weeklyForm } from '../support/responses.ts';
import { ANNA, move, tasksOf, workOf } from '../support/work.ts';
import { put, refusal, refused } from './support.ts';

/** A catalog whose forms or policies fail while `failing` says so. */
class Failing extends Catalog {
  readonly failing: { what: 'nothing' | 'grade' | 'policy' };

  constructor(app: TestApp['deps'], failing: Failing['failing']) {
    super(app.db);
    this.failing = failing;
  }

  override async at(within: Compartment, generation?: string): Promise<Snapshot> {
    const snapshot = await super.at(within, generation);
    const fail = (): never => {
      throw new Error('Zebulon Quartermaine cannot be graded');
    };
    if (this.failing.what === 'grade') {
      return {
        ...snapshot,
        form: (canonical) => {
          const form = snapshot.form(canonical);
          return form && ({ ...form, grade: fail } satisfies Form);
        },
      };
    }
    if (this.failing.what === 'policy') {
      const failing = (policy: Policy): Policy => ({ ...policy, evaluate: fail });
      return {
        ...snapshot,
        policies: snapshot.policies.map(failing),
        policy: (canonical) => {
          const policy = snapshot.policy(canonical);
          return policy && failing(policy);
        },
      };
    }
    return snapshot;
  }
}

for (const what of ['grade', 'policy'] as const) {
  t.test(`a failure inside ${what === 'grade' ? 'grading' : 'a policy'} never loses a response`, async (t) => {
    const failing: Failing['failing'] = { what: 'nothing' };
    const app = await testApp({
      now: () => NOW,
      change: (deps) => {
        deps.catalog = new Failing(deps, failing);
      },
    });
    t.teardown(() => app.close());
    const form = await weeklyForm(app);
    const scores = { PROCTCAE_16A_SCL: 4 };
    const flagsOf = async (patient: string) =>
      ((await app.send('GET', `/Flag?patient=${patient}&_sort=_id`)).body.entry ?? []).map(
        ({ resource }: { resource: { status: string; code: { text: string } } }) => resource,
      );
    const isNotEvaluated = (flag: unknown): boolean => /not-evaluated/.test(JSON.stringify(flag));

    const failed = async (patient: string) => {
      failing.what = what;
      const answer = await app.send(
        'POST',
        '/QuestionnaireResponse',
        aResponse(form, patient, '2026-11-01T08:00:00Z', scores),
        { prefer: 'return=OperationOutcome' },
      );
      failing.what = 'nothing';
      t.equal(answer.status, 201, 'it is acknowledged');
      t.match(answer.body.issue[0], { severity: 'warning', code: 'processing' });
      const path = String(answer.headers.location).replace(/^.*\/fhir|\/_history.*$/g, '');
      const { body } = await app.send('GET', path);
      t.equal(body.status, 'completed', 'and stored');
      return { path, body };
    };

    t.test('a PH Flag says so, and a good version closes it', async (t) => {
      const patient = await aPatient(app);
      const { path, body } = await failed(patient);
      const flags = await flagsOf(patient);
      t.equal(flags.length, 1);
      t.match(flags[0], { resourceType: 'Flag', status: 'active', subject: { reference: patient } });
      t.ok(isNotEvaluated(flags[0]));
      t.match(JSON.stringify(flags[0]), '"code":"PH"');
      t.notMatch(JSON.stringify(flags[0]), /Zebulon/);
      t.same(await workOf(app, patient), ['requested new stat nurse'], 'a person is asked to read it');
      const [work] = await tasksOf(app, patient);
      const asleep = await move(app, work ?? {}, {
        status: 'on-hold',
        owner: ANNA,
        extension: [
          ...(work?.extension ?? []),
          {
            url: `${CANONICAL}/StructureDefinition/expected-level`,
            extension: [
              { url: 'level', valueInteger: 1 },
              { url: 'until', valueDateTime: '2026-12-24T09:00:00Z' },
            ],
          },
        ],
      });
      t.same(refusal(asleep), refused(422, 'business-rule', 'Task.status'), 'it is about no grade: it does not sleep');
      t.same(refusal(await app.send('DELETE', path)), refused(409, 'conflict'), 'it cannot be deleted');

      const amended = await app.send('PUT', path, { ...body, status: 'amended' });
      t.equal(amended.status, 200, amended.text);
      const now = await flagsOf(patient);
      t.equal(now.length, 2);
      const closed = now.filter(isNotEvaluated);
      t.equal(closed.length, 1);
      t.match(closed[0], { status: 'inactive', period: { end: NOW.toISOString() } });
      t.same((await workOf(app, patient)).sort(), ['cancelled episode-ended stat nurse', 'requested new stat nurse']);
      t.match(
        now.find((flag: unknown) => !isNotEvaluated(flag)),
        { status: 'active', code: { text: /composite grade 3/ } },
      );
    });

    t.test('a version that fails after a good one opens the same Flag again', async (t) => {
      const patient = await aPatient(app);
      const { path, body } = await failed(patient);
      const amended = { ...body, status: 'amended' };
      t.equal((await app.send('PUT', path, amended)).status, 200);
      failing.what = what;
      const answer = await app.send('PUT', path, amended);
      failing.what = 'nothing';
      t.equal(answer.status, 200, answer.text);
      const [flag, ...more] = (await flagsOf(patient)).filter(isNotEvaluated);
      t.match(flag, { status: 'active', meta: { versionId: '3' } });
      t.same(
        (await workOf(app, patient)).sort(),
        ['cancelled episode-ended stat nurse', 'requested new stat nurse', 'requested new stat nurse'],
        'read once more, beside the work on the grade that was told meanwhile',
      );
      t.equal(more.length, 0);
    });

    t.test('entered-in-error retracts it', async (t) => {
      const patient = await aPatient(app);
      const { path, body } = await failed(patient);
      const answer = await app.send('PUT', path, { ...body, status: 'entered-in-error' });
      t.equal(answer.status, 200, answer.text);
      t.same(
        (await flagsOf(patient)).map(({ status }: { status: string }) => status),
        ['entered-in-error'],
      );
      t.same(await workOf(app, patient), ['cancelled episode-ended stat nurse']);
      t.notOk((await app.send('GET', `/Flag?patient=${patient}&status=active`)).body.entry);
    });

    t.test('a later report of the same patient is evaluated, and leaves the Flag open', async (t) => {
      const patient = await aPatient(app);
      await failed(patient);
      await put(app, aResponse(form, patient, '2026-11-08T08:00:00Z', scores));
      const flags = await flagsOf(patient);
      t.equal(flags.filter(isNotEvaluated).length, 1);
      t.equal(flags.filter(({ status }: { status: string }) => status === 'active').length, 2);
    });

    t.test('each is counted in the one series that an alert asks for, which was there before', async (t) => {
      const { families } = app.deps.metrics;
      const events = families.find(({ name }) => name === 'vigie_flag_events_total')?.series ?? [];
      t.same(
        events.filter(({ labels }) => labels.event === 'not-evaluated'),
        [{ labels: { policy: 'none', event: 'not-evaluated', priority: 'PH' }, value: 5 }],
      );
    });

    t.test('the log says that it happened and not what was thrown', async (t) => {
      const lines = app.log.filter((line) => line.includes('not evaluated'));
      t.ok(lines.length > 0);
      t.notMatch(app.log.join('\n'), /Zebulon|Quartermaine/);
    });
  });
}
