import { APPLICATION_NAME, type Database } from './database.ts';

/**
 * An instant W such that nothing with lastUpdated <= W can still appear: a client that polls with `_lastUpdated=gt` W misses
 * no Flag, however late a writer commits.
 *
 * Each version is stamped inside the statement that writes it, so never before the start of that statement. W is taken before the
 * oldest statement of ours, and before any transaction that has written, that the server knows of; what has ended by then is visible
 * to every search that begins later. W is therefore asked for before the search, never in the same statement, whose snapshot would be
 * older. An older W is always safe, so one answer serves all searches of the next moment.
 */
export class Watermark {
  readonly #db: Database;
  readonly #keepMillis: number;
  #asked: Promise<string> | undefined;
  #until = 0;

  constructor(db: Database, keepMillis = 50) {
    this.#db = db;
    this.#keepMillis = keepMillis;
  }

  /** ISO 8601 instant in UTC with milliseconds. Await it before the search begins. */
  current(nowMillis: number): Promise<string> {
    if (this.#asked && nowMillis < this.#until && nowMillis >= this.#until - this.#keepMillis) return this.#asked;
    this.#until = nowMillis + this.#keepMillis;
    const asked = this.#ask();
    this.#asked = asked;
    asked.catch(() => {
      if (this.#asked === asked) this.#asked = undefined;
    });
    return asked;
  }

  async #ask(): Promise<string> {
    const rows = await this.#db.named<{ at: string }>('watermark', WATERMARK, [APPLICATION_NAME]);
    const at = rows[0]?.at;
    if (at === undefined) throw new Error('the watermark has no row');
    return at;
  }
}

/*
 * The clock is read first: what starts while the activity is being read is younger. Versions are stamped with whole milliseconds,
 * rounded down, so W is rounded down and one millisecond taken off.
 */
const WATERMARK = `
with clock as materialized (select clock_timestamp() as now)
select to_char((date_trunc('milliseconds', least(clock.now, oldest.at)) - interval '1 millisecond') at time zone 'UTC',
               'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as at
from clock, lateral (
  select min(xact_start) as at from pg_stat_activity
  where datname = current_database() and pid <> pg_backend_pid() and xact_start is not null and clock.now is not null
    and (application_name = $1 or backend_xid is not null)
) oldest`;
