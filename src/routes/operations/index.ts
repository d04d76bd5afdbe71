import { activateOperation } from './activate.ts';
import { compareOperation } from './compare.ts';
import { composeOperation } from './compose.ts';
import { escalateOperation } from './escalate.ts';
import { evaluateOperation } from './evaluate.ts';
import { everythingOperation } from './everything.ts';
import { expandOperation } from './expand.ts';
import { expectOperation } from './expect.ts';
import { explainOperation } from './explain.ts';
import { lastnOperation } from './lastn.ts';
import { lookupOperation } from './lookup.ts';
import { metaAddOperation, metaDeleteOperation, metaOperation } from './meta.ts';
import { monitoringActivityOperation } from './monitoring-activity.ts';
import type { Operation } from './operation.ts';
import { reindexOperation } from './reindex.ts';
import { replayOperation } from './replay.ts';
import { scheduleOperation } from './schedule.ts';
import { setBaselineOperation } from './set-baseline.ts';
import { simulateOperation } from './simulate.ts';
import { subsumesOperation } from './subsumes.ts';
import { symptomSummaryOperation } from './symptom-summary.ts';
import { translateOperation } from './translate.ts';
import { validateOperation } from './validate.ts';
import { validateCodeInSystemOperation, validateCodeOperation } from './validate-code.ts';
import { worklistOperation } from './worklist.ts';

/** Every operation, one row each. */
export const OPERATIONS: readonly Operation[] = [
  activateOperation,
  compareOperation,
  composeOperation,
  escalateOperation,
  evaluateOperation,
  everythingOperation,
  expandOperation,
  expectOperation,
  explainOperation,
  lastnOperation,
  lookupOperation,
  metaAddOperation,
  metaDeleteOperation,
  metaOperation,
  monitoringActivityOperation,
  reindexOperation,
  setBaselineOperation,
  replayOperation,
  scheduleOperation,
  simulateOperation,
  subsumesOperation,
  symptomSummaryOperation,
  translateOperation,
  validateCodeInSystemOperation,
  validateCodeOperation,
  validateOperation,
  worklistOperation,
];
