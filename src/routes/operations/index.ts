import { explainOperation } from './explain.ts';
import type { Operation } from './operation.ts';

/** Every operation, one row each. */
export const OPERATIONS: readonly Operation[] = [explainOperation];
