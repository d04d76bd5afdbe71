import type { Parameters, ParametersParameter } from '@medplum/fhirtypes';
import type { Deps } from '../../deps.ts';
import { CANONICAL, splitCanonical } from '../../fhir/canonical.ts';
import type { Compartment } from '../../fhir/compartment.ts';
import { dateInterval } from '../../fhir/dates.ts';
import { badRequest } from '../../fhir/errors.ts';
import { deathOf } from '../../rules/calendar/death.ts';
import { readExpectations } from '../../rules/calendar/expectations.ts';
import { type Answer, type SlotStanding, scheduleOf } from '../../rules/calendar/states.ts';
import { patientContext } from '../../store/context.ts';
import { firstSaidDead } from '../../store/deaths.ts';
import { answersBetween } from '../../store/expected.ts';
import { readResource } from '../../store/resources.ts';
import type { Inputs } from './input.ts';
import { addOperation, type Operation } from './operation.ts';

/** What is told of where nobody says from when or until when: four weeks back and ahead. */
const AROUND_MILLIS = 28 * 86_400_000;
/** Answers may belong to slots that began so long before: a year's cycle and its window. */
const BEFORE_MILLIS = 800 * 86_400_000;
/** No report lies before; see src/symptom-time.ts. */
const EARLIEST = Date.UTC(1903, 0, 1);
const MOST_SLOTS = 1000;

/**
 * `Patient/[id]/$schedule`: the reports that plans expect of a patient, for apps: what is due now, what comes next and what has become of those before, with the answers
 * that met them and those that came beside. Of who has died nothing that ends later.
 */
export const scheduleOperation: Operation = {
  name: 'schedule',
  scope: ['instance'],
  types: ['Patient'],
  definition: `${CANONICAL}/OperationDefinition/patient-schedule`,
  affectsState: false,
  addRoute(app, deps) {
    const parameters = { from: 'dateTime', to: 'dateTime' } as const;
    addOperation(app, scheduleOperation, { parameters }, ({ inputs, within, id = '' }) =>
      schedule(deps, within, id, inputs),
    );
  },
};

async function schedule(deps: Deps, within: Compartment, id: string, inputs: Inputs): Promise<Parameters> {
  const now = deps.now();
  const { from, to } = boundsOf(inputs, now.getTime());
  const { content } = await readResource(deps.db, within, 'Patient', id);
  const saidDead = await firstSaidDead(deps.db, within, [{ patient: id, content }]);
  const death = deathOf(JSON.parse(content), saidDead.get(id), deps.site.timeZone);
  const context = await patientContext(deps.db, within, id);
  const expectations = readExpectations(context?.expected);
  const earliest = new Date(from - BEFORE_MILLIS).toISOString();
  const last = new Date(to).toISOString();
  const answers =
    context && expectations.items.length > 0
      ? await answersBetween(deps.db, within, context.shard, id, { from: earliest, to: last })
      : [];
  const { slots, extra } = scheduleOf(
    expectations,
    answers.map((answer) => ({ ...answer, form: splitCanonical(answer.form).url })),
    {
      from: new Date(from).toISOString(),
      to: last,
      now: now.toISOString(),
      most: MOST_SLOTS + 1,
      ...(death ? { death } : {}),
    },
  );
  if (slots.length > MOST_SLOTS) {
    throw badRequest(`from, to: more than ${MOST_SLOTS} reports are expected in this time; ask for a shorter one`);
  }
  const since = new Date(from).toISOString();
  return {
    resourceType: 'Parameters',
    parameter: [
      { name: 'now', valueDateTime: now.toISOString() },
      ...slots.map(slotParameter),
      ...extra.filter(({ at }) => at >= since).map(extraParameter),
    ],
  };
}

function boundsOf(inputs: Inputs, now: number): { from: number; to: number } {
  const [from, to] = [inputs.text('from'), inputs.text('to')];
  const start = from === undefined ? now - AROUND_MILLIS : (dateInterval(from)?.start ?? Number.NaN);
  // The end of what is named is the first moment after it.
  const end = to === undefined ? now + AROUND_MILLIS : (dateInterval(to)?.end ?? Number.NaN) - 1;
  if (!(start <= end)) throw badRequest('to: expected a moment after from');
  return { from: Math.max(start, EARLIEST), to: end };
}

function slotParameter({ item, slot, state, answers }: SlotStanding): ParametersParameter {
  return {
    name: 'slot',
    part: [
      { name: 'state', valueCode: state },
      { name: 'plan', valueReference: { reference: `${item.type}/${item.id}` } },
      { name: 'questionnaire', valueCanonical: item.form },
      ...(item.title === undefined ? [] : [{ name: 'title', valueString: item.title }]),
      { name: 'start', valueDateTime: slot.start },
      { name: 'open', valueDateTime: slot.open },
      { name: 'end', valueDateTime: slot.close },
      { name: 'due', valueDateTime: slot.due },
      ...answers.map(({ id }) => ({ name: 'response', valueReference: { reference: `QuestionnaireResponse/${id}` } })),
    ],
  };
}

const extraParameter = ({ id, at, form }: Answer): ParametersParameter => ({
  name: 'extra',
  part: [
    { name: 'questionnaire', valueCanonical: form },
    { name: 'at', valueDateTime: at },
    { name: 'response', valueReference: { reference: `QuestionnaireResponse/${id}` } },
  ],
});
