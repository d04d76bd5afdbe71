import type { Extension, ResearchStudy } from '@medplum/fhirtypes';
import type { Deps } from '../../deps.ts';
import type { Compartment } from '../../fhir/compartment.ts';
import { fault, type Issue } from '../../fhir/errors.ts';
import { CTCAE_VERSIONS } from '../../rules/gradings/ctcae-data.ts';
import { EXTENSION } from '../../rules/resources/codes.ts';
import { refuse } from './refusals.ts';
import type { Change } from './type-rules.ts';

/**
 * A version of CTCAE that we do not hold, or that cannot be read, is refused: the patients of the study would be graded by that of the site, and nobody told.
 * Throws FhirError 422 with an issue for each.
 */
export async function checkStudy(_deps: Deps, _within: Compartment, { resource }: Change): Promise<undefined> {
  const { extension = [] } = resource as ResearchStudy; // the row's type
  refuse(extension.flatMap(versionIssues));
}

const versionIssues = (extension: Extension, place: number): Issue[] => {
  const { url, valueCode } = extension;
  if (url !== EXTENSION.ctcaeVersions || CTCAE_VERSIONS.some((version) => version === valueCode)) return [];
  return [
    fault(
      'business-rule',
      `ResearchStudy.extension[${place}] (ctcae-versions): expected a valueCode, one of ${CTCAE_VERSIONS.join(', ')}; came ${came(extension)}`,
      `ResearchStudy.extension[${place}].value`,
    ),
  ];
};

/** Only what can be no free text is repeated. */
function came({ valueCode, ...extension }: Extension): string {
  if (valueCode !== undefined) return /^[\w.-]{1,20}$/.test(valueCode) ? `the valueCode ${valueCode}` : 'another one';
  return Object.keys(extension).find((key) => key.startsWith('value')) ?? 'no value';
}
