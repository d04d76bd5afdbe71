import json from '../../../../profiles/gradings/gad-7.json' with { type: 'json' };
import { instrument, sum } from './instrument.ts';
import type { ScoreData, ScoreGrading } from './score.ts';

/**
 * GAD-7: total 0-21 with its band; none with an item missing. Source: Spitzer et al., Arch Intern Med 2006;166:1092-1097, by secondary text.
 */
// The compiler reads every string of the file as `string`; that it is whole is checked at start.
export const gad7: ScoreGrading = instrument(json as unknown as ScoreData, sum);
