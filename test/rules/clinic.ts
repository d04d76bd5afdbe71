import type { FoldState, Said } from '../../src/rules/episode.ts';
import { EMPTY, fold, isNext, step } from '../../src/rules/episodes.ts';
import type { Report } from '../../src/rules/finding.ts';
import { advance, type FlagChange, type LedgerRow, reconcile } from '../../src/rules/flags.ts';
import type { Policy } from '../../src/rules/policy.ts';
import { shownSignature } from '../../src/rules/signature.ts';
import { readState, writeState } from '../../src/rules/state-packed.ts';

/** The write path in small: one step when a report is next, else all again. Reports are amended and retracted by id. */
export class Clinic {
  readonly policies: readonly Policy[];
  reports = new Map<string, Report>();
  /** Ids ever received: a report that comes back after it was retracted is no first one. */
  known = new Set<string>();
  ledger: (LedgerRow & { said?: Said | undefined })[] = [];
  state: FoldState = EMPTY;

  constructor(policies: readonly Policy[]) {
    this.policies = policies;
  }

  receive(one: Report): void {
    const known = this.known.has(one.source.id);
    this.known.add(one.source.id);
    this.reports.set(one.source.id, one);
    if (known || !isNext(this.state, one)) {
      this.refold();
      return;
    }
    const { state, steps } = step(readState(writeState(this.state)), one, this.policies, {});
    this.state = state;
    const open = this.ledger.filter(({ status }) => status === 'active');
    this.write(
      advance(
        open,
        steps.flatMap(({ episodeAfter }) => episodeAfter ?? []),
      ),
    );
  }

  retract(id: string): void {
    this.reports.delete(id);
    this.refold();
  }

  refold(): void {
    const { state, episodes } = fold([...this.reports.values()], this.policies, {});
    this.state = state;
    this.write(reconcile(this.ledger, episodes));
  }

  write(changes: readonly FlagChange[]): void {
    for (const change of changes) {
      if (change.kind === 'retract') {
        change.row.status = 'entered-in-error';
        change.row.version += 1;
        continue;
      }
      const { episode, kind } = change;
      const { term, origin, start, end } = episode;
      const status = episode.status === 'open' ? 'active' : 'inactive';
      const shown = episode.shown ?? episode;
      const now =
        kind === 'ledger-only'
          ? ({ start, end, status, signature: change.row.signature } as const)
          : ({ start, end, status, signature: shownSignature(shown), said: shown.said } as const);
      if (kind === 'create') {
        if (this.ledger.some((row) => row.term === term && row.origin === origin))
          throw new Error('an identity given twice');
        this.ledger.push({ flagId: `${term} ${origin}`, version: 1, term, origin, ...now });
      } else if (kind !== 'none')
        Object.assign(change.row, now, { version: change.row.version + (kind === 'update' ? 1 : 0) });
    }
  }

  /** What an EHR sees, apart from which report the identity names. */
  seen(): string[] {
    return this.ledger
      .filter(({ status }) => status !== 'entered-in-error')
      .map(({ term, start, end, signature }) => `${term} ${start} ${end} ${signature}`)
      .sort();
  }
}

/** A small generator with a seed, so that a failure can be repeated. */
export function chance(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return Math.floor(state / 65_536) % below;
  };
}

export function shuffled<T>(list: readonly T[], next: (below: number) => number): T[] {
  const out = [...list];
  for (let i = out.length - 1; i > 0; i--) {
    const j = next(i + 1);
    [out[i], out[j]] = [out[j] as T, out[i] as T]; // both lie within the list
  }
  return out;
}
