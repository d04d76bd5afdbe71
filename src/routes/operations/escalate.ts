import { CANONICAL } from '../../fhir/canonical.ts';
import { badRequest } from '../../fhir/errors.ts';
import { escalateWork } from '../../save.ts';
import { addOperation, type Operation } from './operation.ts';
import { AUTHOR_INPUTS } from './recorded.ts';

/** `Task/{id}/$escalate`: a person asks the next level to take a work item, and says why. Answers the Task. */
export const escalateOperation: Operation = {
  name: 'escalate',
  scope: ['instance'],
  types: ['Task'],
  definition: `${CANONICAL}/OperationDefinition/task-escalate`,
  affectsState: true,
  addRoute(app, deps) {
    addOperation(app, escalateOperation, { parameters: AUTHOR_INPUTS }, ({ inputs, within, id = '' }) => {
      const author = inputs.reference('author');
      const reason = inputs.text('reason')?.trim();
      if (author === undefined) throw badRequest('author: expected a reference to who asks for it');
      if (!reason) throw badRequest('reason: expected a text that says why');
      return escalateWork(deps, within, id, { author, reason });
    });
  },
};
