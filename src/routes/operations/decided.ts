import type { Flag } from '@medplum/fhirtypes';
import type { Deps } from '../../deps.ts';
import type { Compartment } from '../../fhir/compartment.ts';
import { parseQuery } from '../../fhir/query.ts';
import type { DecisionRecord } from '../../rules/decision-record.ts';
import { termKey } from '../../rules/finding.ts';
import type { Policy } from '../../rules/policy.ts';
import { EXTENSION, TERMS } from '../../rules/resources/codes.ts';
import { findDecision } from '../../store/context.ts';
import { search } from '../../store/search.ts';

/** The decision behind one version of a resource. */
export interface Decided {
  /** `Provenance/<id>`. */
  provenance: string;
  /** The Provenance as it is stored. */
  content: string;
  /** The decision record, as it was written. */
  record: string;
}

/** The Provenance that names this very version as its target, and the decision record behind it; undefined where there is none. */
export async function decisionOf(deps: Deps, within: Compartment, versioned: string): Promise<Decided | undefined> {
  const query = parseQuery(deps.registry, 'Provenance', [['target', versioned]], {
    strict: true,
    baseUrl: deps.baseUrl,
  });
  const { matches } = await search(deps.db, within, { ...query, count: 1 }, deps.baseUrl);
  const [provenance] = matches;
  if (!provenance) return undefined;
  const record = await findDecision(deps.db, within, provenance.id);
  return record === undefined
    ? undefined
    : { provenance: `Provenance/${provenance.id}`, content: provenance.content, record };
}

/** Of the policies of a record those that are held here with the very content that decided. */
export async function policiesOfRecord(
  deps: Deps,
  within: Compartment,
  { policies }: Pick<DecisionRecord, 'policies'>,
): Promise<Policy[]> {
  const snapshot = await deps.catalog.at(within);
  return policies.flatMap(({ canonical, digest }) => {
    const policy = snapshot.policy(canonical);
    return policy?.digest === digest ? [policy] : [];
  });
}

/** Under which term of the record a Flag stands: `termKey`. */
export function keyOfFlag({ code, extension }: Pick<Flag, 'code' | 'extension'>): string {
  const graded = extension?.find(({ url }) => url === EXTENSION.gradedFinding)?.extension ?? [];
  const system = graded.find(({ url }) => url === 'system')?.valueCode ?? 'pro-ctcae';
  const version = graded.find(({ url }) => url === 'version')?.valueString ?? '';
  const form = graded.find(({ url }) => url === 'form')?.valueCanonical;
  const known = (['pro-ctcae', 'ctcae', 'emergency', 'monitoring'] as const).find((one) => one === system);
  const ours = code.coding?.find((coding) => coding.system === TERMS[known ?? 'pro-ctcae']) ?? code.coding?.[0];
  return termKey({
    term: ours?.code ?? '',
    system: known ?? 'pro-ctcae',
    version,
    ...(form === undefined ? {} : { monitored: { form } }),
  });
}
