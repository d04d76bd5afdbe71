import type { Flag, Parameters, ParametersParameter } from '@medplum/fhirtypes';
import type { Deps } from '../../deps.ts';
import { CANONICAL } from '../../fhir/canonical.ts';
import type { Compartment } from '../../fhir/compartment.ts';
import { badRequest } from '../../fhir/errors.ts';
import { parseQuery } from '../../fhir/query.ts';
import { explain } from '../../rules/explain.ts';
import { readRecord } from '../../rules/record.ts';
import type { Language } from '../../rules/resources/labels.ts';
import { findDecision } from '../../store/context.ts';
import { readResource } from '../../store/resources.ts';
import { search } from '../../store/search.ts';
import { addOperation, type Operation } from './operation.ts';

/**
 * `Flag/{id}/$explain?language=en|fr`: why the present version of a Flag says what it says, read from the decision record that
 * was written with it. Answers Parameters: the facts one by one, `text` as one paragraph, and where the record is kept.
 */
export const explainOperation: Operation = {
  name: 'explain',
  scope: ['instance'],
  types: ['Flag'],
  definition: `${CANONICAL}/OperationDefinition/flag-explain`,
  affectsState: false,
  addRoute(app, deps) {
    addOperation(app, explainOperation, { parameters: { language: 'code' } }, async ({ inputs, within, id = '' }) => {
      const language = languageOf(inputs.text('language'), deps.language);
      const stored = await readResource(deps.db, within, 'Flag', id);
      const flag: Flag = JSON.parse(stored.content);
      const versioned = `Flag/${stored.id}/_history/${stored.version}`;
      const decided = await decisionOf(deps, within, versioned);
      const term = flag.code.coding?.[0]?.code ?? '';
      const told = decided && explain(readRecord(decided.record), term, deps.labels, language);
      const parameter: ParametersParameter[] = [
        { name: 'flag', valueReference: { reference: versioned } },
        ...(decided ? [{ name: 'provenance', valueReference: { reference: decided.provenance } }] : []),
        ...(told?.parameters ?? [{ name: 'text', valueString: flag.code.text ?? '' }]),
        ...(decided ? [{ name: 'record', valueString: decided.record }] : []),
      ];
      const answer: Parameters = { resourceType: 'Parameters', parameter };
      return answer;
    });
  },
};

/** The Provenance that names this very version as its target, and the decision record behind it. */
async function decisionOf(
  deps: Deps,
  within: Compartment,
  versioned: string,
): Promise<{ provenance: string; record: string } | undefined> {
  const query = parseQuery(deps.registry, 'Provenance', [['target', versioned]], {
    strict: true,
    baseUrl: deps.baseUrl,
  });
  const { matches } = await search(deps.db, within, { ...query, count: 1 }, deps.baseUrl);
  const [provenance] = matches;
  if (!provenance) return undefined;
  const record = await findDecision(deps.db, within, provenance.id);
  return record === undefined ? undefined : { provenance: `Provenance/${provenance.id}`, record };
}

function languageOf(wanted: string | undefined, fallback: Language): Language {
  if (wanted === undefined) return fallback;
  if (wanted === 'en' || wanted === 'fr') return wanted;
  throw badRequest('language: expected en or fr');
}
