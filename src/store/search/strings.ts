import type { Filter } from '../../fhir/query/filter.ts';
import { normalised } from '../../fhir/search-parameters/values.ts';
import { type Condition, either, indexedAs, rowsOf, type Scope } from './scope.ts';
import { sql } from './sql.ts';

/** The index keeps this much of a text in order; longer ones are looked up by their beginning and then compared whole. */
const KEPT = 200;

/** A string parameter. */
export function stringFilter(scope: Scope, { param, how, texts }: Filter & { kind: 'string' }): Condition {
  const conditions = texts.map((text) => {
    if (how === 'contains') return sql`strpos(i.norm, ${text}) > 0`;
    if (how === 'exact') return sql`(left(i.norm, 200) = ${beginning(normalised(text))} and i.exact = ${text})`;
    return startsWith(text);
  });
  return sql`exists (select 1 ${rowsOf(scope, 'index_string', indexedAs(param))} and ${either(conditions)})`;
}

/** URIs that are one of these, of whatever version, or continue its path. */
export function uriBelowFilter(scope: Scope, { param, uris }: Filter & { kind: 'uri-below' }): Condition {
  const conditions = uris.map((uri) =>
    uri.endsWith('/')
      ? startsWith(uri)
      : sql`(i.norm = ${uri} or ${startsWith(`${uri}|`)} or ${startsWith(`${uri}/`)})`,
  );
  return sql`exists (select 1 ${rowsOf(scope, 'index_string', indexedAs(param))} and ${either(conditions)})`;
}

const startsWith = (text: string): Condition => {
  const kept = beginning(text);
  const indexed = sql`left(i.norm, 200) like ${`${escaped(kept)}%`}`;
  return kept === text ? indexed : sql`(${indexed} and i.norm like ${`${escaped(text)}%`})`;
};

const beginning = (text: string): string => (text.length <= KEPT ? text : [...text].slice(0, KEPT).join(''));

/** A text in which LIKE sees no sign of its own. */
const escaped = (text: string): string => text.replace(/[\\%_]/g, '\\$&');
