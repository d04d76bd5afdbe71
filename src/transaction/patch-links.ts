import type { Patch } from '../patch.ts';

/**
 * A JSON Patch whose references to other entries of the Bundle are those of this server: the values that go to a `reference`, at whatever
 * depth. `identityOf` gives nothing for what names no entry.
 */
export function relinkPatch(patch: Patch, identityOf: (link: string) => string | undefined): Patch {
  const relinked = (value: unknown, key: string): unknown => {
    if (typeof value === 'string') return key === 'reference' ? (identityOf(value) ?? value) : value;
    if (Array.isArray(value)) return value.map((item) => relinked(item, ''));
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, relinked(item, name)]));
  };
  return patch.map((step) => {
    const last = step.path.slice(step.path.lastIndexOf('/') + 1);
    return 'value' in step ? { ...step, value: relinked(step.value, last) } : step;
  });
}
