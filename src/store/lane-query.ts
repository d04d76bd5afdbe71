import pg from 'pg';

/** A named statement and its values. */
export interface Statement {
  name: string;
  text: string;
  values: unknown[];
}

/** What is known of the rows of the statements that one connection has prepared, by name. */
export type Shapes = Map<string, Shape>;

/** How a row of texts is read: a name and a parser for each column. */
type Shape = readonly { name: string; parse: (text: string) => unknown }[];

/**
 * A statement on a connection in pipeline mode that asks what its rows look like only when it is prepared: `pg` asks each time, and a
 * prepared statement always gives rows of the same columns (else the server refuses it). Nothing else is left out: Bind, Execute, Sync.
 * Source: PostgreSQL 18 manual, section 54.2.3 Extended Query.
 */
export class LaneQuery extends pg.Query {
  readonly #statement: Statement;
  readonly #shapes: Shapes;
  readonly #rows: pg.QueryResultRow[] = [];
  readonly #answer: (error: Error | null, rows: pg.QueryResultRow[]) => void;
  #fault: Error | undefined;
  #answered = false;
  /** A query without one would be given a promise. */
  readonly callback = NOTHING;

  constructor(statement: Statement, shapes: Shapes, answer: (error: Error | null, rows: pg.QueryResultRow[]) => void) {
    super(statement);
    this.#statement = statement;
    this.#shapes = shapes;
    this.#answer = answer;
  }

  /** Called by `pg`, as all that follow. */
  override submit = (given: pg.Connection): void => {
    const connection = given as unknown as Wire; // what the types leave out
    const { name, text, values } = this.#statement;
    if (connection.parsedStatements[name] === undefined && connection.submittedNamedStatements[name] === undefined) {
      connection.parse({ name, text });
      connection.submittedNamedStatements[name] = text;
    }
    connection.bind({ statement: name, values, valueMapper: plain });
    if (!this.#shapes.has(name)) connection.describe({ type: 'P' });
    connection.execute();
    connection.sync();
  };

  handleRowDescription({ fields }: { fields: readonly { name: string; dataTypeID: number }[] }): void {
    this.#shapes.set(
      this.#statement.name,
      fields.map(({ name, dataTypeID }) => ({ name, parse: pg.types.getTypeParser(dataTypeID, 'text') })),
    );
  }

  handleDataRow({ fields }: { fields: readonly (string | null)[] }): void {
    try {
      const row: pg.QueryResultRow = {};
      const shape = this.#shapes.get(this.#statement.name) ?? [];
      for (let at = 0; at < shape.length; at += 1) {
        const column = shape[at];
        const text = fields[at];
        if (column) row[column.name] = text === null || text === undefined ? null : column.parse(text);
      }
      this.#rows.push(row);
    } catch (error) {
      this.#fault = error instanceof Error ? error : new Error('a row could not be read');
    }
  }

  handleCommandComplete(): void {}

  handleReadyForQuery(): void {
    this.#end(this.#fault ?? null);
  }

  handleError(error: Error): void {
    this.#end(error);
  }

  #end(error: Error | null): void {
    if (this.#answered) return;
    this.#answered = true;
    this.#answer(error, this.#rows);
  }
}

const NOTHING = (): void => {};

/** Whether the values are such as go to the server as they are; of others `pg` makes texts. */
export const isPlain = ({ values }: Statement): boolean =>
  values.every((value) => value === null || typeof value !== 'object' || Buffer.isBuffer(value));

const plain = (value: unknown): string | Buffer | null => {
  if (typeof value === 'string' || Buffer.isBuffer(value)) return value;
  return value === null || value === undefined ? null : String(value);
};

/** The part of the connection of `pg` that a query speaks with. */
interface Wire {
  parsedStatements: Record<string, string | undefined>;
  submittedNamedStatements: Record<string, string | undefined>;
  parse(message: { name: string; text: string }): void;
  bind(message: {
    statement: string;
    values: unknown[];
    valueMapper: (value: unknown) => string | Buffer | null;
  }): void;
  describe(message: { type: 'P' }): void;
  execute(): void;
  sync(): void;
}
