import t from 'tap';
import { isUponCurrent, type Preconditions } from '../../src/fhir/preconditions.ts';

const cases: [ifMatch: Preconditions['ifMatch'], current: number | undefined, is: boolean][] = [
  [4, 4, true],
  [[4], 4, true],
  [[4, 4], 4, true],
  [[3], 4, false],
  [[3, 4], 4, false],
  [[4, 5], 4, false],
  [[], 4, false],
  [[4], undefined, false],
  ['*', 4, false],
  [undefined, 4, false],
];
for (const [ifMatch, current, is] of cases) {
  t.test(`If-Match ${JSON.stringify(ifMatch)} ${is ? 'says' : 'does not say'} that ${current} was read`, async (t) => {
    t.equal(isUponCurrent(ifMatch === undefined ? {} : { ifMatch }, current), is);
  });
}
