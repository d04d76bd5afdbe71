import { gradesOf, letter } from './pro-ctcae-composite.ts';
import { type ItemLibrary, measureOf, type ProCtcaeData } from './pro-ctcae-data.ts';

/** Published counts. Source: NCI PRO-CTCAE v1.0 (124 items, numbered 1-80); Basch et al. 2021 (179 combinations). */
const PUBLISHED = { items: 124, groups: 80, rows: 179 };
const ORDER = ['frequency', 'severity', 'interference', 'amount', 'presence'];

/** Everything that is wrong with the item library and the composite table; empty when both are whole. */
export function proCtcaeFaults(data: ProCtcaeData): readonly string[] {
  return [...sourceFaults(data), ...itemFaults(data.items), ...tableFaults(data)];
}

function sourceFaults({ items, composite }: ProCtcaeData): string[] {
  return Object.entries({ items, composite })
    .filter(([, { source }]) => source.length === 0 || source.some(({ id, document }) => !id || !document))
    .map(([part]) => `${part}: a source document is not given`);
}

function itemFaults(library: ItemLibrary): string[] {
  const faults: string[] = [];
  const items = library.terms.flatMap((term) => term.items);
  expectEqual(faults, 'items', items.length, PUBLISHED.items);
  expectEqual(faults, 'numbered groups', library.terms.length, PUBLISHED.groups);
  library.terms.forEach(({ number }, index) => {
    expectEqual(faults, `number of group ${index + 1}`, number, index + 1);
  });
  for (const key of ['itemId', 'nciThesaurusCode'] as const) {
    expectEqual(faults, `different values of ${key}`, new Set(items.map((item) => item[key])).size, items.length);
  }
  for (const { number, attributeList, items: own } of library.terms) {
    const places = attributeList.map((attribute) => ORDER.indexOf(attribute));
    if (places.includes(-1) || places.some((place, index) => place <= (places[index - 1] ?? -1))) {
      faults.push(`group ${number}: attributes ${attributeList.join()} are unknown or out of order`);
    }
    expectEqual(faults, `items of group ${number}`, own.map((item) => item.attribute).join(), attributeList.join());
    own.forEach(({ itemId, attribute, scale, nciThesaurusCode }, index) => {
      const kind = attribute === 'presence' ? 'IND' : 'SCL';
      expectEqual(faults, `item id`, itemId, `PROCTCAE_${number}${'ABC'.charAt(index)}_${kind}`);
      if (!/^C\d+$/.test(nciThesaurusCode)) faults.push(`${itemId}: ${nciThesaurusCode} is no NCIt code`);
      if (!library.scales[scale] || measureOf(scale) !== attribute)
        faults.push(`${itemId}: scale ${scale} does not fit`);
    });
  }
  for (const [name, scale] of Object.entries(library.scales)) {
    const codes = measureOf(name) === 'presence' ? '0,1' : '0,1,2,3,4';
    expectEqual(faults, `codes of scale ${name}`, scale.values.map(({ code }) => code).join(), codes);
    for (const option of scale.optOut ?? []) {
      if (!library.optOutOptions[option]) faults.push(`scale ${name}: opt-out ${option} is unknown`);
    }
  }
  if (!library.freeText.cdisc.some(({ ncit }) => ncit)) faults.push('the item "any other symptom" has no NCIt code');
  return faults;
}

function tableFaults({ items, composite }: ProCtcaeData): string[] {
  const faults: string[] = [];
  const tables = Object.entries(composite.tables);
  expectEqual(
    faults,
    'rows of all composite tables',
    tables.reduce((sum, [, { rows }]) => sum + rows.length, 0),
    PUBLISHED.rows,
  );
  for (const [group, table] of tables) {
    expectEqual(faults, `stated rows of ${group}`, composite.counts[group], table.rows.length);
    const scores = table.rows.map((row) => table.attributes.map((attribute) => row[letter(attribute)]).join());
    expectEqual(faults, `different rows of ${group}`, new Set(scores).size, table.rows.length);
    if (gradesOf(table).includes(undefined))
      faults.push(`composite table ${group}: a combination of scores is missing`);
    if (table.rows.some(({ grade }) => ![0, 1, 2, 3].includes(grade)))
      faults.push(`composite table ${group}: a grade is not 0-3`);
    const zeros = table.rows.filter((row) => table.attributes[0] && row[letter(table.attributes[0])] === 0);
    if (zeros.some(({ grade }) => grade !== 0)) faults.push(`composite table ${group}: a leading 0 is not graded 0`);
    expectEqual(faults, `groups of ${group}`, termsOf(items, group), table.groups.join());
    for (const { number, attributeList, compositeGroup } of items.terms) {
      if (compositeGroup === group && attributeList.join() !== table.attributes.join()) {
        faults.push(`group ${number}: attributes are not those of table ${group}`);
      }
    }
  }
  for (const { number, compositeGroup } of items.terms) {
    if (compositeGroup !== null && !composite.tables[compositeGroup])
      faults.push(`group ${number}: no table ${compositeGroup}`);
  }
  expectEqual(faults, 'groups without composite', termsOf(items, null), composite.presenceGroups.groups.join());
  return faults;
}

function termsOf(items: ItemLibrary, group: string | null): string {
  return items.terms
    .filter(({ compositeGroup }) => compositeGroup === group)
    .map(({ number }) => number)
    .join();
}

function expectEqual<T>(faults: string[], what: string, is: T, expected: T): void {
  if (is !== expected) faults.push(`${what}: ${is}, expected ${expected}`);
}
