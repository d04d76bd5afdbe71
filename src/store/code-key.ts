import { token } from './tokens.ts';

/** The `code1` of a resource whose principal code names several codes, or none. */
export const SEVERAL = 0;

/**
 * 32 bits of the hash of a code alone, of a key that names it with or without its system (`system|code`, `|code`, `code`); undefined for a key
 * without a code. Two keys that one coding is found by have the same.
 */
export function codeKey(tenant: number, type: string, param: string, key: string): number | undefined {
  const code = key.slice(key.lastIndexOf('|') + 1);
  return code === '' ? undefined : Number(BigInt.asIntN(32, BigInt(token(tenant, type, param, code))));
}

/** The `code1` of a resource with one more key; null while none has named a code. */
export const commonCode = (before: number | null, code: number | undefined): number | null =>
  code === undefined || before === code ? before : before === null ? code : SEVERAL;
