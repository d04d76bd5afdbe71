import { boolArray, int2Array, int4Array, int8Array, textArray } from './pg-arrays.ts';
import type { Param } from './write-input.ts';

/** A column of rows that a statement is given, one value a row. */
export type Column = { name: string } & (
  | { type: 'text'; values: readonly (string | null)[]; cast?: string }
  | { type: 'int2' | 'int4'; values: readonly number[] }
  | { type: 'int8'; values: readonly (bigint | null)[] }
  | { type: 'bool'; values: readonly boolean[] }
);

/**
 * Rows as something to select from, which has the columns by their names; with `ordinal` also a number from 1, under that name. A column of
 * `steady` whose values are all the same is one parameter: each array costs the server a table of its own, and a write mostly concerns one
 * patient, and often one type. At least one column is not steady. `cast` is the type that a text becomes.
 */
export function rowsOf(steady: readonly Column[], columns: readonly Column[], p: Param, ordinal?: string): string {
  const given = steady.filter(isSame);
  const listed = [...steady.filter((column) => !isSame(column)), ...columns];
  const names = listed.map(({ name }) => name);
  const selected = [
    ...given.map(({ name, type, values: [value] }) => `${p(value)}::${type} as ${name}`),
    ...listed.map((column) => `u.${column.name}${castOf(column)}`),
    ...(ordinal === undefined ? [] : [`u.${ordinal}`]),
  ];
  return `(select ${selected.join(', ')}
  from unnest(${listed.map((column) => `${p(arrayOf(column))}::${column.type}[]`).join(', ')})${ordinal === undefined ? '' : ' with ordinality'}
       as u(${[...names, ...(ordinal === undefined ? [] : [ordinal])].join(', ')}))`;
}

const isSame = ({ values }: Column): boolean =>
  values.length > 0 && values.every((value: unknown) => value === values[0]);

const castOf = (column: Column): string =>
  column.type === 'text' && column.cast !== undefined ? `::${column.cast} as ${column.name}` : '';

function arrayOf(column: Column): Buffer {
  switch (column.type) {
    case 'text':
      return textArray(column.values);
    case 'int2':
      return int2Array(column.values);
    case 'int4':
      return int4Array(column.values);
    case 'int8':
      return int8Array(column.values);
    case 'bool':
      return boolArray(column.values);
  }
}
