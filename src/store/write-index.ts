import { type Column, rowsOf } from './columns.ts';
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

/** An INSERT of all rows that versions have in a table; undefined where there are none. $1 is the tenant. `fixed`: one text for any rows. */
export function indexRows(
  table: IndexTable,
  versions: readonly Pick<NewVersion, 'shard' | 'type' | 'id' | 'version' | 'index'>[],
  p: Param,
  { fixed = false } = {},
): string | undefined {
  const columns = COLUMNS[table](versions);
  if (columns[0]?.values.length === 0) return undefined;
  const at = versions.flatMap((version) => new Array<typeof version>(countOf(table, version.index)).fill(version));
  const [param, ...amounts] = columns;
  const names = columns.map(({ name }) => name).join(', ');
  const steady: Column[] = [
    { name: 'shard', type: 'int2', values: at.map(({ shard }) => shard) },
    { name: 'type', type: 'text', values: at.map(({ type }) => type) },
    { name: 'version', type: 'int4', values: at.map(({ version }) => version) },
    ...(param ? [param] : []),
  ];
  const others: Column[] = [{ name: 'id', type: 'text', values: at.map(({ id }) => id) }, ...amounts];
  return `
  insert into ${table} (tenant, shard, type, id, version, n, ${names})
  select $1, x.shard, x.type, x.id, x.version, x.n, ${columns.map(({ name }) => `x.${name}`).join(', ')}
  from ${rowsOf(fixed ? [] : steady, fixed ? [...steady, ...others] : others, p, 'n')} x
`;
}

function countOf(table: IndexTable, { dates, numbers, strings }: IndexRow): number {
  return { index_date: dates, index_number: numbers, index_string: strings }[table].length;
}

type Indexed = readonly Pick<NewVersion, 'index'>[];

const COLUMNS: Readonly<Record<IndexTable, (versions: Indexed) => Column[]>> = {
  index_date(versions) {
    const rows = versions.flatMap(({ index }) => index.dates);
    return [
      { name: 'param', type: 'text', values: rows.map(({ param }) => param) },
      { name: 'lo', type: 'text', cast: 'timestamptz', values: rows.map(({ lo }) => lo) },
      { name: 'hi', type: 'text', cast: 'timestamptz', values: rows.map(({ hi }) => hi) },
    ];
  },
  index_number(versions) {
    const rows = versions.flatMap(({ index }) => index.numbers);
    return [
      { name: 'param', type: 'text', values: rows.map(({ param }) => param) },
      { name: 'lo', type: 'text', cast: 'numeric', values: rows.map(({ lo }) => lo) },
      { name: 'hi', type: 'text', cast: 'numeric', values: rows.map(({ hi }) => hi) },
      { name: 'open', type: 'bool', values: rows.map(({ open }) => open) },
      { name: 'unit', type: 'text', cast: 'text[]', values: rows.map(({ unit }) => arrayLiteral(unit)) },
      { name: 'clo', type: 'text', cast: 'numeric', values: rows.map(({ clo }) => clo) },
      { name: 'chi', type: 'text', cast: 'numeric', values: rows.map(({ chi }) => chi) },
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
