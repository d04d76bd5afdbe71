import t from 'tap';
import { fold } from '../../src/rules/episodes.ts';
import type { Report } from '../../src/rules/finding.ts';
import { writeState } from '../../src/rules/state-packed.ts';
import { often } from '../support/often.ts';
import { chance } from './clinic.ts';
import { type Arrival, arrivals } from './wide/arrivals.ts';
import { policiesOf } from './wide/policies.ts';
import { WritePath } from './wide/write-path.ts';

const SEASONS = often(150);

/** What is wrong with a season; undefined when it comes to what its reports come to in the order of their symptom times. */
function wrong(season: readonly Arrival[]): string | undefined {
  try {
    const path = new WritePath();
    for (const arrival of season) path.take(arrival);
    const reports = [...path.reports.values()].sort(byPosition);
    const whole = writeState(fold(reports, policiesOf, {}).state);
    const inOrder = new WritePath();
    for (const put of reports) inOrder.take({ put });
    if (writeState(inOrder.state) !== whole) return 'step by step is not the fold';
    if (writeState(path.state) !== whole) return 'the state depends on the order of arrival';
    if (path.seen().join('\n') !== inOrder.seen().join('\n')) return 'the Flags depend on the order of arrival';
    const open = path.ledger.filter(({ status }) => status === 'active').map(({ term }) => term);
    return new Set(open).size < open.length ? 'two open Flags of one term' : undefined;
  } catch (error) {
    return `throws ${error}`;
  }
}

function byPosition(a: Report, b: Report): number {
  const [one, other] = [a, b].map(({ at, source }) => `${at} ${source.id} ${source.type}`);
  return `${one}` < `${other}` ? -1 : 1;
}

/** The fewest arrivals that are still wrong in the same way: any part of a season is one. */
function reduced(season: readonly Arrival[], isWrong: (part: readonly Arrival[]) => boolean): readonly Arrival[] {
  let least = season;
  for (let place = 0; place < least.length; ) {
    const without = least.filter((_, index) => index !== place);
    if (isWrong(without)) least = without;
    else place += 1;
  }
  return least;
}

t.test(`${SEASONS} seasons of all that may arrive come to what they come to in order`, async (t) => {
  const seen = new Map<string, number>();
  for (let seed = 1; seed <= SEASONS; seed++) {
    const season = arrivals(chance(seed));
    const what = wrong(season);
    if (what !== undefined) {
      const least = reduced(season, (part) => wrong(part) === what);
      t.fail(`seed ${seed}: ${what}`, { arrivals: least.map((one) => JSON.stringify(one)) });
      break;
    }
    const puts = season.flatMap((one) => ('put' in one ? [one.put] : []));
    const { steps } = fold(
      [...new Map(puts.map((one) => [`${one.source.type}/${one.source.id}`, one])).values()],
      policiesOf,
      {},
    );
    for (const { transition, held, episodeAfter } of steps) {
      for (const one of [
        transition,
        held && 'held',
        episodeAfter?.reopens && 'reopened',
        episodeAfter?.raised && 'raised',
      ]) {
        if (one) seen.set(one, (seen.get(one) ?? 0) + 1);
      }
    }
  }
  for (const one of [
    'none',
    'open',
    'worse',
    'same',
    'better',
    'close',
    'kept',
    'merge',
    'held',
    'reopened',
    'raised',
  ]) {
    t.ok((seen.get(one) ?? 0) >= 5, `${seen.get(one)} ${one}: the seasons are no idle ones`);
  }
});

t.test('a case that is wrong is told as its least', async (t) => {
  const season = arrivals(chance(3));
  const [first, ...others] = season;
  const last = others.at(-1);
  t.ok(first && last && season.length > 5);
  const needed = (part: readonly Arrival[]) => part.some((one) => one === first) && part.some((one) => one === last);
  t.same(reduced(season, needed), [first, last]);
});
