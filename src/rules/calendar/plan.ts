import type {
  CarePlan,
  CarePlanActivityDetail,
  Duration,
  Extension,
  Period,
  ServiceRequest,
  Timing,
} from '@medplum/fhirtypes';
import { CANONICAL } from '../../fhir/canonical.ts';
import { fault, type Issue } from '../../fhir/errors.ts';
import type { Schedule, Window } from './schedule.ts';
import { instantsOf, readDuration, readTiming } from './timing.ts';

/** On a plan item: how long before and after its moment an answer counts. */
export const REPORT_WINDOW = `${CANONICAL}/StructureDefinition/report-window`;
/** On a plan: nothing is expected meanwhile. */
export const PAUSE = `${CANONICAL}/StructureDefinition/pause`;

/** The form that a request asks for. Source: HL7 FHIR R4 4.0.1, extension servicerequest-questionnaireRequest. */
export const QUESTIONNAIRE_REQUEST = 'http://hl7.org/fhir/StructureDefinition/servicerequest-questionnaireRequest';
/** The same by canonical. Source: HL7 SDC 3.0.0, extension sdc-servicerequest-questionnaire. */
export const SDC_QUESTIONNAIRE = 'http://hl7.org/fhir/uv/sdc/StructureDefinition/sdc-servicerequest-questionnaire';

export type Plan = CarePlan | ServiceRequest;

/** Whether reports are expected by a part of a plan: `hold` as long as it is on hold, `never` where it was entered in error. */
export type Standing = 'active' | 'hold' | 'ended' | 'never';

/** A part of a plan that asks for reports. */
export interface PlanItem {
  /** Which part: the id of the element where it has one of its own, else its place. */
  part: string;
  /** Canonical of the form, without its version. */
  form: string;
  /** Of the form. */
  title?: string;
  standing: Standing;
  schedule: Schedule;
  pauses: readonly Stretch[];
}

/** A stretch of time: from a UTC instant to just before another; without an end until further notice. */
export interface Stretch {
  start: string;
  end?: string;
  reason?: string;
}

/** What a plan is read with. */
export interface PlanAround {
  zone: string;
  /** When a part of it was first written: what says no beginning begins then, whatever else of it changes later. */
  written: (part: string, form: string) => string;
  /** The form that counts of those that one part names, by canonical or by reference to a Questionnaire; undefined where none of them is held here. */
  formOf: (named: readonly string[]) => AskedForm | undefined;
}

/** A form of ours: its canonical without the version, and its title. */
export interface AskedForm {
  url: string;
  title?: string;
}

/** The canonicals and references by which a plan names forms, whether they are ours or not. */
export function formsNamed(plan: Plan): string[] {
  if (plan.resourceType === 'CarePlan') {
    return (plan.activity ?? []).flatMap(({ detail }) => detail?.instantiatesCanonical ?? []);
  }
  return (plan.extension ?? []).flatMap((extension) => namedBy(extension) ?? []);
}

const namedBy = ({ url, valueReference, valueCanonical }: Extension): string | undefined =>
  url === QUESTIONNAIRE_REQUEST ? valueReference?.reference : url === SDC_QUESTIONNAIRE ? valueCanonical : undefined;

/**
 * The parts of a plan that ask for forms of ours at some time. A part that says no time asks for nothing at any moment. Errors where a time
 * cannot be read: then somebody would wait for reports in vain, or nobody would.
 */
export function readPlan(plan: Plan, around: PlanAround): { items: PlanItem[]; issues: Issue[] } {
  const items: PlanItem[] = [];
  const issues: Issue[] = [];
  for (const asked of plan.resourceType === 'CarePlan' ? ofCarePlan(plan, around) : ofRequest(plan, around)) {
    const read = readAsked(asked, around);
    if ('issues' in read) issues.push(...read.issues);
    else items.push(read);
  }
  return { items, issues };
}

/**
 * The names of forms that a plan waits for: of parts that would ask for reports, were one of the forms held that they name. Beside them what could not be read
 * then.
 */
export function formsAwaited(plan: Plan, around: PlanAround): { names: string[]; issues: Issue[] } {
  const named = new Map<string, Set<string>>();
  const formOf = (names: readonly string[]): AskedForm | undefined => {
    const [first] = names;
    if (first === undefined || around.formOf(names)) return undefined;
    named.set(first, new Set([...(named.get(first) ?? []), ...names]));
    return { url: first };
  };
  const { items, issues } = readPlan(plan, { ...around, formOf });
  const isOver = (first: string): boolean => {
    const parts = items.filter(({ form }) => form === first);
    return parts.length > 0 && parts.every(({ standing }) => standing === 'ended' || standing === 'never');
  };
  return { names: [...named].flatMap(([first, names]) => (isOver(first) ? [] : [...names])), issues };
}

/** A part that names a form of ours, and the element that says when. */
interface Asked {
  part: string;
  form: AskedForm;
  at: string;
  when: When;
  standing: Standing;
  /** Within which the plan is carried out. */
  period: Period;
  extensions: { at: string; all: readonly Extension[] }[];
}

type When =
  | { timing: Timing; element: string }
  | { period: Period; element: string }
  | { moment: string; element: string }
  | { unread: string };

/** Source: HL7 FHIR R4 4.0.1, ValueSet request-status. */
const STANDING: Readonly<Record<string, Standing>> = {
  active: 'active',
  'on-hold': 'hold',
  // One of the others, and nobody knows which: silence is told rather than passed over.
  unknown: 'active',
  revoked: 'ended',
  completed: 'ended',
  'entered-in-error': 'never',
  // Of an activity. Source: HL7 FHIR R4 4.0.1, ValueSet care-plan-activity-status.
  'not-started': 'active',
  scheduled: 'active',
  'in-progress': 'active',
  stopped: 'ended',
  cancelled: 'ended',
};

/** The one that expects less; a status that is none, or that of a draft, expects nothing. */
function standingOf(...statuses: readonly (string | undefined)[]): Standing {
  const all = statuses.map((status): Standing => STANDING[status ?? ''] ?? 'ended');
  return (['never', 'ended', 'hold'] as const).find((one) => all.includes(one)) ?? 'active';
}

function ofCarePlan(plan: CarePlan, { formOf }: PlanAround): Asked[] {
  if (!isAsked(plan.intent)) return [];
  const ids = (plan.activity ?? []).map(({ id }) => id);
  return (plan.activity ?? []).flatMap((activity, place): Asked[] => {
    const { detail } = activity;
    const at = `CarePlan.activity[${place}].detail`;
    const when = detail && whenOf(detail);
    if (!detail || !when || detail.doNotPerform) return [];
    const form = formOf(detail.instantiatesCanonical ?? []);
    if (form === undefined) return [];
    return [
      {
        part: activity.id !== undefined && isName(activity.id, ids) ? activity.id : String(place),
        form,
        at,
        when,
        standing: standingOf(plan.status, detail.status),
        period: plan.period ?? {},
        extensions: [
          { at: 'CarePlan', all: plan.extension ?? [] },
          { at, all: detail.extension ?? [] },
        ],
      },
    ];
  });
}

/** What is proposed has not been asked for. Source: HL7 FHIR R4 4.0.1, ValueSets care-plan-intent and request-intent. */
const isAsked = (intent: string | undefined): boolean => intent !== 'proposal' && intent !== 'option';

/** An id that names one part, and is not taken for the place of another. */
const isName = (id: string, all: readonly (string | undefined)[]): boolean =>
  /^(?=.*[A-Za-z\-.])[A-Za-z0-9\-.]{1,64}$/.test(id) && all.filter((one) => one === id).length === 1;

function whenOf({ scheduledTiming, scheduledPeriod, scheduledString }: CarePlanActivityDetail): When | undefined {
  if (scheduledTiming) return { timing: scheduledTiming, element: 'scheduledTiming' };
  if (scheduledPeriod) return { period: scheduledPeriod, element: 'scheduledPeriod' };
  return scheduledString === undefined ? undefined : { unread: 'scheduledString' };
}

function ofRequest(request: ServiceRequest, { formOf }: PlanAround): Asked[] {
  const { occurrenceTiming, occurrencePeriod, occurrenceDateTime } = request;
  const when: When | undefined = occurrenceTiming
    ? { timing: occurrenceTiming, element: 'occurrenceTiming' }
    : occurrencePeriod
      ? { period: occurrencePeriod, element: 'occurrencePeriod' }
      : occurrenceDateTime === undefined
        ? undefined
        : { moment: occurrenceDateTime, element: 'occurrenceDateTime' };
  if (!when || !isAsked(request.intent) || request.doNotPerform) return [];
  const form = formOf(formsNamed(request));
  if (form === undefined) return [];
  return [
    {
      part: '0',
      form,
      at: 'ServiceRequest',
      when,
      standing: standingOf(request.status),
      period: request.authoredOn === undefined ? {} : { start: request.authoredOn },
      extensions: [{ at: 'ServiceRequest', all: request.extension ?? [] }],
    },
  ];
}

type Refused = { issues: Issue[] };

const refused = (why: string, at: string): Refused => ({ issues: [fault('not-supported', `${at}: ${why}`, at)] });

function readAsked(asked: Asked, around: PlanAround): PlanItem | Refused {
  const { part, form, at, when, standing, period, extensions } = asked;
  if (standing === 'ended' || standing === 'never') return over(asked, around);
  const window = readWindow(extensions);
  if ('issues' in window) return window;
  const pauses = readPauses(extensions, around.zone);
  if ('issues' in pauses) return pauses;
  const bounds = instantsOf(period, around.zone);
  const read = readWhen(when, at, { ...around, start: bounds.start ?? around.written(part, form.url) }, window);
  if ('issues' in read) return read;
  const ends = [read.end, bounds.end].filter((one) => one !== undefined).sort();
  const end = ends[0];
  return {
    part,
    form: form.url,
    ...(form.title === undefined ? {} : { title: form.title }),
    standing,
    pauses: pauses.stretches,
    schedule: {
      zone: around.zone,
      anchor: read.anchor,
      ...(end === undefined ? {} : { end }),
      rule: read.rule,
      window,
    },
  };
}

/** What is over is not read any more: nobody waits for it. */
const over = ({ part, form, standing }: Asked, { zone, written }: PlanAround): PlanItem => ({
  part,
  form: form.url,
  standing,
  pauses: [],
  schedule: { zone, anchor: written(part, form.url), rule: { kind: 'moments', at: [] }, window: {} },
});

type ReadWhen = Pick<Schedule, 'rule' | 'anchor' | 'end'>;

function readWhen(
  when: When,
  at: string,
  { zone, start }: { zone: string; start: string },
  window: Window,
): ReadWhen | Refused {
  if ('unread' in when) return refused('words cannot be read; use a timing', `${at}.${when.unread}`);
  const path = `${at}.${when.element}`;
  if ('period' in when) {
    const period = instantsOf(when.period, zone);
    if (period.start === undefined || period.end === undefined) return refused('expected a start and an end', path);
    if (period.start >= period.end) return refused('expected the end after the start', path);
    // The end is the first moment after it.
    const last = new Date(Date.parse(period.end) - 1).toISOString();
    return { rule: { kind: 'once', start: period.start, end: last }, anchor: period.start };
  }
  const timing = 'timing' in when ? when.timing : { event: [when.moment] };
  const read = readTiming(timing, { zone, start, at: path });
  if ('issues' in read) return read;
  if (read.rule.kind === 'moments' && window.length === undefined) {
    return refused(
      'after the last moment nothing says how long an answer counts: say it in the extension report-window',
      path,
    );
  }
  return read;
}

/** The last that says it, the item's own before that of the whole plan. */
function readWindow(extensions: Asked['extensions']): Window | (Refused & Partial<Window>) {
  const found = extensions.flatMap(({ at, all }) =>
    all.flatMap((extension, place) =>
      extension.url === REPORT_WINDOW ? [{ extension, at: `${at}.extension[${place}]` }] : [],
    ),
  );
  const last = found.at(-1);
  if (!last) return {};
  const window: Window = {};
  for (const [place, { url, valueDuration }] of (last.extension.extension ?? []).entries()) {
    const name = (['before', 'length', 'grace'] as const).find((one) => one === url);
    const path = `${last.at}.extension[${place}]`;
    if (!name) return refused('expected before, length or grace', path);
    const read: ReturnType<typeof readDuration> = readDuration(valueDuration ?? ({} as Duration), path);
    if ('issues' in read) return read;
    window[name] = read.duration;
  }
  return window;
}

function readPauses(extensions: Asked['extensions'], zone: string): { stretches: Stretch[] } | Refused {
  const stretches: Stretch[] = [];
  for (const { at, all } of extensions) {
    for (const [place, { url, extension = [] }] of all.entries()) {
      if (url !== PAUSE) continue;
      const period = extension.find((one) => one.url === 'period')?.valuePeriod ?? {};
      const { start, end } = instantsOf(period, zone);
      const reason = extension.find((one) => one.url === 'reason')?.valueString;
      if (start === undefined || (end !== undefined && end <= start)) {
        return refused('expected a period with a start, and an end after it', `${at}.extension[${place}]`);
      }
      stretches.push({ start, ...(end === undefined ? {} : { end }), ...(reason === undefined ? {} : { reason }) });
    }
  }
  return { stretches };
}
