import type { ElementRow, SearchParameterRow } from '../definitions.ts';

export const DEFINITIONS: {
  readonly searchParameters: Readonly<Record<string, SearchParameterRow[]>>;
  readonly elements: Readonly<Record<string, Readonly<Record<string, ElementRow>>>>;
};
