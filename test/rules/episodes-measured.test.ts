import t from 'tap';
import { baselinesWith } from '../../src/rules/episodes-measured.ts';
import type { Report } from '../../src/rules/finding.ts';

const KG = '29463-7';
const POTASSIUM = '2823-3';

/** A report that records baselines. */
const recording = (id: string, measured: Report['measured']): Report => ({
  source: { type: 'QuestionnaireResponse', id, version: 1 },
  at: '2026-11-01T08:00:00.000Z',
  day: '2026-11-01',
  baseline: true,
  findings: [],
  measured,
});

t.test('a number that no patient has is no baseline: the one before it stays', async (t) => {
  const first = baselinesWith({}, recording('first', [{ loinc: [KG], value: 80, unit: 'kg' }]));
  t.match(first, { [KG]: { value: 80, unit: 'kg' } });
  for (const value of [70_000, 650.1, 0.99, 0]) {
    t.same(baselinesWith(first, recording('later', [{ loinc: [KG], value, unit: 'kg' }])), first, `${value} kg`);
  }
  for (const value of [650, 1]) {
    const later = baselinesWith(first, recording('later', [{ loinc: [KG], value, unit: 'kg' }]));
    t.match(later, { [KG]: { value, source: { id: 'later' } } }, `${value} kg`);
  }
  const both = recording('both', [
    { loinc: [KG], value: 800, unit: 'kg' },
    { loinc: [POTASSIUM], value: 4, unit: 'meq/L' },
  ]);
  t.match(baselinesWith(first, both), { [KG]: { value: 80 }, [POTASSIUM]: { value: 4 } });
  const potassium = recording('p', [{ loinc: [POTASSIUM], value: 9000, unit: 'meq/L' }]);
  t.same(baselinesWith(first, potassium), first, 'in any unit of the analyte');
});
