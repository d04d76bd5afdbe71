import { valuesOf } from './items.ts';
import type { ScoreData } from './score.ts';

/** Everything that is wrong with the data of an instrument, whatever it is: sources, codes, ranges, bands, drafts. */
export function scoreFaults(data: ScoreData): readonly string[] {
  const faults: string[] = [];
  if (!data.licence.note || !data.licence.status || !data.licence.confidence) faults.push('the licence is not told');
  if (data.source.length === 0 || data.source.some(({ id, document, usedFor }) => !id || !document || !usedFor))
    faults.push('a source document is not given');
  const codes = data.items.map(({ code }) => code);
  if (new Set(codes).size !== codes.length) faults.push('two items have one code');
  for (const item of data.items) {
    const values = valuesOf(item);
    if (values.length < 2 || values.some((value, index) => value <= (values[index - 1] ?? -1)))
      faults.push(`${item.code}: its values are not in order`);
  }
  for (const { code, items, range, bands = [], kind } of data.scores) {
    for (const item of items) if (!codes.includes(item)) faults.push(`${code}: item ${item} is unknown`);
    if (kind === 'sum' || kind === 'item') {
      const values = data.items.filter((item) => items.includes(item.code)).map(valuesOf);
      const reach = [Math.min, Math.max].map((end) => values.reduce((sum, one) => sum + end(...one), 0));
      if (range && reach.join() !== range.join()) faults.push(`${code}: its items reach ${reach}, expected ${range}`);
    }
    bands.forEach((band, index) => {
      const before = bands[index - 1];
      if (band.max < band.min || (before && band.min <= before.max)) faults.push(`${code}: band ${band.code} overlaps`);
    });
    if (range && bands.length > 0 && (bands[0]?.min !== range[0] || bands.at(-1)?.max !== range[1]))
      faults.push(`${code}: its bands do not reach from ${range[0]} to ${range[1]}`);
  }
  for (const { id, fillIn, signedBy, status } of data.drafts) {
    if (!id || !fillIn || signedBy !== null || status !== 'draft')
      faults.push(`draft ${id}: it does not say what is open`);
  }
  return faults;
}
