import json from '../../../../profiles/gradings/gp5.json' with { type: 'json' };
import { instrument, sum } from './instrument.ts';
import type { ScoreData, ScoreGrading } from './score.ts';

/**
 * FACT-G item GP5, 0-4, high is bad: 0-2 low bother, 3-4 high bother. Source: FACIT.org; the two bands by secondary text.
 */
// The compiler reads every string of the file as `string`; that it is whole is checked at start.
export const gp5: ScoreGrading = instrument(json as unknown as ScoreData, sum);
