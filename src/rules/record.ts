import { canonicalJson, sha256 } from './canonical-json.ts';
import type { DecisionRecord, RecordInput } from './decision-record.ts';
import { pack } from './record-pack.ts';
import type { Packed, PackedPolicy } from './record-packed.ts';
import { unpack } from './record-unpack.ts';

/**
 * The decision record of one evaluation as canonical JSON, and its SHA-256 in lower-case hexadecimal. The same input gives
 * the same bytes on any machine. Holds scores, codes and versions, and nothing that a patient wrote. Source: RFC 8785.
 */
export function decisionRecord(input: RecordInput): { text: string; digest: string } {
  const text = recordText(pack(input));
  return { text, digest: sha256(text) };
}

/** `canonicalJson` of a record. What names its policies is much of it and mostly the same: that is written once. */
function recordText(record: Packed): string {
  const parts = Object.entries(record)
    .filter(([, member]) => member !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, member]) => `"${name}":${member === record.policies ? policiesText(member) : canonicalJson(member)}`);
  return `{${parts.join(',')}}`;
}

const policiesText = (policies: readonly PackedPolicy[]): string => `[${policies.map(policyText).join(',')}]`;

function policyText(policy: PackedPolicy): string {
  const known = POLICY_TEXTS.get(policy);
  if (known !== undefined) return known;
  const text = canonicalJson(policy);
  POLICY_TEXTS.set(policy, text);
  return text;
}

const POLICY_TEXTS = new WeakMap<PackedPolicy, string>();

/** The record that a text holds. Throws a SyntaxError when it is not JSON, a TypeError when it is no record of ours. */
export function readRecord(text: string): DecisionRecord {
  const value: unknown = JSON.parse(text);
  if (typeof value !== 'object' || value === null || !('format' in value) || value.format !== 1) {
    throw new TypeError('This is no decision record of format 1');
  }
  return unpack(value as Packed); // format 1 is written by decisionRecord alone, and kept with its digest
}
