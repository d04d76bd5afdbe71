import type { Control } from './controls.ts';
import { isNamed, type RunTest } from './test-names.ts';

/** What a run of a test file came to: whether it passed, and all that it said. */
export interface TestRun {
  passed: boolean;
  said: string;
}

/**
 * The controls of these ids, all without any. Throws a RangeError, which names what is known, for an id that is none; and for a control that takes
 * nothing out: its test would be said to miss it, or not, whatever it shows.
 */
export function chosen(controls: readonly Control[], ids: readonly string[]): readonly Control[] {
  const unknown = ids.filter((id) => !controls.some((one) => one.id === id));
  if (unknown.length > 0) {
    const known = controls.map(({ id }) => id).join(', ');
    throw new RangeError(`No control is called ${unknown.join(', ')}; there are ${known}`);
  }
  const same = controls.filter(({ code }) => code.from === code.to).map(({ id }) => id);
  if (same.length > 0)
    throw new RangeError(`Nothing is taken out by ${same.join(', ')}: what stands in its place is the same`);
  return ids.length === 0 ? controls : controls.filter(({ id }) => ids.includes(id));
}

/**
 * What the two runs of a test file show, `whole` with the control in place and `without` it; `named` are the tests that are named for it. `caught` only
 * where all pass with it, and one of those fails without it.
 */
export function verdict(named: readonly RunTest[], whole: TestRun, without: TestRun): string {
  if (named.length === 0) return 'NOT CAUGHT: the named test does not surely run';
  if (!whole.passed) return 'NOT CAUGHT: its test file fails with the control in place';
  if (without.passed) return 'NOT CAUGHT';
  const failed = failures(without.said);
  if (failed.some((path) => path.some((name) => isNamed(named, name)))) return 'caught';
  return failed.length > 0 ? 'caught by another test only' : 'NOT CAUGHT: without it nothing could be run';
}

/** Of each line `FAILED group: test > subtest > assertion` the names in it. */
const failures = (said: string): string[][] =>
  [...said.matchAll(/^FAILED [\w-]+: (.*)$/gm)].map(([, path = '']) => path.split(' > '));
