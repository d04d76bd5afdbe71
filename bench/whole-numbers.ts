import { parseArgs } from 'node:util';

/** Options of the command line that are whole numbers above 0, with what they are where they are not given. Throws a RangeError, a TypeError for others. */
export function wholeNumbers<Name extends string>(defaults: Readonly<Record<Name, number>>): Record<Name, number> {
  const options = Object.fromEntries(Object.keys(defaults).map((name) => [name, { type: 'string' as const }]));
  const { values } = parseArgs({ options });
  const given: Record<Name, number> = { ...defaults };
  for (const [name, text] of Object.entries(values)) {
    const value = Number(text);
    if (!Number.isInteger(value) || value < 1) throw new RangeError(`--${name} takes a whole number above 0`);
    given[name as Name] = value; // parseArgs knows no others
  }
  return given;
}
