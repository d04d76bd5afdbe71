import type { Resource } from '@medplum/fhirtypes';
import { DAY_MILLIS, HOUR_MILLIS } from '../../src/cohort/entry.ts';
import { type Event, events, policies, type SeasonOptions } from './events.ts';
import type { Field } from './field.ts';
import { make, moveOf, readWork, type Work } from './nurses.ts';

/** What was done in a run, by names that are the same in every run. */
export interface Played {
  /** Id of the service and name of each patient. */
  patients: ReadonlyMap<string, string>;
  /** Name by id of all that was sent. */
  names: ReadonlyMap<string, string>;
  /** What came of each move of a person. */
  moves: readonly string[];
  /** What was not answered as it must be. */
  violations: readonly string[];
  posts: number;
}

/** Hours of the day, UTC, at which the clock stands still; nurses look at their list at the second and the third. */
const HOURS = [5, 9.25, 13.5, 19];
const AT_ONCE = 16;

/** The moments of a season, UTC instants: four a day until a week after the last report. */
export function momentsOf({ start, weeks }: SeasonOptions): string[] {
  const first = Date.parse(`${start}T00:00:00Z`) - 3 * DAY_MILLIS;
  const days = 3 + 28 + 7 * weeks + 17;
  return Array.from({ length: days }, (_, day) =>
    HOURS.map((hour) => new Date(first + day * DAY_MILLIS + hour * HOUR_MILLIS).toISOString()),
  ).flat();
}

/**
 * Plays a season: the clock moves by steps; at each what time does is done first, then what has arrived meanwhile is posted, one resource of each
 * patient after the other, then nurses move their work. After everything that may make something due that is done too, so that the order of what
 * happens to a patient is that of the season, whoever does it.
 */
export async function play(field: Field, options: SeasonOptions, tell: (line: string) => void): Promise<Played> {
  const run = new Run(field);
  for (const policy of policies()) await run.policy(policy);
  const waiting = [...events(options)];
  for (const [step, now] of momentsOf(options).entries()) {
    await field.clock(now);
    await field.sweep(step);
    for (;;) {
      const round = waiting.flatMap((queue) => (queue[0] && queue[0].arrives <= now ? [queue.shift() as Event] : []));
      if (round.length === 0) break;
      field.begin('posts', step);
      await atOnce(round, (event) => run.post(event));
      await field.end();
      await field.sweep(step);
    }
    if (isRound(now)) {
      const work = await readWork(field, (id) => run.patients.get(id) ?? id);
      field.begin('moves', step);
      // Of one patient in order, of several side by side.
      await atOnce(byPatient(work), async (all) => {
        for (const one of all) {
          const move = moveOf(one, now, options.seed);
          if (move) run.moves.push(`${now} ${await make(field, one, move)}`);
        }
      });
      await field.end();
      await field.sweep(step);
    }
    if (step % 28 === 27)
      tell(`${now.slice(0, 10)}: ${run.posts} posts, ${run.moves.length} moves, ${field.done} things by time`);
  }
  return run;
}

/** On weekdays, at the hours at which nurses look at their list. */
function isRound(now: string): boolean {
  const hour = new Date(now).getUTCHours();
  const day = new Date(now).getUTCDay();
  return day > 0 && day < 6 && (hour === 9 || hour === 13);
}

class Run implements Played {
  readonly patients = new Map<string, string>();
  readonly names = new Map<string, string>();
  readonly moves: string[] = [];
  readonly violations: string[] = [];
  posts = 0;
  readonly #field: Field;
  /** What was sent, by its key: its id, and its version as its client knows it. */
  readonly #held = new Map<string, { id: string; version: number }>();

  constructor(field: Field) {
    this.#field = field;
  }

  async policy(resource: Resource): Promise<void> {
    const { url, version } = resource as { url?: string; version?: string };
    const once = { 'if-none-exist': `url=${url}&version=${version}` };
    const answer = await this.#field.ask('policies', 'POST', `/${resource.resourceType}`, resource, once);
    if (answer.status !== 201) this.violations.push(`the policy ${url} was answered ${answer.status}: ${answer.text}`);
  }

  /** As a patient's app, a laboratory and an EHR do: once, however often it is sent. */
  async post({ patient, key, resource, amends }: Event): Promise<void> {
    this.posts += 1;
    const held = this.#held.get(key);
    const body = this.#placed(resource, patient);
    if (amends) {
      if (!held) throw new Error(`${key} is amended before it is sent`);
      const path = `/${resource.resourceType}/${held.id}`;
      const ifMatch = { 'if-match': `W/"${held.version}"` };
      let answer = await this.#field.ask(patient, 'PUT', path, { ...body, id: held.id }, ifMatch);
      if (answer.status === 412 && answer.attempts > 1) answer = await this.#again(patient, path);
      held.version += 1;
      if (answer.status !== 200 || answer.etag !== held.version) this.#say(key, 'amended', answer);
      return;
    }
    const { system, value } = [(resource as { identifier?: Identifiers }).identifier ?? []].flat()[0] ?? {};
    const once = { 'if-none-exist': `identifier=${system}|${value}` };
    const answer = await this.#field.ask(patient, 'POST', `/${resource.resourceType}`, body, once);
    const fresh = held === undefined;
    if (answer.status !== 201 && !(answer.status === 200 && (!fresh || answer.attempts > 1)))
      return this.#say(key, 'made', answer);
    const { id }: { id: string } = JSON.parse(answer.text);
    if (held && held.id !== id) this.violations.push(`${key} was made twice`);
    if (!held) this.#held.set(key, { id, version: answer.etag });
    this.names.set(id, key);
    if (resource.resourceType === 'Patient') this.patients.set(id, key);
  }

  async #again(patient: string, path: string) {
    return { ...(await this.#field.ask(patient, 'GET', path)), attempts: 2 };
  }

  #say(key: string, how: string, { status, etag, text }: { status: number; etag: number; text: string }): void {
    this.violations.push(`${key} was ${how} with ${status}, version ${etag}: ${text.slice(0, 300)}`);
  }

  /** The resource as the service knows its patient; without the season's own id. */
  #placed(resource: Resource, patient: string): object {
    const { id: _id, ...rest } = resource;
    return 'subject' in rest ? { ...rest, subject: { reference: `Patient/${this.#held.get(patient)?.id}` } } : rest;
  }
}

type Identifiers = { system?: string; value?: string } | { system?: string; value?: string }[];

function byPatient(work: readonly Work[]): Work[][] {
  const groups = new Map<string, Work[]>();
  for (const one of work) groups.set(one.patient, [...(groups.get(one.patient) ?? []), one]);
  return [...groups.values()];
}

/** Each of them, so many at a time. */
async function atOnce<T>(all: readonly T[], work: (one: T) => Promise<void>): Promise<void> {
  const left = all.values();
  const lane = async (): Promise<void> => {
    for (let next = left.next(); !next.done; next = left.next()) await work(next.value);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, lane));
}
