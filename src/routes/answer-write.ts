import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Deps } from '../deps.ts';
import { outcomeOf } from '../rules/resources/outcome.ts';
import type { Saved } from '../save.ts';
import { cutOf, locationOf, preferredReturn, sendJson, versionHeaders } from './reply.ts';

/**
 * Carries out a write and answers it: 201 for what was created, 200 else, with Location; the body as `Prefer: return=` asks, a
 * resource cut to what `_summary` and `_elements` ask for. What these ask is read before anything is written.
 * Source: FHIR R4, section 3.1.0.1.8 (Prefer) and 3.1.0.1.6 (general parameters of all interactions).
 */
export async function answerWrite(
  deps: Deps,
  request: FastifyRequest,
  reply: FastifyReply,
  type: string,
  write: () => Promise<Saved>,
): Promise<FastifyReply> {
  const cut = cutOf(request, type);
  const saved = await write();
  reply.code(saved.outcome === 'created' ? 201 : 200).header('Location', locationOf(deps.baseUrl, saved));
  versionHeaders(reply, saved);
  switch (preferredReturn(request)) {
    case 'minimal':
      return reply.send();
    case 'representation':
      return sendJson(reply, cut(saved.content));
    case 'OperationOutcome':
      return sendJson(
        reply,
        outcomeOf({
          ...(saved.changes ?? { flags: [], findings: [], undecided: [] }),
          warnings: saved.warnings,
          labels: deps.labels,
          language: deps.language,
        }),
      );
  }
}
