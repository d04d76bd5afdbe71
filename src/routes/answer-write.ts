import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Deps } from '../deps.ts';
import { outcomeOf } from '../rules/resources/outcome.ts';
import type { Saved } from '../save.ts';
import { locationOf, preferredReturn, sendJson, versionHeaders } from './reply.ts';

/** 201 with Location for what was created, 200 else; the body as `Prefer: return=` asks. Source: FHIR R4, section 3.1.0.8. */
export function answerWrite(deps: Deps, request: FastifyRequest, reply: FastifyReply, saved: Saved): FastifyReply {
  reply.code(saved.outcome === 'created' ? 201 : 200).header('Location', locationOf(deps.baseUrl, saved));
  versionHeaders(reply, saved);
  switch (preferredReturn(request)) {
    case 'minimal':
      return reply.send();
    case 'representation':
      return sendJson(reply, saved.content);
    case 'OperationOutcome':
      return sendJson(
        reply,
        outcomeOf({
          ...(saved.changes ?? { flags: [], findings: [], undecided: [] }),
          labels: deps.labels,
          language: deps.language,
        }),
      );
  }
}
