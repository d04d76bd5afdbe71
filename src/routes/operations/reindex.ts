import type { Parameters, SearchParameter } from '@medplum/fhirtypes';
import { CANONICAL } from '../../fhir/canonical.ts';
import { readResource } from '../../store/resources.ts';
import { addOperation, type Operation } from './operation.ts';

/**
 * `SearchParameter/{id}/$reindex`: how far a posted search parameter is. It may be searched by once its status is `complete`: then every
 * current resource of its types is indexed by it. The work itself is done without being asked for.
 */
export const reindexOperation: Operation = {
  name: 'reindex',
  scope: ['instance'],
  types: ['SearchParameter'],
  definition: `${CANONICAL}/OperationDefinition/searchparameter-reindex`,
  affectsState: false,
  addRoute(app, deps) {
    addOperation(app, reindexOperation, { parameters: {} }, async ({ within, id = '' }): Promise<Parameters> => {
      const stored = await readResource(deps.db, within, 'SearchParameter', id);
      const definition: SearchParameter = JSON.parse(stored.content);
      const { status, reason, total, indexed } = await deps.indexing.progress(definition);
      return {
        resourceType: 'Parameters',
        parameter: [
          { name: 'status', valueCode: status },
          ...(reason === undefined ? [] : [{ name: 'reason', valueString: reason }]),
          { name: 'total', valueInteger: total },
          { name: 'indexed', valueInteger: indexed },
        ],
      };
    });
  },
};
