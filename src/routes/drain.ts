import type { FastifyInstance } from 'fastify';

/**
 * Closing waits for every handler that runs, also where its client has gone and nobody waits for the answer: after that the database is
 * closed, which a handler in its middle would meet as an error that nobody foresaw. To be called before the routes are added.
 */
export function drainOnClose(app: FastifyInstance): void {
  const running = new Set<Promise<void>>();
  app.addHook('onRoute', (route) => {
    const { handler } = route;
    route.handler = function (request, reply) {
      const answer: unknown = handler.call(this, request, reply);
      if (answer instanceof Promise) {
        const ended: Promise<void> = answer.then(nothing, nothing).then(() => void running.delete(ended));
        running.add(ended);
      }
      return answer;
    };
  });
  app.addHook('onClose', async () => {
    while (running.size > 0) await Promise.all(running);
  });
}

const nothing = (): void => {};
