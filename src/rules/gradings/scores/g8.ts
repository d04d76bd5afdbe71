import json from '../../../../profiles/gradings/g8.json' with { type: 'json' };
import { instrument, sum } from './instrument.ts';
import type { ScoreData, ScoreGrading } from './score.ts';

/**
 * G8: total 0-17 in half points; 14 or less asks for a full geriatric assessment. Source: Bellera et al., Ann Oncol 2012;23:2166-2172.
 */
// The compiler reads every string of the file as `string`; that it is whole is checked at start.
export const g8: ScoreGrading = instrument(json as unknown as ScoreData, sum);
