import { searchBundle } from '../../fhir/bundle.ts';
import { dateInterval } from '../../fhir/dates.ts';
import { badRequest, FhirError, fault } from '../../fhir/errors.ts';
import { openCursor, sealCursor } from '../../fhir/query/cursor.ts';
import { RESOURCES, resourceSpec } from '../../fhir/resources.ts';
import { type CompartmentKey, compartmentPage } from '../../store/compartment.ts';
import { linkKey } from '../../store/link-key.ts';
import { readResource } from '../../store/resources.ts';
import type { Inputs } from './input.ts';
import { addOperation, type Operation } from './operation.ts';
import { referredTo } from './referred-to.ts';

const USUAL = 200;
const MOST = 1000;

/**
 * `Patient/[id]/$everything`: the Patient and all in its compartment, page by page, and with each page what its resources refer to
 * outside of any patient's compartment (Questionnaires that were answered, Practitioners, Devices …). Without `_count` a page has
 * 200; one with `_type` may have fewer, since what it names may be referred to from any type. `start` and `end` are about clinical
 * dates; what has none is not left out. Source: FHIR R4, operation Patient-everything.
 */
export const everythingOperation: Operation = {
  name: 'everything',
  scope: ['instance'],
  types: ['Patient'],
  definition: 'http://hl7.org/fhir/OperationDefinition/Patient-everything',
  affectsState: false,
  addRoute(app, deps) {
    const parameters = {
      start: 'dateTime',
      end: 'dateTime',
      _since: 'dateTime',
      _type: 'string*',
      _count: 'integer',
      _cursor: 'string',
    } as const;
    addOperation(app, everythingOperation, { parameters }, async ({ inputs, within, id = '' }) => {
      const { baseUrl } = deps;
      const [key, lastUpdated, patient] = await Promise.all([
        linkKey(deps.db, within),
        deps.watermark.current(deps.now().getTime()),
        readResource(deps.db, within, 'Patient', id),
      ]);
      const path = `Patient/${id}/$everything`;
      const asked = askedFor(inputs);
      const bound = `${within.tenant}\0${path}\0${JSON.stringify(asked.used)}`;
      const cursor = inputs.text('_cursor');
      const after = cursor === undefined ? undefined : placeOf(openCursor(key, bound, cursor));
      const types = asked.types ?? COMPARTMENT;
      // What lies outside of compartments is found by what refers to it, which may be of any type.
      const scanned = types.every((type) => COMPARTMENT.includes(type)) ? types : COMPARTMENT;
      const first =
        after === undefined &&
        scanned.includes('Patient') &&
        (asked.since === undefined || Date.parse(patient.lastUpdated) > asked.since);
      const count = asked.count - (first ? 1 : 0);
      const { entries, next } = await compartmentPage(deps.db, within, patient, {
        ...asked,
        types: scanned,
        count,
        ...(after ? { after } : {}),
      });
      const found = first ? [patient, ...entries] : entries;
      const matches = found.filter(({ type }) => types.includes(type));
      const query = new URLSearchParams(asked.used).toString();
      const self = `${baseUrl}/${path}${query === '' ? '' : `?${query}`}`;
      const link = (text: string): string => `${self}${query === '' ? '?' : '&'}_cursor=${text}`;
      return searchBundle(baseUrl, matches, {
        included: await referredTo(deps, within, found, asked.types),
        lastUpdated,
        self: cursor === undefined ? self : link(cursor),
        ...(next
          ? { next: link(sealCursor(key, bound, { values: [next.own ? '1' : '0', next.type], id: next.id })) }
          : {}),
      });
    });
  },
};

/** Types that may lie in a patient's compartment. */
const COMPARTMENT: readonly string[] = RESOURCES.filter(
  ({ type, compartment, patient }) => type === 'Patient' || compartment !== undefined || patient !== undefined,
).map(({ type }) => type);

interface Asked {
  types?: readonly string[];
  since?: number;
  start?: number;
  end?: number;
  count: number;
  /** What was asked, in one order, for the links. */
  used: [string, string][];
}

function askedFor(inputs: Inputs): Asked {
  const types = inputs.texts('_type').flatMap((list) => list.split(',').map((type) => type.trim()));
  for (const type of types) {
    if (!resourceSpec(type)) {
      const said = /^[A-Z][A-Za-z]{1,40}$/.test(type) ? type : 'what is given';
      throw new FhirError([fault('not-supported', `_type: ${said} is not served here`)], { status: 400 });
    }
  }
  const count = inputs.whole('_count');
  if (count === 0) throw badRequest('_count: expected a whole number from 1');
  const [since, start, end] = [inputs.text('_since'), inputs.text('start'), inputs.text('end')];
  const used: [string, string | undefined][] = [
    ['_type', types.length > 0 ? types.join(',') : undefined],
    ['_since', since],
    ['start', start],
    ['end', end],
    ['_count', count === undefined ? undefined : String(Math.min(count, MOST))],
  ];
  return {
    ...(types.length > 0 ? { types } : {}),
    ...(since === undefined ? {} : { since: edge(since, 'start') }),
    ...(start === undefined ? {} : { start: edge(start, 'start') }),
    ...(end === undefined ? {} : { end: edge(end, 'end') }),
    count: Math.min(count ?? USUAL, MOST),
    used: used.flatMap(([name, value]): [string, string][] => (value === undefined ? [] : [[name, value]])),
  };
}

/** Where a date of any precision begins or ends, Unix milliseconds. It was read before, so it can be. */
const edge = (text: string, side: 'start' | 'end'): number => dateInterval(text)?.[side] ?? Number.NaN;

function placeOf({ values: [own, type], id }: { values: readonly (string | null)[]; id: string }): CompartmentKey {
  return { own: own === '1', type: type ?? '', id };
}
