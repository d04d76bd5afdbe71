import type { Questionnaire, QuestionnaireResponse } from '@medplum/fhirtypes';
import type { Deps } from '../../deps.ts';
import type { Compartment } from '../../fhir/compartment.ts';
import { parseQuery, type Query } from '../../fhir/query.ts';
import { search } from '../../store/search.ts';

/** True when a response names the form, by its version or by its url alone. */
export async function isAnswered(deps: Deps, within: Compartment, { url, version }: Questionnaire): Promise<boolean> {
  if (url === undefined) return false;
  const query = parseQuery(
    deps.registry,
    'QuestionnaireResponse',
    [
      ['questionnaire', url],
      ['_count', '50'],
    ],
    {
      strict: true,
      baseUrl: deps.baseUrl,
    },
  );
  for (let page: Query = query; ; ) {
    const { matches, next } = await search(deps.db, within, page, deps.baseUrl);
    const named = matches.map(({ content }): QuestionnaireResponse => JSON.parse(content));
    if (named.some(({ questionnaire }) => questionnaire === url || questionnaire === `${url}|${version}`)) return true;
    if (!next) return false;
    page = { ...page, after: next };
  }
}
