import t from 'tap';
import { type Compartment, everyone } from '../../src/fhir/compartment.ts';
import { parseQuery } from '../../src/fhir/query.ts';
import { search } from '../../src/store/search.ts';
import { testApp } from '../support/app.ts';
import { fill } from '../support/searching.ts';

const A = 'https://example.org/a';

t.test('a search shows nobody what they may not see, by whatever way it goes', async (t) => {
  const app = await testApp({ demoPolicy: false });
  t.teardown(() => app.close());
  const { known } = await fill(app, {
    mine: { resourceType: 'Patient', name: [{ family: 'Mine' }], identifier: [{ system: A, value: '1' }] },
    theirs: { resourceType: 'Patient', name: [{ family: 'Theirs' }], identifier: [{ system: A, value: '2' }] },
    o1: observation('@mine', 'a'),
    o2: observation('@theirs', 'a'),
    o3: { ...observation('@theirs', 'b'), derivedFrom: [{ reference: 'Observation/@o1' }] },
    o4: { ...observation('@mine', 'c'), derivedFrom: [{ reference: 'Observation/@o2' }] },
  });
  const owner: Compartment = { tenant: 1, patient: { id: known('@mine') } };
  const otherTenant: Compartment = { tenant: 2, patient: { id: known('@mine') } };
  const found = async (within: Compartment, path: string): Promise<string[]> => {
    const [type = '', text = ''] = known(path).split('?');
    const query = parseQuery(app.deps.registry, type, new URLSearchParams(text), {
      strict: true,
      baseUrl: app.deps.baseUrl,
      now: new Date(),
    });
    const { matches, included } = await search(app.deps.db, within, query, app.deps.baseUrl);
    return [...matches, ...included].map(({ id }) => names.get(id) ?? id).sort();
  };
  const names = new Map(['mine', 'theirs', 'o1', 'o2', 'o3', 'o4'].map((name) => [known(`@${name}`), name]));

  /** Path, what all may see, what the patient may. */
  const cases: [string, string[], string[]][] = [
    ['Observation?code=a', ['o1', 'o2'], ['o1']],
    ['Observation?code:text=x', ['o1', 'o2', 'o3', 'o4'], ['o1', 'o4']],
    ['Observation?patient.family=mine', ['o1', 'o4'], ['o1', 'o4']],
    ['Observation?patient.family=theirs', ['o2', 'o3'], []],
    [`Observation?patient.identifier=${A}|2`, ['o2', 'o3'], []],
    ['Observation?derived-from:Observation.patient.family=theirs', ['o4'], []],
    ['Observation?derived-from:Observation.code=a', ['o3', 'o4'], []],
    ['Patient?_has:Observation:patient:code=a', ['mine', 'theirs'], ['mine']],
    ['Patient?_has:Observation:patient:code=b', ['theirs'], []],
    ['Observation?_has:Observation:derived-from:code=b', ['o1'], []],
    ['Observation?_has:Observation:derived-from:code=c', ['o2'], []],
    ['Patient?_has:Observation:patient:_has:Observation:derived-from:code=b', ['mine'], []],
    ['Observation?_id=@o4&_include=Observation:derived-from', ['o2', 'o4'], ['o4']],
    ['Observation?_id=@o1&_revinclude=Observation:derived-from', ['o1', 'o3'], ['o1']],
    ['Observation?_id=@o1&_include=*&_revinclude=*', ['mine', 'o1', 'o3'], ['mine', 'o1']],
    [
      'Observation?_id=@o4&_include=Observation:derived-from&_include:iterate=Observation:subject',
      ['mine', 'o2', 'o4', 'theirs'],
      ['mine', 'o4'],
    ],
    ['Patient?name:missing=false', ['mine', 'theirs'], ['mine']],
    ['Patient?name:contains=e', ['mine', 'theirs'], ['mine']],
    ['Patient?_sort=family', ['mine', 'theirs'], ['mine']],
    ['Observation?code:not=b', ['o1', 'o2', 'o4'], ['o1', 'o4']],
    ['Observation?_id:not=@o1', ['o2', 'o3', 'o4'], ['o4']],
    ['Observation?date:missing=true', ['o1', 'o2', 'o3', 'o4'], ['o1', 'o4']],
    ['Observation?_tag:not=x&component-code-value-quantity=a$1', [], []],
  ];
  for (const [path, all, own] of cases) {
    t.strictSame(await found(everyone(), path), all, path);
    t.strictSame(await found(owner, path), own, `${path}, for the patient`);
    t.strictSame(await found(otherTenant, path), [], `${path}, in another tenant`);
    t.strictSame(await found(everyone(2), path), [], `${path}, for all of another tenant`);
  }
});

const observation = (patient: string, code: string) => ({
  resourceType: 'Observation',
  status: 'final',
  code: { coding: [{ system: A, code }], text: 'x' },
  subject: { reference: `Patient/${patient}` },
});
