import type { Deps } from '../../deps.ts';
import { type Found, searchBundle } from '../../fhir/bundle.ts';
import { CANONICAL } from '../../fhir/canonical.ts';
import { badRequest } from '../../fhir/errors.ts';
import { isId } from '../../fhir/ids.ts';
import { badCursor, type Cursor, openCursor, sealCursor } from '../../fhir/query/cursor.ts';
import { lastGradesExtension } from '../../rules/resources/last-grades.ts';
import { linkKey } from '../../store/link-key.ts';
import { WORK_STATES } from '../../store/work.ts';
import { MOST_WORK, type WorklistPage, type WorkPlace, worklistPage } from '../../store/worklist.ts';
import type { Inputs } from './input.ts';
import { addOperation, type Operation } from './operation.ts';

const USUAL = 20;
/** What sleeps until a moment is no work before. */
const AWAKE = ['waiting', 'taken'] as const;

/**
 * `Task/$worklist`: open work items, the most urgent first, then what is due first; with each Task its Flag, and the patient's last grades beside
 * it. Without `state` those that are snoozed are left out. Described in docs/worklist.md.
 */
export const worklistOperation: Operation = {
  name: 'worklist',
  scope: ['type'],
  types: ['Task'],
  definition: `${CANONICAL}/OperationDefinition/task-worklist`,
  affectsState: false,
  addRoute(app, deps) {
    const parameters = {
      level: 'code',
      owner: 'string',
      state: 'code*',
      patient: 'string',
      _count: 'integer',
      _cursor: 'string',
    } as const;
    addOperation(app, worklistOperation, { parameters }, async ({ inputs, within }) => {
      const { baseUrl } = deps;
      const { page, used } = askedFor(deps, inputs);
      const [key, lastUpdated] = await Promise.all([
        linkKey(deps.db, within),
        deps.watermark.current(deps.now().getTime()),
      ]);
      const bound = `${within.tenant}\0${PATH}\0${JSON.stringify(used)}`;
      const cursor = inputs.text('_cursor');
      const after = cursor === undefined ? undefined : placeOf(openCursor(key, bound, cursor));
      const { items, next } = await worklistPage(deps.db, within, { ...page, ...(after ? { after } : {}) });
      if (items.length === 0) refuseUnknownLevel(deps, page);
      const flags = new Map<string, Found>();
      const tasks = items.map(({ id, task, flag, lastGrades }): Found => {
        if (flag) flags.set(flag.id, { type: 'Flag', ...flag });
        const extension = lastGradesExtension(lastGrades, deps.labels);
        return { type: 'Task', id, content: task, ...(extension === undefined ? {} : { searchExtension: extension }) };
      });
      const query = new URLSearchParams(used).toString();
      const self = `${baseUrl}/${PATH}${query === '' ? '' : `?${query}`}`;
      const link = (text: string): string => `${self}${query === '' ? '?' : '&'}_cursor=${text}`;
      return searchBundle(baseUrl, tasks, {
        included: [...flags.values()],
        lastUpdated,
        self: cursor === undefined ? self : link(cursor),
        ...(next ? { next: link(sealCursor(key, bound, cursorOf(next))) } : {}),
      });
    });
  },
};

const PATH = 'Task/$worklist';

/** An empty list of a level that is none would say that nothing is to be done. Work may still be at a level that the site no longer has. */
function refuseUnknownLevel({ site }: Deps, { level }: WorklistPage): void {
  const known = site.levels.map(({ code }) => code);
  if (level !== undefined && !known.includes(level)) throw badRequest(`level: expected ${known.join(', ')}`);
}

function askedFor({ baseUrl }: Deps, inputs: Inputs): { page: WorklistPage; used: [string, string][] } {
  const states = inputs.texts('state').flatMap((list) => list.split(',').map((state) => state.trim()));
  if (!states.every(isState)) throw badRequest(`state: expected ${WORK_STATES.join(', ')}`);
  const count = inputs.whole('_count');
  if (count === 0) throw badRequest('_count: expected a whole number from 1');
  const patient = inputs.text('patient');
  const patientId = patient === undefined ? undefined : relative(baseUrl, patient).replace(/^Patient\//, '');
  if (patientId !== undefined && !isId(patientId)) throw badRequest('patient: expected an id or Patient/[id]');
  const [level, owner] = [inputs.text('level'), inputs.text('owner')];
  const used: [string, string | undefined][] = [
    ['level', level],
    ['owner', owner],
    ['state', states.length > 0 ? states.join(',') : undefined],
    ['patient', patient],
    ['_count', count === undefined ? undefined : String(Math.min(count, MOST_WORK))],
  ];
  return {
    page: {
      states: states.length > 0 ? WORK_STATES.filter((state) => states.includes(state)) : AWAKE,
      count: Math.min(count ?? USUAL, MOST_WORK),
      ...(level === undefined ? {} : { level }),
      ...(owner === undefined ? {} : { owners: namesOf(baseUrl, owner) }),
      ...(patientId === undefined ? {} : { patient: patientId }),
    },
    used: used.flatMap(([name, value]): [string, string][] => (value === undefined ? [] : [[name, value]])),
  };
}

const isState = (text: string): text is (typeof WORK_STATES)[number] => WORK_STATES.some((state) => state === text);

const relative = (baseUrl: string, reference: string): string =>
  reference.startsWith(`${baseUrl}/`) ? reference.slice(baseUrl.length + 1) : reference;

/** A reference to somebody here, relative or not; or an identifier or name as it stands on the Task. */
function namesOf(baseUrl: string, owner: string): string[] {
  const short = relative(baseUrl, owner);
  return /^[A-Z][A-Za-z]+\/[^/|]+$/.test(short) ? [short, `${baseUrl}/${short}`] : [owner];
}

const cursorOf = ({ urgency, due, id }: WorkPlace): Cursor => ({ values: [String(urgency), due], id });

function placeOf({ values: [urgency, due], id }: Cursor): WorkPlace {
  if (typeof urgency !== 'string' || typeof due !== 'string') throw badCursor();
  return { urgency: Number(urgency), due, id };
}
