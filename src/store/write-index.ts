import { int2Array, int4Array, textArray } from './pg-arrays.ts';
import type { IndexRow, IndexTable, NewVersion, Param } from './write-input.ts';

/** The rows of the narrow tables: those of the version before go where there may be any, those of this one come. */
export function indexed(versions: readonly NewVersion[], p: Param): string[] {
  const parts: string[] = [];
  for (const table of INDEX_TABLES) {
    if (versions.some(({ version, index }) => version > 1 && index.tables.includes(table))) {
      parts.push(`cleared_${table} as (
  delete from ${table} x using input i
  where i.version > 1 and x.tenant = $1 and x.shard = i.shard and x.type = i.type and x.id = i.id
)`);
    }
    const rows = indexRows(table, versions, p);
    if (rows !== undefined) parts.push(`filled_${table} as (${rows})`);
  }
  return parts;
}

const INDEX_TABLES: readonly IndexTable[] = ['index_date', 'index_number', 'index_string'];

/** An INSERT of all rows that versions have in a table; undefined where there are none. $1 is the tenant. */
export function indexRows(
  table: IndexTable,
  versions: readonly Pick<NewVersion, 'shard' | 'type' | 'id' | 'version' | 'index'>[],
  p: Param,
): string | undefined {
  const columns = COLUMNS[table](versions);
  if (columns[0]?.values.length === 0) return undefined;
  const at = versions.flatMap(({ index }, n) => new Array<number>(rowsOf(table, index)).fill(n));
  const of = <T>(pick: (version: Pick<NewVersion, 'shard' | 'type' | 'id' | 'version'>) => T): T[] =>
    at.flatMap((n) => {
      const version = versions[n];
      return version ? [pick(version)] : [];
    });
  const names = columns.map(({ name }) => name).join(', ');
  const casts = columns.map(({ name, type }) => `x.${name}${type === 'text' ? '' : `::${type}`}`).join(', ');
  return `
  insert into ${table} (tenant, shard, type, id, version, n, ${names})
  select $1, x.shard, x.type, x.id, x.version, x.n, ${casts}
  from unnest(${p(int2Array(of(({ shard }) => shard)))}::int2[], ${p(textArray(of(({ type }) => type)))}::text[],
              ${p(textArray(of(({ id }) => id)))}::text[], ${p(int4Array(of(({ version }) => version)))}::int4[], ${columns.map(({ values }) => `${p(textArray(values))}::text[]`).join(', ')})
       with ordinality as x(shard, type, id, version, ${names}, n)
`;
}

interface Column {
  name: string;
  type: string;
  values: readonly (string | null)[];
}

function rowsOf(table: IndexTable, { dates, numbers, strings }: IndexRow): number {
  return { index_date: dates, index_number: numbers, index_string: strings }[table].length;
}

type Indexed = readonly Pick<NewVersion, 'index'>[];

const COLUMNS: Readonly<Record<IndexTable, (versions: Indexed) => Column[]>> = {
  index_date(versions) {
    const rows = versions.flatMap(({ index }) => index.dates);
    return [
      { name: 'param', type: 'text', values: rows.map(({ param }) => param) },
      { name: 'lo', type: 'timestamptz', values: rows.map(({ lo }) => lo) },
      { name: 'hi', type: 'timestamptz', values: rows.map(({ hi }) => hi) },
    ];
  },
  index_number(versions) {
    const rows = versions.flatMap(({ index }) => index.numbers);
    return [
      { name: 'param', type: 'text', values: rows.map(({ param }) => param) },
      { name: 'lo', type: 'numeric', values: rows.map(({ lo }) => lo) },
      { name: 'hi', type: 'numeric', values: rows.map(({ hi }) => hi) },
      { name: 'unit', type: 'text[]', values: rows.map(({ unit }) => arrayLiteral(unit)) },
      { name: 'clo', type: 'numeric', values: rows.map(({ clo }) => clo) },
      { name: 'chi', type: 'numeric', values: rows.map(({ chi }) => chi) },
      { name: 'cunit', type: 'text', values: rows.map(({ cunit }) => cunit) },
    ];
  },
  index_string(versions) {
    const rows = versions.flatMap(({ index }) => index.strings);
    return [
      { name: 'param', type: 'text', values: rows.map(({ param }) => param) },
      { name: 'norm', type: 'text', values: rows.map(({ norm }) => norm) },
      { name: 'exact', type: 'text', values: rows.map(({ exact }) => exact) },
    ];
  },
};

const arrayLiteral = (texts: readonly string[]): string =>
  `{${texts.map((text) => `"${text.replace(/["\\]/g, '\\$&')}"`).join(',')}}`;
