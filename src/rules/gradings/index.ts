import type { Grading } from './grading.ts';
import { proCtcae } from './pro-ctcae.ts';

/** Every grading system, one row each, in the order in which their findings are given. */
export const GRADINGS: readonly Grading[] = [proCtcae];
