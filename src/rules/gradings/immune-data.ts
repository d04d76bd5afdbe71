import json from '../../../profiles/gradings/astct.json' with { type: 'json' };
import type { ScoreData } from './scores/score.ts';

/** ASTCT 2019: the data of CRS, ICE and ICANS. */
// The compiler reads every string of the file as `string`; that it is whole is checked at start.
export const ASTCT = json as unknown as AstctData;

export interface AstctData extends ScoreData {
  crs: {
    prerequisite: { fever: { op: '>='; value: number; unit: 'Cel' } };
    grades: readonly { grade: number; oxygen?: { op: string; value: number; unit: string } }[];
  };
  ice: { interpretation: readonly { range: readonly [number, number]; if?: string; icansByIce: number }[] };
  icans: { grades: readonly { grade: number; capd?: { op: string; value: number } }[] };
}

/** What is wrong with the numbers that the code reads out of the data, empty when they are whole. */
export function astctFaults({ crs, ice, icans }: AstctData): string[] {
  const faults: string[] = [];
  const { op, value, unit } = crs.prerequisite.fever;
  if (op !== '>=' || !(value > 0) || unit !== 'Cel')
    faults.push('CRS: the fever is not a temperature in Cel and above');
  const flow = crs.grades.find(({ grade }) => grade === 2)?.oxygen;
  if (flow?.op !== '<=' || !(flow.value > 0) || flow.unit !== 'L/min') faults.push('CRS: the low flow is not in L/min');
  const capd = icans.grades.find(({ grade }) => grade === 3)?.capd;
  if (capd?.op !== '>=' || !(capd.value > 0)) faults.push('ICANS: CAPD of grade 3 has no lower bound');
  for (const table of [crs.grades, icans.grades]) {
    if (table.map(({ grade }) => grade).join() !== '1,2,3,4,5') faults.push('the grades are not 1 to 5');
  }
  for (let total = 0; total <= 10; total++) {
    const rows = ice.interpretation.filter(
      (row) => row.if === undefined && row.range[0] <= total && total <= row.range[1],
    );
    if (rows.length !== 1) faults.push(`ICE ${total} has ${rows.length} grades, expected 1`);
  }
  return faults;
}
