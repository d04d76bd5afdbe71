import { readdirSync, readFileSync } from 'node:fs';
import type { PlanDefinition } from '@medplum/fhirtypes';

const shipped = readdirSync('profiles/policies').map(
  (file): PlanDefinition => JSON.parse(readFileSync(`profiles/policies/${file}`, 'utf8')),
);
const active = shipped.filter(({ status }) => status === 'active');
/** Other blocks of that page are parts of policies. */
const worked = [...readFileSync('docs/policies.md', 'utf8').matchAll(/```json\n([\s\S]*?)```/g)]
  .map(([, text = '']): PlanDefinition => JSON.parse(text))
  .filter(({ resourceType, version }) => resourceType === 'PlanDefinition' && version !== undefined);
/** A draft with a number in place of each open one: what it costs does not depend on which. */
const filled = (plan: PlanDefinition): PlanDefinition =>
  JSON.parse(JSON.stringify(plan).replaceAll(/%fill\.\w+/g, '3'));

const onceEach = (plans: readonly PlanDefinition[]): PlanDefinition[] => [
  ...new Map(plans.map((plan) => [plan.url, plan])).values(),
];

/** Policies that are measured against each other: the first set is what the others are compared with, the last what a site might write at the most. */
export const DEMONSTRATION: readonly PlanDefinition[] = active.filter(({ url }) => url?.endsWith('/demonstration'));
export const ACTIVE: readonly PlanDefinition[] = active;
export const EVERYTHING: readonly PlanDefinition[] = onceEach([...active, ...shipped, ...worked].map(filled));
