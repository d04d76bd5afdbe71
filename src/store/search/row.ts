import pg from 'pg';

/** A hit, as it is stored. */
export interface Hit {
  type: string;
  id: string;
  version: number;
  /** Instant in UTC with milliseconds. */
  readonly lastUpdated: string;
  content: string;
}

/** A row of a page. */
export interface Row extends Record<string, unknown> {
  type: string;
  id: string;
  version: number;
  /** An instant as the database writes it. */
  ts: string;
  content: string;
}

/** Few who search ask when a hit was changed: the instant is read where they do. */
export const toHit = ({ type, id, version, ts, content }: Row): Hit => ({
  type,
  id,
  version,
  get lastUpdated() {
    return instant(ts).toISOString();
  },
  content,
});

/** A Date from the text of a timestamptz. */
const instant: (text: string) => Date = pg.types.getTypeParser(pg.types.builtins.TIMESTAMPTZ, 'text');
