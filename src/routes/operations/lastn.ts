import type { Observation } from '@medplum/fhirtypes';
import { searchBundle } from '../../fhir/bundle.ts';
import { badRequest } from '../../fhir/errors.ts';
import { toOutcome } from '../../fhir/outcome.ts';
import { asksTerminology, parseQuery } from '../../fhir/query.ts';
import { newestOfEachCode } from '../../store/lastn.ts';
import type { Hit } from '../../store/search/row.ts';
import { isStrict } from '../reply.ts';
import { addOperation, type Operation } from './operation.ts';

const MOST = 1000;

/**
 * `Observation/$lastn`: of each code the newest `max` Observations (1 without it), newest first. Any search parameter of Observation
 * may narrow it; a patient (or subject) and a category or code are required. Source: FHIR R4, operation Observation-lastn.
 */
export const lastnOperation: Operation = {
  name: 'lastn',
  scope: ['type'],
  types: ['Observation'],
  definition: 'http://hl7.org/fhir/OperationDefinition/Observation-lastn',
  affectsState: false,
  addRoute(app, deps) {
    addOperation(app, lastnOperation, { parameters: { max: 'integer' }, rest: true }, async (call) => {
      const { inputs, within, request } = call;
      const max = inputs.whole('max') ?? 1;
      if (max < 1 || max > MOST) throw badRequest(`max: expected a whole number from 1 to ${MOST}`);
      requireNames(inputs.others.map(([name]) => name));
      const terminology = asksTerminology(inputs.others)
        ? { terminology: (await deps.catalog.at(within)).holdings }
        : {};
      const { baseUrl } = deps;
      const query = parseQuery(deps.registry, 'Observation', inputs.others, {
        strict: isStrict(request),
        baseUrl,
        now: deps.now(),
        ...terminology,
      });
      const lastUpdated = await deps.watermark.current(deps.now().getTime());
      const found = newestOf(await newestOfEachCode(deps.db, within, query, max, baseUrl), max);
      const used = [...query.used.map(([name, value]): [string, string] => [name, value]), ['max', String(max)]];
      return searchBundle(baseUrl, found, {
        included: [],
        lastUpdated,
        total: found.length,
        self: `${baseUrl}/Observation/$lastn?${new URLSearchParams(used).toString()}`,
        ...(query.warnings.length > 0 ? { outcome: toOutcome(query.warnings) } : {}),
      });
    });
  },
};

/** Order, pages and what comes along are the operation's own. */
const RESULT = new Set(['_sort', '_count', '_include', '_revinclude', '_total', '_cursor']);

function requireNames(names: readonly string[]): void {
  const refused = names.find((name) => RESULT.has(name.split(':', 1)[0] ?? ''));
  if (refused) throw badRequest(`${refused.split(':', 1)[0]} is not taken by $lastn: it orders and counts by itself`);
  const has = (wanted: readonly string[]): boolean =>
    names.some((name) => wanted.includes(name.split(/[:.]/, 1)[0] ?? ''));
  if (!has(['patient', 'subject'])) throw badRequest('$lastn: expected patient or subject');
  if (!has(['category', 'code', 'combo-code'])) throw badRequest('$lastn: expected category or code');
}

/** Codings of one concept are translations of each other: Observations that share one are of one group. They come newest first. */
function newestOf(hits: readonly Hit[], max: number): Hit[] {
  const groups = new Map<string, { count: number }>();
  return hits.filter((hit) => {
    const keys = keysOf(JSON.parse(hit.content));
    const known = keys.flatMap((key) => groups.get(key) ?? []);
    const group = known[0] ?? { count: 0 };
    for (const key of keys) if (!groups.has(key)) groups.set(key, group);
    group.count += 1;
    return group.count <= max;
  });
}

function keysOf({ code }: Observation): string[] {
  const codings = (code.coding ?? []).flatMap((one) =>
    one.code === undefined ? [] : [`${one.system ?? ''}|${one.code}`],
  );
  return codings.length > 0 ? codings : [`text|${code.text?.trim().toLowerCase() ?? ''}`];
}
