/** A hit, as it is stored. */
export interface Hit {
  type: string;
  id: string;
  version: number;
  lastUpdated: string;
  content: string;
}

/** A row of a page. */
export interface Row extends Record<string, unknown> {
  type: string;
  id: string;
  version: number;
  ts: Date;
  content: string;
  sortkeys: (string | null)[];
}

export const toHit = ({ type, id, version, ts, content }: Row): Hit => ({
  type,
  id,
  version,
  lastUpdated: ts.toISOString(),
  content,
});
