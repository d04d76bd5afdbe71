import { appendFileSync, readFileSync } from 'node:fs';

/** What a writer sent, before the first byte left, and what it was told. One line of JSON each, on disk at once. */
export type Entry =
  | { did: 'sent'; what: 'create' | 'amend'; identifier: string; patient: string; body: string; ifMatch?: number }
  | { did: 'acknowledged'; what: 'create' | 'amend'; identifier: string; id: string; version: number; status: number };

export class Journal {
  readonly #file: string;

  constructor(file: string) {
    this.#file = file;
  }

  write(entry: Entry): void {
    appendFileSync(this.#file, `${JSON.stringify(entry)}\n`);
  }

  read(): Entry[] {
    return readFileSync(this.#file, 'utf8')
      .split('\n')
      .filter(Boolean)
      .map((line): Entry => JSON.parse(line));
  }
}

/** One response as its writer knows it: the acknowledged versions, oldest first, and what was sent and never acknowledged. */
export interface Known {
  identifier: string;
  patient: string;
  id: string;
  acknowledged: { version: number; body: string }[];
  pending?: string;
}

/** All that the journals say, by identifier. */
export function recall(journals: readonly Journal[]): Map<string, Known> {
  const known = new Map<string, Known>();
  for (const entry of journals.flatMap((journal) => journal.read())) {
    const { identifier } = entry;
    if (entry.did === 'sent') {
      const one = known.get(identifier) ?? { identifier, patient: entry.patient, id: '', acknowledged: [] };
      known.set(identifier, { ...one, pending: entry.body });
      continue;
    }
    const one = known.get(identifier);
    if (one?.pending === undefined) throw new Error(`${identifier} was acknowledged and never sent`);
    const { pending, ...rest } = one;
    const acknowledged = [...one.acknowledged, { version: entry.version, body: pending }];
    known.set(identifier, { ...rest, id: entry.id, acknowledged });
  }
  return known;
}
