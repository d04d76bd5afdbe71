import { expandOperation } from './expand.ts';
import { explainOperation } from './explain.ts';
import { lookupOperation } from './lookup.ts';
import type { Operation } from './operation.ts';
import { subsumesOperation } from './subsumes.ts';
import { translateOperation } from './translate.ts';
import { validateCodeInSystemOperation, validateCodeOperation } from './validate-code.ts';

/** Every operation, one row each. */
export const OPERATIONS: readonly Operation[] = [
  expandOperation,
  explainOperation,
  lookupOperation,
  subsumesOperation,
  translateOperation,
  validateCodeInSystemOperation,
  validateCodeOperation,
];
