import type { FastifyInstance } from 'fastify';
import type { Deps } from '../deps.ts';
import { everyone } from '../fhir/compartment.ts';
import { READING } from './route.ts';

/** `/health/live`: the process answers. `/health/ready`: its database does too; says what is not as it should be. */
export async function healthRoutes(app: FastifyInstance, deps: Deps): Promise<void> {
  app.route({ method: READING, url: '/health/live', handler: async () => ({ status: 'live' }) });
  app.route({
    method: READING,
    url: '/health/ready',
    handler: async (_request, reply) => {
      try {
        const { policies, broken } = await deps.catalog.at(everyone());
        const warnings = [
          ...(policies.length === 0 ? ['no alert policy is active: reports are graded, and no Flag is opened'] : []),
          ...broken.map(
            (canonical) => `${canonical} cannot be compiled: no report is evaluated until it is mended or retired`,
          ),
        ];
        return { status: 'ready', policies: policies.map(({ canonical }) => canonical), warnings };
      } catch {
        return reply
          .code(503)
          .header('Retry-After', '1')
          .send({ status: 'not ready', reason: 'the database cannot be reached' });
      }
    },
  });
}
