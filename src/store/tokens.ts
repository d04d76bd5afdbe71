import { hash } from 'node:crypto';

/** The token that everything in a patient's compartment carries. */
export const compartmentToken = (tenant: number, patient: string): string => token(tenant, '', 'compartment', patient);

/** Hashes by tenant, type and parameter, then by value: most values come again and again. */
const memo = new Map<number, Map<string, Map<string, Map<string, string>>>>();
const MEMO_SIZE = 5000;

/** 64 bits of SHA-256 over tenant, type, parameter and value, as signed decimal text. */
export function token(tenant: number, type: string, param: string, value: string): string {
  const values = memoOf(tenant, type, param);
  const found = values.get(value);
  if (found !== undefined) return found;
  const text = `${tenant}\0${type}\0${param}\0${value}`;
  const made = BigInt.asIntN(64, BigInt(`0x${hash('sha256', text).slice(0, 16)}`)).toString();
  if (values.size >= MEMO_SIZE) values.clear();
  values.set(value, made);
  return made;
}

function memoOf(tenant: number, type: string, param: string): Map<string, string> {
  const types = memo.get(tenant) ?? new Map<string, Map<string, Map<string, string>>>();
  if (types.size === 0) memo.set(tenant, types);
  const params = types.get(type) ?? new Map<string, Map<string, string>>();
  if (params.size === 0) types.set(type, params);
  const values = params.get(param) ?? new Map<string, string>();
  if (values.size === 0) params.set(param, values);
  return values;
}
