import { ASTCT, astctFaults } from '../immune-data.ts';
import { instrument, sum } from './instrument.ts';
import type { ScoreGrading } from './score.ts';

/**
 * ICE, the five items of 10 points of which ASTCT 2019 forms ICANS; no total with an item missing. A test that patients give
 * themselves is not the validated use. Its Library is that of the whole ASTCT grading. Source: Lee et al., Biol Blood Marrow Transplant 2019;25:625-638.
 */
export const ice: ScoreGrading = instrument(ASTCT, sum, astctFaults(ASTCT));
