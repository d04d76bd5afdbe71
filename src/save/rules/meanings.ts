import type { CodeSystem, Questionnaire, ValueSet } from '@medplum/fhirtypes';
import type { Deps } from '../../deps.ts';
import type { Compartment } from '../../fhir/compartment.ts';
import { businessRule } from '../../fhir/errors.ts';
import type { Claim } from '../../store/write.ts';
import { inTurn, meansAnother } from '../canonical.ts';
import { isAnswered } from './answered.ts';
import { inUse } from './refusals.ts';
import type { Change, Removal } from './type-rules.ts';

/** What an answer stands for does not change under forms that have been answered, and a url and version has one meaning. */
export async function checkMeanings(deps: Deps, within: Compartment, change: Change): Promise<{ claims: Claim[] }> {
  const { resource, current, id } = change;
  const replacement = resource as CodeSystem | ValueSet; // the rows' types
  const { resourceType: type, url, version } = replacement;
  const claims = await inTurn(deps, within, { ...change, type }, replacement);
  if (await meansAnother(deps, within, id, replacement)) {
    throw businessRule(
      `${url}|${version} is held here and says something else: give this ${type} another version, or update that one`,
      `${type}.version`,
    );
  }
  const form = current && (await answeredWith(deps, within, current.id, replacement));
  if (!form) return { claims };
  throw businessRule(
    `${form.url}|${form.version} has been answered, and its answers would mean something else: give the changed ${current.type} another url or version`,
    current.type,
  );
}

/** What says what answers mean stays. */
export async function refuseMeant(deps: Deps, within: Compartment, { current }: Removal): Promise<void> {
  const form = await answeredWith(deps, within, current.id, undefined);
  if (form)
    throw inUse(
      `${current.type}/${current.id} says what answers to ${form.url}|${form.version} mean and cannot be deleted`,
    );
}

/** The first form that has been answered and whose options would be others. */
async function answeredWith(
  deps: Deps,
  within: Compartment,
  id: string,
  replacement: CodeSystem | ValueSet | undefined,
): Promise<Questionnaire | undefined> {
  const { changedBy } = await deps.catalog.at(within);
  for (const form of changedBy(id, replacement)) if (await isAnswered(deps, within, form)) return form;
  return undefined;
}
