import type { Compartment } from '../fhir/compartment.ts';
import type { Database } from './database.ts';
import { textArray } from './pg-arrays.ts';
import { shardOfId } from './resources.ts';
import type { WorkRow } from './work.ts';

/** Which part of the open work. */
export interface WorklistPage {
  states: readonly WorkRow['state'][];
  level?: string;
  /** References that mean the one who has it. */
  owners?: readonly string[];
  /** Id of a patient. */
  patient?: string;
  count: number;
  after?: WorkPlace;
}

/** A place in the order of the list: the most urgent first, then what is due first. */
export interface WorkPlace {
  urgency: number;
  /** An instant as the database writes it. */
  due: string;
  id: string;
}

/** One open Task with what is shown beside it, as it is stored. */
export interface WorklistItem extends WorkPlace {
  patient: string;
  task: string;
  flag?: { id: string; content: string };
  /** Text of the patient's last grades; empty where there are none. */
  lastGrades: string;
}

/** Statements are prepared for pages of these sizes: a smaller one takes what it needs. */
const SIZES = [20, 50, 100, 200] as const;

/** A page of so many is read as quickly as other short reads. */
const MOST_SHORT = 50;

/** The most that a page holds. */
export const MOST_WORK = 200;

/**
 * A page of the open work, in one statement: the list gives the order, the rest is found by key. A Task that does not change between two pages
 * keeps its place, so it comes exactly once; `next` is there where more follows.
 */
export async function worklistPage(
  db: Database,
  within: Compartment,
  page: WorklistPage,
): Promise<{ items: WorklistItem[]; next?: WorkPlace }> {
  const values: unknown[] = [within.tenant];
  const p = (value: unknown): string => `$${values.push(value)}`;
  const wanted = page.patient ?? onlyPatient(within);
  if (wanted !== undefined && !sees(within, wanted)) return { items: [] };
  const { states, level, owners, after, count } = page;
  const [state] = states;
  // One or two literal states: the planner knows how many rows they leave.
  const conditions = [
    'w.tenant = $1',
    ...(states.length === 1
      ? [`w.state = ${p(state)}`]
      : states.length < STATES
        ? [`w.state = any(${p(textArray(states))}::text[])`]
        : []),
    ...(level === undefined ? [] : [`w.level = ${p(level)}`]),
    ...(owners === undefined ? [] : [`w.owner = any(${p(textArray(owners))}::text[])`]),
    ...(wanted === undefined ? [] : [`w.shard = ${p(shardOfId(wanted))} and w.patient = ${p(wanted)}`]),
    ...(after ? [`(w.urgency, w.due, w.id) > (${p(after.urgency)}, ${p(after.due)}, ${p(after.id)})`] : []),
  ];
  const size = SIZES.find((one) => one >= count) ?? MOST_WORK;
  const text = statement(conditions.join(' and '), size + 1);
  const ask = size <= MOST_SHORT ? db.read : db.named;
  const rows = await ask<Row>(nameOf(text), text, values);
  const items = rows.slice(0, count).flatMap(itemOf);
  const last = rows[count - 1];
  return { items, ...(rows.length > count && last ? { next: placeOf(last) } : {}) };
}

const STATES = 3;

const onlyPatient = ({ patient }: Compartment): string | undefined => (patient === 'everyone' ? undefined : patient.id);

const sees = ({ patient }: Compartment, id: string): boolean => patient === 'everyone' || patient.id === id;

/**
 * The limits inside keep the planner to one look-up by key for each row of the page. The newest version is the current one, so that of each
 * resource one index is read and not two.
 */
const statement = (where: string, limit: number): string => `with page as materialized (
  select w.shard, w.id, w.patient, w.flag, w.urgency, w.due from work w
  where ${where}
  order by w.urgency, w.due, w.id limit ${limit}
)
select p.id, p.patient, p.flag, p.urgency, p.due::text as due, t.content as task, f.content as flag_content, s.last_grades
from page p
left join lateral (${newest('Task', 'p.id')}) t on true
left join lateral (${newest('Flag', 'p.flag')}) f on true
left join lateral (
  select last_grades from patient_state where tenant = $1 and shard = p.shard and patient = p.patient limit 1) s on true
order by p.urgency, p.due, p.id`;

const newest = (type: string, id: string): string => `
  select content from resource_version
  where tenant = $1 and shard = p.shard and type = '${type}' and id = ${id} order by version desc limit 1`;

/** Lists are asked for in few ways; each text is planned once per connection, under a name of its own. */
const names = new Map<string, string>();

function nameOf(text: string): string {
  const known = names.get(text);
  if (known !== undefined) return known;
  const name = `worklist-${names.size + 1}`;
  names.set(text, name);
  return name;
}

interface Row extends Record<string, unknown> {
  id: string;
  patient: string;
  flag: string;
  urgency: number;
  due: string;
  task: string | null;
  flag_content: string | null;
  last_grades: string | null;
}

function itemOf(row: Row): WorklistItem[] {
  const { task, flag, flag_content: content, patient } = row;
  // The text of a deletion is empty; neither work items nor Flags are deleted.
  if (!task) return [];
  return [
    {
      ...placeOf(row),
      patient,
      task,
      ...(content ? { flag: { id: flag, content } } : {}),
      lastGrades: row.last_grades ?? '',
    },
  ];
}

const placeOf = ({ urgency, due, id }: Row): WorkPlace => ({ urgency, due, id });
