import type { Flag, Observation } from '@medplum/fhirtypes';
import type { Deps } from '../../deps.ts';
import { CANONICAL } from '../../fhir/canonical.ts';
import { dateInterval } from '../../fhir/dates.ts';
import { badRequest, businessRule } from '../../fhir/errors.ts';
import { termOfCoding } from '../../rules/observed.ts';
import { expectedObservation } from '../../rules/resources/expected-observation.ts';
import { readResource } from '../../store/resources.ts';
import { addOperation, type Call, type Operation } from './operation.ts';
import { AUTHOR_INPUTS, authorOf, record } from './recorded.ts';

/**
 * `Flag/{id}/$expect`: a clinician says which grade of the Flag's term is expected until a moment; alert policies may compare with it. It is an
 * Observation of that term from now on, with its author and the reason; the Flag itself keeps its meaning. Answers the Observation.
 */
export const expectOperation: Operation = {
  name: 'expect',
  scope: ['instance'],
  types: ['Flag'],
  definition: `${CANONICAL}/OperationDefinition/flag-expect`,
  affectsState: true,
  addRoute(app, deps) {
    const parameters = { level: 'integer', until: 'dateTime', ...AUTHOR_INPUTS } as const;
    addOperation(app, expectOperation, { parameters }, async (call) => {
      const { content } = await readResource(deps.db, call.within, 'Flag', call.id ?? '');
      return record(deps, call, expectedOf(deps, call, JSON.parse(content)));
    });
  },
};

/** A moment, and not a day: with seconds and a zone. */
const ZONED = /T\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/;

function expectedOf(deps: Deps, { inputs, id = '' }: Call, flag: Flag): Observation {
  const coding = flag.code.coding?.[0];
  const term = coding && termOfCoding(coding);
  if (!coding || !term)
    throw businessRule('This Flag is about no graded term: there is no level of it to expect', 'Flag.code');
  const level = inputs.whole('level');
  if (level === undefined || level > term.most) throw badRequest(`level: expected a grade from 0 to ${term.most}`);
  const until = inputs.text('until');
  const moment = until === undefined || !ZONED.test(until) ? undefined : dateInterval(until)?.start;
  if (until === undefined || moment === undefined || moment <= deps.now().getTime()) {
    throw badRequest('until: expected a moment to come, with a time zone');
  }
  return {
    ...expectedObservation({
      coding,
      patient: flag.subject.reference,
      focus: { reference: `Flag/${id}` },
      level,
      until,
      now: deps.now().toISOString(),
    }),
    ...authorOf(inputs),
  };
}
