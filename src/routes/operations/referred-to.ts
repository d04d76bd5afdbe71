import type { Deps } from '../../deps.ts';
import type { Compartment } from '../../fhir/compartment.ts';
import { resourceSpec } from '../../fhir/resources.ts';
import { parseReference } from '../../fhir/search-parameters.ts';
import { findResource } from '../../store/resources.ts';
import type { Hit } from '../../store/search/row.ts';

/**
 * What resources refer to that is nobody's own data (Practitioners, Organizations, Devices, Questionnaires …), each once in its current
 * version. What may lie in a patient's compartment is left out: it is a match itself, or it is another patient's.
 */
export async function referredTo(
  deps: Deps,
  within: Compartment,
  matches: readonly Hit[],
  types: readonly string[] | undefined,
): Promise<Hit[]> {
  const { form } = await deps.catalog.at(within);
  const found = new Set<string>();
  for (const { content } of matches) gather(JSON.parse(content), found, (canonical) => form(canonical)?.reference);
  const wanted = [...found].flatMap((reference) => {
    const local = parseReference(reference);
    if (!local || (local.base !== undefined && local.base !== deps.baseUrl)) return [];
    const spec = resourceSpec(local.type);
    const own = spec?.type === 'Patient' || spec?.compartment !== undefined || spec?.patient !== undefined;
    return !spec || own || (types && !types.includes(local.type)) ? [] : [`${local.type}/${local.id}`];
  });
  const read = await Promise.all(
    [...new Set(wanted)].sort().map((name) => {
      const [type = '', id = ''] = name.split('/');
      return findResource(deps.db, within, type, id);
    }),
  );
  return read.flatMap((stored) => (stored && !stored.deleted ? [stored] : []));
}

/** Every reference within a value, and the form that a response answers. */
function gather(value: unknown, found: Set<string>, formOf: (canonical: string) => string | undefined): void {
  if (typeof value !== 'object' || value === null) return;
  for (const [key, inner] of Object.entries(value)) {
    if (key === 'reference' && typeof inner === 'string') found.add(inner);
    else if (key === 'questionnaire' && typeof inner === 'string') found.add(formOf(inner) ?? inner);
    else gather(inner, found, formOf);
  }
}
