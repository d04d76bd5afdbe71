import { CompiledQuery } from 'kysely';
import type { Database } from '../database.ts';

/**
 * A piece of a statement: text, and between its parts values or other pieces. The searches are put together from many of these for each
 * request, so a piece is only what it was made of until the whole is written once.
 */
export class Sql {
  readonly parts: readonly string[];
  readonly values: readonly unknown[];

  constructor(parts: readonly string[], values: readonly unknown[]) {
    this.parts = parts;
    this.values = values;
  }

  /** The whole as text with `$1`, `$2`, … and their values. */
  compile(): { text: string; values: unknown[] } {
    const values: unknown[] = [];
    return { text: written(this, '', values), values };
  }

  /** Runs the whole, planned for its values. */
  async execute<Row>(db: Pick<Database, 'kysely'>): Promise<{ rows: Row[] }> {
    const { text, values } = this.compile();
    return executed(db, text, values);
  }
}

/** A statement, planned for its values. */
export const executed = <Row>(
  db: Pick<Database, 'kysely'>,
  text: string,
  values: unknown[],
): Promise<{ rows: Row[] }> => db.kysely.executeQuery<Row>(CompiledQuery.raw(text, values));

const COMMA = new Sql([', '], []);

/** A value in the text becomes a parameter, a piece a part of the text. */
export const sql = Object.assign(
  (parts: TemplateStringsArray, ...values: readonly unknown[]): Sql => new Sql(parts, values),
  {
    /** Text of ours as it stands, never a client's. */
    raw: (text: string): Sql => new Sql([text], []),
    /** Values or pieces, one after the other; a comma between them where nothing else is said. */
    join: (values: readonly unknown[], between: Sql = COMMA): Sql => {
      if (values.length === 0) return new Sql([''], []);
      const separator = between.parts[0] ?? '';
      return new Sql(['', ...values.slice(1).map(() => separator), ''], values);
    },
  },
);

function written(piece: Sql, before: string, into: unknown[]): string {
  const { parts, values } = piece;
  let text = before + (parts[0] ?? '');
  for (let at = 0; at < values.length; at += 1) {
    const value = values[at];
    if (value instanceof Sql) text = written(value, text, into);
    else text += `$${into.push(value)}`;
    text += parts[at + 1] ?? '';
  }
  return text;
}
