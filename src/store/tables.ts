/** The tables, as migrations/*.sql make them. */
export interface Tables {
  resource_version: {
    tenant: number;
    shard: number;
    type: string;
    id: string;
    version: number;
    ts: Date;
    deleted: boolean;
    content: string;
    replaced_ts: Date | null;
  };
  resource_current: {
    tenant: number;
    shard: number;
    type: string;
    id: string;
    version: number;
    ts: Date;
    deleted: boolean;
    derived: boolean;
    key1: string | null;
    code1: number;
    lo: Date | null;
    hi: Date | null;
    patient: string | null;
    present: string;
    registry: string;
    tok: string[];
  };
  index_date: {
    tenant: number;
    shard: number;
    type: string;
    id: string;
    version: number;
    n: number;
    param: string;
    lo: Date;
    hi: Date;
  };
  index_number: {
    tenant: number;
    shard: number;
    type: string;
    id: string;
    version: number;
    n: number;
    param: string;
    lo: string | null;
    hi: string | null;
    open: boolean;
    unit: string[] | null;
    clo: string | null;
    chi: string | null;
    cunit: string | null;
  };
  index_string: {
    tenant: number;
    shard: number;
    type: string;
    id: string;
    version: number;
    n: number;
    param: string;
    norm: string;
    exact: string;
  };
  setting: { tenant: number; shard: number; name: string; value: string };
  claim: { tenant: number; shard: number; key: string; type: string; id: string; home: number | null };
  catalog: { tenant: number; shard: number; generation: string };
  outbox: { tenant: number; shard: number; id: string; ts: Date; n: string | null; changed: string };
  patient_state: {
    tenant: number;
    shard: number;
    patient: string;
    n: string;
    state: string;
    last_grades: string;
    expected: string | null;
  };
  report: {
    tenant: number;
    shard: number;
    patient: string;
    source_type: string;
    source_id: string;
    at: Date;
    content: string;
  };
  episode: {
    tenant: number;
    shard: number;
    patient: string;
    flag_id: string;
    version: number;
    term: string;
    origin: string;
    status: string;
    started: Date;
    ended: Date | null;
    signature: string;
  };
  decision: { tenant: number; shard: number; id: string; content: string };
}
