import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Questionnaire } from '@medplum/fhirtypes';
import type { Deps } from '../../src/deps.ts';
import { everyone } from '../../src/fhir/compartment.ts';
import { type ResourceSpec, resourceSpec } from '../../src/fhir/resources.ts';
import { type ReceivedText, readText } from '../../src/fhir/text.ts';
import { create, type Saved, update } from '../../src/save.ts';

/** The row of a type; tests name types that are there. */
export function specOf(type: string): ResourceSpec {
  const spec = resourceSpec(type);
  if (!spec) throw new Error(`${type} is not served`);
  return spec;
}

/** A resource as it comes out of a request's body. */
export const received = (resource: object): ReceivedText => readText(Buffer.from(JSON.stringify(resource)));

/** Creates through the write path itself, without HTTP. */
export const createIn = (
  deps: Deps,
  resource: { resourceType: string },
  options: { ifNoneExist?: string } = {},
): Promise<Saved> => create(deps, everyone(), specOf(resource.resourceType), received(resource), options);

/** A resource with the id under which it is stored. */
export interface Named {
  resourceType: string;
  id: string;
  [element: string]: unknown;
}

/** Updates through the write path itself. */
export const updateIn = (deps: Deps, resource: Named, options: { ifMatch?: number } = {}): Promise<Saved> =>
  update(deps, everyone(), specOf(resource.resourceType), resource.id, received(resource), options);

/** The bundled weekly form, as it ships. */
export const WEEKLY: Questionnaire = JSON.parse(
  readFileSync(resolve('profiles/Questionnaire-pro-ctcae-weekly.json'), 'utf8'),
);

/** Rows of every table, to show that nothing was written. */
export async function rowCounts(deps: Deps): Promise<Record<string, number>> {
  const { rows: tables } = await deps.db.pool.query<{ name: string }>(
    `select relname as name from pg_class where relnamespace = 'public'::regnamespace and relkind = 'r' order by 1`,
  );
  const counts: Record<string, number> = {};
  for (const { name } of tables) {
    const { rows } = await deps.db.pool.query<{ n: string }>(`select count(*) as n from ${name}`);
    counts[name] = Number(rows[0]?.n);
  }
  return counts;
}
