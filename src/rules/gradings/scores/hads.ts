import json from '../../../../profiles/gradings/hads.json' with { type: 'json' };
import { instrument, sum } from './instrument.ts';
import type { ScoreData, ScoreGrading } from './score.ts';

/**
 * HADS: the two subscales 0-21 with their bands. Which item belongs to which, and its weights, come from the site's licensed form.
 * Source: Zigmond and Snaith, Acta Psychiatr Scand 1983;67:361-370, by secondary text.
 */
// The compiler reads every string of the file as `string`; that it is whole is checked at start.
export const hads: ScoreGrading = instrument(json as unknown as ScoreData, sum);
