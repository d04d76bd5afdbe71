import json from '../../../../profiles/gradings/phq-9.json' with { type: 'json' };
import { instrument, sum } from './instrument.ts';
import type { ScoreData, ScoreGrading } from './score.ts';

/**
 * PHQ-9: item 9 first and by itself, then the total 0-27 with its band. No total with an item missing: the prorating rule is a draft.
 * That item 9 above 0 is an emergency is decided before any score, see `emergency.ts`.
 * Source: Kroenke et al., J Gen Intern Med 2001;16:606-613, by secondary text.
 */
// The compiler reads every string of the file as `string`; that it is whole is checked at start.
export const phq9: ScoreGrading = instrument(json as unknown as ScoreData, sum);
