/**
 * The fold of one patient, with no database: five years of weekly reports of fourteen terms, as a late report or an amendment makes it
 * necessary. CPU time of the process, the median of many. Run by `npm run bench:fold`; asked for: below 20 ms.
 */
import { fold } from '../src/rules/episodes.ts';
import type { Finding, Report } from '../src/rules/finding.ts';
import { compilePolicy } from '../src/rules/policy.ts';
import { writeState } from '../src/rules/state-packed.ts';
import { ACTIVE, DEMONSTRATION } from './policy-sets.ts';

const WEEKS = 260;
const TERMS = 14;
const TURNS = 60;
const WANTED_MS = 20;
const WEEK = 7 * 86_400_000;

const next = chance(1);
const reports = Array.from({ length: WEEKS }, (_, week): Report => {
  const at = new Date(Date.UTC(2021, 0, 4, 8) + week * WEEK).toISOString();
  const id = `0192f3a0-7b1c-8000-8000-${String(week).padStart(12, '0')}`;
  return {
    source: { type: 'QuestionnaireResponse', id, version: 1 },
    at,
    day: at.slice(0, 10),
    baseline: week === 0,
    findings: Array.from({ length: TERMS }, (_, term) => finding(`PROCTCAE_${term + 1}_COMP`)),
  };
});

for (const [name, list] of [
  ['the demonstration alone', DEMONSTRATION],
  ['all that ship and are active', ACTIVE],
] as const) {
  const policies = list.map(compilePolicy);
  const taken = Array.from({ length: TURNS }, () => {
    const before = process.cpuUsage();
    fold(reports, policies, { gender: 'female', birthDate: '1960' });
    const { user, system } = process.cpuUsage(before);
    return (user + system) / 1000;
  }).sort((a, b) => a - b);
  const { state, episodes, steps } = fold(reports, policies, { gender: 'female', birthDate: '1960' });
  const median = taken[TURNS / 2] ?? 0;
  process.stdout.write(
    `${name} (${policies.length}): ${median.toFixed(1)} ms, at best ${(taken[0] ?? 0).toFixed(1)} ms; ${steps.length} steps, ` +
      `${episodes.length} episodes, state of ${writeState(state).length} characters; asked for: < ${WANTED_MS} ms\n`,
  );
}

/** Mostly grade 0 or 1, one in three anything, one in twenty without an answer. */
function finding(term: string): Finding {
  const base = { term, system: 'pro-ctcae', version: '1.0', kind: 'composite', dataQuality: [] } as const;
  if (next(20) === 0) {
    return {
      ...base,
      outcome: { kind: 'not-gradable', reason: 'not-answered', missing: ['severity'] },
      attributes: {},
    };
  }
  const grade = next(3) === 0 ? next(4) : next(2);
  const answer = { state: 'answered', value: grade, linkId: `${term}-severity` } as const;
  return { ...base, outcome: { kind: 'graded', grade }, attributes: { severity: answer } };
}

/** A small generator with a seed, so that each run folds the same. */
function chance(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return Math.floor(state / 65_536) % below;
  };
}
