import json from '../../../../profiles/gradings/esas-r.json' with { type: 'json' };
import { instrument, sum } from './instrument.ts';
import type { ScoreData, ScoreGrading } from './score.ts';

/**
 * ESAS-r: nine symptoms and an optional tenth, each 0-10 by itself; no total. A score of 4 has no band: for some symptoms it is moderate.
 * Source: ESAS-r guidelines, Alberta Health Services / University of Alberta 2019.
 */
// The compiler reads every string of the file as `string`; that it is whole is checked at start.
export const esasR: ScoreGrading = instrument(json as unknown as ScoreData, sum);
