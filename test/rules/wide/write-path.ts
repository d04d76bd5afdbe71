import type { FoldState } from '../../../src/rules/episode.ts';
import { EMPTY, fold, isNext } from '../../../src/rules/episodes.ts';
import type { Report } from '../../../src/rules/finding.ts';
import { advance, type LedgerRow, reconcile } from '../../../src/rules/flags.ts';
import { allLabels } from '../../../src/rules/resources/all-labels.ts';
import { flagOf } from '../../../src/rules/resources/flag.ts';
import { shownSignature } from '../../../src/rules/signature.ts';
import { readState, writeState } from '../../../src/rules/state-packed.ts';
import { type Arrival, keyOf } from './arrivals.ts';
import { policiesOf } from './policies.ts';

const labels = allLabels();

/** The write path in small, with its Flags whole: one step where a report is next, else all again. */
export class WritePath {
  readonly reports = new Map<string, Report>();
  readonly ledger: (LedgerRow & { flag: string })[] = [];
  state: FoldState = EMPTY;
  readonly #known = new Set<string>();

  take(arrival: Arrival): void {
    if ('retract' in arrival) {
      if (this.reports.delete(arrival.retract)) this.#follow(false, [...this.reports.values()]);
      return;
    }
    const key = keyOf(arrival.put);
    const inOrder = !this.#known.has(key) && isNext(this.state, arrival.put);
    this.#known.add(key);
    this.reports.set(key, arrival.put);
    this.#follow(inOrder, inOrder ? [arrival.put] : [...this.reports.values()]);
  }

  /** What an EHR sees, apart from which report the identity names. */
  seen(): string[] {
    const current = this.ledger.filter(({ status }) => status !== 'entered-in-error');
    return current.map(({ start, end, flag }) => `${start} ${end} ${flag}`).sort();
  }

  #follow(inOrder: boolean, reports: readonly Report[]): void {
    const from = inOrder ? readState(writeState(this.state)) : undefined;
    const folded = fold(reports, policiesOf, {}, from);
    this.state = folded.state;
    const rows = inOrder ? this.ledger.filter(({ status }) => status === 'active') : this.ledger;
    for (const change of (inOrder ? advance : reconcile)(rows, folded.episodes)) {
      if (change.kind === 'none') continue;
      if (change.kind === 'retract') {
        Object.assign(change.row, { status: 'entered-in-error', version: change.row.version + 1, signature: '' });
        continue;
      }
      const { episode, kind } = change;
      const { term, origin, start, end } = episode;
      const status = episode.status === 'open' ? 'active' : 'inactive';
      if (kind === 'ledger-only') {
        Object.assign(change.row, { start, end, status });
        continue;
      }
      const shown = episode.shown ?? episode;
      const flag = JSON.stringify(
        flagOf(shown, {
          patient: 'Patient/p',
          identifier: 'x',
          device: 'Device/d',
          research: false,
          language: 'en',
          observations: [shown.opening, shown.latest].map(({ id }) => `Observation/${id}.${term}`),
          labels,
        }),
      );
      const now = {
        start,
        status,
        signature: shownSignature(shown),
        flag,
        ...(end === undefined ? {} : { end }),
      } as const;
      if (kind === 'update') {
        Object.assign(change.row, { end: undefined }, now, { version: change.row.version + 1 });
        continue;
      }
      if (this.ledger.some((row) => row.term === term && row.origin === origin))
        throw new Error('an identity given twice');
      this.ledger.push({ flagId: `${term} ${origin}`, version: 1, term, origin, ...now });
    }
  }
}
