import type { Test } from 'tap';
import { Catalog, type Snapshot } from '../../src/catalog.ts';
import type { Compartment } from '../../src/fhir/compartment.ts';
import type { Policy } from '../../src/rules/policy.ts';
import { NOW, type TestApp, testApp } from './app.ts';
import { LADDER_POLICY, post } from './observations.ts';
import { aPatient } from './responses.ts';

/** A catalog whose policies overrun, have conditions that fail, or fail altogether, while `how` says so. */
export class Faulty extends Catalog {
  how: 'sound' | 'spent' | 'erring' | 'failing' = 'sound';

  override async at(within: Compartment, generation?: string): Promise<Snapshot> {
    const snapshot = await super.at(within, generation);
    const overrun = (policy: Policy): Policy => ({
      ...policy,
      evaluate: (which, context) => {
        if (this.how === 'failing') throw new Error('Zebulon Quartermaine cannot be judged');
        const conditions = policy.evaluate(which, context);
        if (this.how === 'sound') return conditions;
        const error = this.how === 'spent' ? 'budget' : 'TypeError';
        return conditions.map((condition) => ({ ...condition, value: 'undecided' as const, error }));
      },
    });
    return {
      ...snapshot,
      policies: snapshot.policies.map(overrun),
      policy: (canonical) => {
        const policy = snapshot.policy(canonical);
        return policy && overrun(policy);
      },
    };
  }
}

/** A service with such a catalog and the ladder's policy, and a patient. */
export async function faultyApp(t: Test): Promise<{ app: TestApp; catalog: Faulty; patient: string }> {
  let catalog: Faulty | undefined;
  const app = await testApp({
    now: () => NOW,
    change: (deps) => {
      catalog = new Faulty(deps.db);
      deps.catalog = catalog;
    },
  });
  t.teardown(() => app.close());
  if (!catalog) throw new Error('the deps were never changed');
  await post(app, LADDER_POLICY);
  return { app, catalog, patient: await aPatient(app) };
}
