import t from 'tap';
import { LOINC } from '../../src/fhir/canonical.ts';
import { NOW, testApp } from '../support/app.ts';
import { fill } from '../support/searching.ts';

const BASE = 'http://localhost:8080/fhir';
const A = 'https://example.org/a';
const UCUM = 'http://unitsofmeasure.org';

const observation = (more: object) => ({ resourceType: 'Observation', status: 'final', code: { text: 'x' }, ...more });
const quantity = (value: number, code: string, system: string = UCUM) => ({ value, unit: code, system, code });
const measured = (value: number, code: string, system?: string) =>
  observation({ valueQuantity: quantity(value, code, system) });
const component = (code: string, value: number) => ({
  code: { coding: [{ system: LOINC, code }] },
  valueQuantity: quantity(value, 'mm[Hg]'),
});
const at = (effectiveDateTime: string) =>
  observation({ effectiveDateTime, code: { coding: [{ system: A, code: 'clock' }] } });
const form = (url: string, more: object = {}) => ({
  resourceType: 'Questionnaire',
  url,
  status: 'active',
  item: [{ linkId: 'a', type: 'string', text: 'a' }],
  ...more,
});

const RESOURCES: Record<string, object> = {
  org: { resourceType: 'Organization', name: 'Institut du Cancer', identifier: [{ system: A, value: 'O1' }] },
  org2: { resourceType: 'Organization', name: 'Hôpital', partOf: { reference: 'Organization/@org' } },
  muller: {
    resourceType: 'Patient',
    active: true,
    gender: 'female',
    birthDate: '1961-05-04',
    name: [{ family: 'Müller', given: ['Anne', 'Zoë'], text: 'Dr Anne Müller' }, { family: 'Le  Goff' }],
    address: [{ line: ['12 rue des Lilas'], city: 'Villejuif', postalCode: '94800', country: 'FR' }],
    identifier: [
      {
        system: A,
        value: 'M1',
        type: {
          coding: [{ system: 'http://terminology.hl7.org/CodeSystem/v2-0203', code: 'MR' }],
          text: 'Dossier médical',
        },
      },
    ],
    managingOrganization: { reference: 'Organization/@org2' },
    meta: { tag: [{ system: A, code: 'cohort' }], profile: ['https://example.org/StructureDefinition/p'] },
  },
  mullery: {
    resourceType: 'Patient',
    active: false,
    gender: 'male',
    name: [{ family: 'MULLERY' }],
    meta: { profile: ['https://example.org/StructureDefinition/p/q|1'], source: 'https://example.org/src/a' },
    identifier: [{ system: A, value: 'M2' }],
  },
  odd: {
    resourceType: 'Patient',
    name: [{ family: "O'Brien 100%_\\" }],
    managingOrganization: { reference: 'Organization/@org' },
  },
  bare: { resourceType: 'Patient' },
  mg5: measured(5, 'mg'),
  g5: measured(0.005, 'g'),
  mg54: measured(5.4, 'mg'),
  mg535: measured(5.35, 'mg'),
  mg545: measured(5.45, 'mg'),
  cm5: measured(5, 'cm'),
  box5: measured(5, 'box', A),
  below5: observation({ valueQuantity: { ...quantity(5, 'mg'), comparator: '<' } }),
  minus: measured(-5, 'mg'),
  cel: measured(37, 'Cel'),
  bp: observation({
    component: [component('8867-4', 120), component('9279-1', 80)],
    subject: { reference: 'Patient/@muller' },
  }),
  bp2: observation({
    component: [component('8867-4', 80), component('9279-1', 120)],
    subject: { reference: 'Patient/@mullery' },
  }),
  weight: observation({
    code: { coding: [{ system: LOINC, code: '3141-9', display: 'Poids corporel' }], text: 'Weight' },
    valueQuantity: quantity(70, 'kg'),
    subject: { reference: 'Patient/@muller' },
    performer: [{ reference: 'Patient/@mullery' }],
    derivedFrom: [{ reference: 'Observation/@bp' }],
  }),
  text: observation({ code: { coding: [{ code: 'k', display: 'Éruption cutanée' }] }, valueString: 'Rien à signaler' }),
  logical: observation({ subject: { type: 'Patient', identifier: { system: A, value: 'M1' } } }),
  device: {
    resourceType: 'Device',
    identifier: [{ system: A, value: 'D1' }],
    patient: { reference: 'Patient/@muller' },
  },
  winter: at('2026-03-29T01:59:59+01:00'), // 00:59:59Z, the last second of winter time in Paris
  summer: at('2026-03-29T03:00:00+02:00'), // 01:00:00Z, the next one
  first: at('2026-10-25T02:30:00+02:00'), // 00:30Z
  second: at('2026-10-25T02:30:00+01:00'), // 01:30Z, the same on the clock an hour later
  eve: at('2026-10-25T00:30:00+02:00'), // 2026-10-24T22:30Z
  day: at('2026-10-25'),
  valued: observation({ valuePeriod: { start: '2026-01-01', end: '2026-01-31' } }),
  fa: form('https://example.org/forms/a', { title: 'Alpha', version: '1', date: '2026-01-01' }),
  fab: form('https://example.org/forms/a/b', { title: 'Beta', version: '1' }),
  fabc: form('https://example.org/forms/ab', { title: 'alpha', version: '2', date: '2026-01-02' }),
  response: {
    resourceType: 'QuestionnaireResponse',
    status: 'completed',
    questionnaire: 'https://example.org/forms/a|1',
    subject: { reference: 'Patient/@muller' },
    authored: '2026-01-01T10:00:00Z',
  },
  gamma: form('https://example.org/others/c', { title: 'Gamma', version: '1' }),
  unversioned: {
    resourceType: 'QuestionnaireResponse',
    status: 'amended',
    questionnaire: 'https://example.org/others/c',
    subject: { reference: 'Patient/@mullery' },
    authored: '2026-01-02T10:00:00Z',
  },
};

const MEASURED = ['mg5', 'g5', 'mg54', 'mg535', 'mg545', 'cm5', 'box5', 'below5', 'minus', 'cel', 'weight'];
const CLOCK = `code=${A}|clock`;

/** Path, and the names of all that it finds, in any order. */
const CASES: Record<string, [string, string[]][]> = {
  strings: [
    ['/Patient?family=muller', ['muller', 'mullery']],
    ['/Patient?family=M%C3%9CLLER', ['muller', 'mullery']],
    ['/Patient?family=Mu%CC%88ller', ['muller', 'mullery']],
    ['/Patient?family=uller', []],
    ['/Patient?family:contains=uller', ['muller', 'mullery']],
    ['/Patient?family:exact=M%C3%BCller', ['muller']],
    ['/Patient?family:exact=muller', []],
    ['/Patient?family:exact=M%C3%BClle', []],
    ['/Patient?name=zoe', ['muller']],
    ['/Patient?name=anne,mullery', ['muller', 'mullery']],
    ['/Patient?name=dr%20anne', ['muller']],
    ['/Patient?family=le%20goff', ['muller']],
    ['/Patient?given=anne&given=zo', ['muller']],
    ['/Patient?address=villejuif', ['muller']],
    ['/Patient?address=12%20rue', ['muller']],
    ['/Patient?address-city=ville&address-postalcode=948', ['muller']],
    ["/Patient?family=O'Brien", ['odd']],
    ["/Patient?family=O'Brien%20100%25_", ['odd']],
    ['/Patient?family=%25', []],
    ['/Patient?family=_', []],
    ['/Patient?family:contains=%25', ['odd']],
    ['/Patient?family:contains=%25_%5C%5C', ['odd']],
    [`/Patient?family=${'m'.repeat(500)}`, []],
    ["/Patient?family=x' or '1'='1", []],
    ["/Patient?family:contains='); drop table claim; --", []],
    ['/Observation?value-string=rien%20a', ['text']],
  ],
  quantities: [
    ['/Observation?value-quantity=5', ['mg5', 'mg54', 'mg535', 'mg545', 'cm5', 'box5']],
    ['/Observation?value-quantity=5.0', ['mg5', 'cm5', 'box5']],
    [`/Observation?value-quantity=5.0|${UCUM}|mg`, ['mg5', 'g5']],
    [`/Observation?value-quantity=0.0050|${UCUM}|g`, ['mg5', 'g5']],
    [`/Observation?value-quantity=5000|${UCUM}|ug`, ['mg5', 'g5']],
    ['/Observation?value-quantity=5.0||mg', ['mg5']],
    ['/Observation?value-quantity=5||box', ['box5']],
    [`/Observation?value-quantity=5|${A}|box`, ['box5']],
    [`/Observation?value-quantity=5|${A}|mg`, []],
    [`/Observation?value-quantity=5.4|${UCUM}|mg`, ['mg54', 'mg535']],
    [`/Observation?value-quantity=5.40|${UCUM}|mg`, ['mg54']],
    [`/Observation?value-quantity=ne5.4|${UCUM}|mg`, ['mg5', 'g5', 'mg545', 'below5', 'minus', 'weight']],
    [`/Observation?value-quantity=gt5|${UCUM}|mg`, ['mg54', 'mg535', 'mg545', 'weight']],
    [`/Observation?value-quantity=ge5|${UCUM}|mg`, ['mg5', 'g5', 'mg54', 'mg535', 'mg545', 'weight']],
    [`/Observation?value-quantity=lt5|${UCUM}|mg`, ['minus', 'below5']],
    [`/Observation?value-quantity=le5|${UCUM}|mg`, ['mg5', 'g5', 'below5', 'minus']],
    [`/Observation?value-quantity=sa5|${UCUM}|mg`, ['mg54', 'mg535', 'mg545', 'weight']],
    [`/Observation?value-quantity=eb5|${UCUM}|mg`, ['minus', 'below5']],
    [`/Observation?value-quantity=ap5|${UCUM}|mg`, ['mg5', 'g5', 'mg54', 'mg535', 'mg545', 'below5']],
    [`/Observation?value-quantity=-5|${UCUM}|mg`, ['minus']],
    [`/Observation?value-quantity=310.15|${UCUM}|K`, ['cel']],
    [`/Observation?value-quantity=70000|${UCUM}|g`, ['weight']],
    ['/Observation?value-quantity=7e1', ['weight']],
    ['/Observation?value-quantity=70.0||kg', ['weight']],
    [`/Observation?value-quantity=5|${UCUM}|nonsense`, []],
    ['/Observation?value-quantity=4,70', ['weight']],
    ['/Observation?component-value-quantity=120', ['bp', 'bp2']],
    ['/Observation?combo-value-quantity=120', ['bp', 'bp2']],
    ['/Observation?combo-value-quantity=70', ['weight']],
  ],
  missing: [
    ['/Patient?gender:missing=true', ['odd', 'bare']],
    ['/Patient?gender:missing=false', ['muller', 'mullery']],
    ['/Patient?name:missing=true', ['bare']],
    ['/Patient?birthdate:missing=false', ['muller']],
    ['/Patient?organization:missing=false', ['muller', 'odd']],
    ['/Observation?value-quantity:missing=false', MEASURED],
    ['/Patient?_id:missing=true', []],
    ['/Patient?_id:missing=false&gender=male', ['mullery']],
    ['/Patient?_lastUpdated:missing=true', []],
  ],
  'modifiers of tokens': [
    ['/Patient?gender:not=female', ['mullery', 'odd', 'bare']],
    ['/Patient?gender:not=female,male', ['odd', 'bare']],
    ['/Patient?gender:not=|female', ['mullery', 'odd', 'bare']],
    ['/Patient?gender=http://hl7.org/fhir/administrative-gender|female', ['muller']],
    ['/Patient?gender=http://hl7.org/fhir/administrative-gender|', ['muller', 'mullery']],
    ['/Patient?gender=http://hl7.org/fhir/administrative-gender|final', []],
    ['/Patient?gender=https://example.org/a|female', []],
    ['/Patient?gender=https://example.org/a|', []],
    ['/Patient?gender:not=http://hl7.org/fhir/administrative-gender|female', ['mullery', 'odd', 'bare']],
    ['/Patient?gender:not=https://example.org/a|female', ['muller', 'mullery', 'odd', 'bare']],
    ['/Patient?_id:not=@muller,@bare', ['mullery', 'odd']],
    ['/Patient?active=true', ['muller']],
    ['/Patient?active=false', ['mullery']],
    ['/Observation?code:text=weight', ['weight']],
    ['/Observation?code:text=poids', ['weight']],
    ['/Observation?code:text=eruption', ['text']],
    ['/Observation?code:text=corporel', []],
    ['/Patient?identifier:text=dossier', ['muller']],
    ['/Patient?identifier:of-type=http://terminology.hl7.org/CodeSystem/v2-0203|MR|M1', ['muller']],
    ['/Patient?identifier:of-type=http://terminology.hl7.org/CodeSystem/v2-0203|MR|M2', []],
    ['/Patient?identifier:of-type=http://terminology.hl7.org/CodeSystem/v2-0203|SS|M1', []],
    ['/Patient?_tag=cohort', ['muller']],
    [`/Patient?_tag=${A}|cohort`, ['muller']],
    ['/Patient?_profile=https://example.org/StructureDefinition/p', ['muller']],
    ['/Patient?_profile=https://example.org/StructureDefinition/q', []],
    ['/Patient?_profile=https://example.org/StructureDefinition/p/q', ['mullery']],
    ['/Patient?_profile=https://example.org/StructureDefinition/p/q|2', []],
  ],
  'modifiers of references': [
    [`/Observation?subject:identifier=${A}|M1`, ['logical']],
    [`/Observation?patient:identifier=${A}|M1`, ['logical']],
    [`/Observation?subject:identifier=${A}|M2`, []],
    ['/Observation?subject:identifier=M1', ['logical']],
    ['/Observation?patient=@mullery', ['bp2']],
    ['/Observation?performer=Patient/@mullery', ['weight']],
  ],
  uris: [
    ['/Questionnaire?url:below=https://example.org/forms/a', ['fa', 'fab']],
    ['/Questionnaire?url:below=https://example.org/forms/', ['fa', 'fab', 'fabc']],
    ['/Questionnaire?url:below=https://example.org/form', []],
    ['/Questionnaire?url:above=https://example.org/forms/a/b/c', ['fa', 'fab']],
    ['/Questionnaire?url:above=https://example.org/forms/ab', ['fabc']],
    ['/Questionnaire?url=https://example.org/forms/%25', []],
    ['/Questionnaire?url:below=https://example.org/%25', []],
    ['/Patient?_profile:below=https://example.org/StructureDefinition/p', ['muller', 'mullery']],
    ['/Patient?_profile:below=https://example.org/StructureDefinition/p/q', ['mullery']],
    ['/Patient?_profile:below=https://example.org/Structure', []],
    ['/Patient?_profile:above=https://example.org/StructureDefinition/p/r', ['muller']],
    ['/Patient?_source:below=https://example.org/src', ['mullery']],
    ['/Patient?_source:below=https://example.org/src/b', []],
    ['/Patient?_source:above=https://example.org/src/a/b', ['mullery']],
    ['/Observation?patient._source:below=https://example.org/src', ['bp2']],
  ],
  'dates around the clock changes of Paris': [
    [`/Observation?${CLOCK}&date=2026-03-29T01:59:59%2B01:00`, ['winter']],
    [`/Observation?${CLOCK}&date=2026-03-29T03:00:00%2B02:00`, ['summer']],
    [`/Observation?${CLOCK}&date=2026-03-29T01:00:00Z`, ['summer']],
    [`/Observation?${CLOCK}&date=lt2026-03-29T01:00:00Z`, ['winter']],
    [`/Observation?${CLOCK}&date=2026-03-29`, ['winter', 'summer']],
    [`/Observation?${CLOCK}&date=2026-03-29T02:00%2B01:00`, ['summer']],
    [`/Observation?${CLOCK}&date=2026-10-25T02:30:00%2B02:00`, ['first']],
    [`/Observation?${CLOCK}&date=2026-10-25T02:30:00%2B01:00`, ['second']],
    [`/Observation?${CLOCK}&date=2026-10-25`, ['first', 'second', 'day']],
    [`/Observation?${CLOCK}&date=2026-10-24`, ['eve']],
    [
      `/Observation?${CLOCK}&date=ge2026-10-25T00:00:00%2B02:00&date=lt2026-10-26T00:00:00%2B01:00`,
      ['eve', 'first', 'second', 'day'],
    ],
    [`/Observation?${CLOCK}&date=sa2026-10-25T01:00:00Z`, ['second']],
    [`/Observation?${CLOCK}&date=eb2026-10-25T01:00:00Z&date=sa2026-10-24T23:00:00Z`, ['first']],
  ],
  // Now is 2026-11-21T12:00Z: from the 25th of October it is 27.5 days, a tenth of it 66 hours.
  'dates, ap': [
    [`/Observation?${CLOCK}&date=ap2026-10-25`, ['eve', 'first', 'second', 'day']],
    [`/Observation?${CLOCK}&date=ap2026-10-28`, ['day']],
    [`/Observation?${CLOCK}&date=ap2026-11-21`, []],
    ['/Observation?value-date=2026-01', ['valued']],
    ['/Observation?value-date=ap2026-02-01', ['valued']],
    ['/Observation?value-date=gt2026-01-31', []],
    ['/Observation?value-date=ge2026-01-31', []],
    ['/Observation?value-date=ge2026-01', ['valued']],
  ],
  composites: [
    [`/Observation?component-code-value-quantity=${LOINC}|8867-4$120`, ['bp']],
    [`/Observation?component-code-value-quantity=${LOINC}|8867-4$80`, ['bp2']],
    [`/Observation?component-code-value-quantity=8867-4$gt100`, ['bp']],
    [`/Observation?component-code-value-quantity=8867-4$gt100,9279-1$gt100`, ['bp', 'bp2']],
    [`/Observation?component-code-value-quantity=8867-4$gt200`, []],
    [`/Observation?combo-code-value-quantity=8867-4$120`, ['bp']],
    [`/Observation?combo-code-value-quantity=3141-9$70||kg`, ['weight']],
    [`/Observation?code-value-quantity=3141-9$70||kg`, ['weight']],
    [`/Observation?code-value-quantity=8867-4$120`, []],
    ['/Observation?component-code=8867-4', ['bp', 'bp2']],
    ['/Observation?combo-code=8867-4,3141-9', ['bp', 'bp2', 'weight']],
    ['/Observation?combo-code:not=8867-4&subject:missing=false', ['weight', 'logical']],
  ],
  chains: [
    ['/Observation?patient.family=muller', ['bp', 'bp2', 'weight']],
    ['/Observation?patient.family:exact=M%C3%BCller', ['bp', 'weight']],
    [`/Observation?patient.identifier=${A}|M1`, ['bp', 'weight']],
    [`/Observation?patient.identifier=${A}|M2`, ['bp2']],
    [`/Observation?patient.identifier=${A}|M3`, []],
    ['/Observation?subject:Patient.gender=female', ['bp', 'weight']],
    ['/Observation?subject:Device.identifier=D1', []],
    ['/Observation?subject.identifier=M1', ['bp', 'weight']],
    ['/Observation?subject:Patient.organization.name=hopital', ['bp', 'weight']],
    ['/Observation?subject:Patient.organization.partof.name=institut', ['bp', 'weight']],
    ['/Observation?patient.organization.partof:Organization.identifier=O1', ['bp', 'weight']],
    ['/Observation?performer:Patient.family=mullery', ['weight']],
    ['/Observation?derived-from:Observation.patient.family=muller', ['weight']],
    ['/QuestionnaireResponse?questionnaire.title=alpha', ['response']],
    ['/QuestionnaireResponse?questionnaire.title=beta', []],
    ['/QuestionnaireResponse?questionnaire.version=2', []],
    ['/Patient?organization.name=institut', ['odd']],
    ['/Patient?organization.name:missing=true', []],
    ['/Patient?organization._id=@org', ['odd']],
    ['/Observation?patient.gender:not=female', ['bp2']],
    ['/Observation?patient.gender=|female', ['bp', 'weight']],
    ['/Observation?patient._tag=cohort&value-quantity=gt60', ['weight']],
  ],
  'reverse chains': [
    ['/Patient?_has:Observation:patient:code=3141-9', ['muller']],
    ['/Patient?_has:Observation:subject:component-code=8867-4', ['muller', 'mullery']],
    ['/Patient?_has:Observation:performer:code=3141-9', ['mullery']],
    ['/Patient?_has:Observation:patient:code:text=weight', ['muller']],
    ['/Organization?_has:Patient:organization:family=obrien', []],
    ["/Organization?_has:Patient:organization:family=o'brien", ['org']],
    ['/Organization?_has:Patient:organization:_has:Observation:patient:code=3141-9', ['org2']],
    ['/Organization?_has:Organization:partof:_has:Patient:organization:family=muller', ['org']],
    ['/Observation?_has:Observation:derived-from:code=3141-9', ['bp']],
    ['/Patient?_has:Device:patient:identifier=D1', ['muller']],
    ['/Patient?_has:Observation:patient:code=3141-9&_has:Observation:patient:code=nothing', []],
    ['/Patient?_has:Observation:performer:code:text=weight', ['mullery']],
    ['/Questionnaire?_has:QuestionnaireResponse:questionnaire:status=completed', ['fa']],
    ['/Questionnaire?_has:QuestionnaireResponse:questionnaire:patient=@mullery', ['gamma']],
    ['/Questionnaire?_has:QuestionnaireResponse:questionnaire:patient.family=muller', ['fa', 'gamma']],
    ['/Questionnaire?_has:QuestionnaireResponse:questionnaire:_lastUpdated=gt2020', ['fa', 'gamma']],
    ['/Questionnaire?_has:QuestionnaireResponse:questionnaire:status=in-progress', []],
    ['/Patient?_has:QuestionnaireResponse:patient:questionnaire.title=alpha', ['muller']],
  ],
};

t.test('searches by every kind of parameter', async (t) => {
  const app = await testApp({ demoPolicy: false, baseUrl: BASE, now: () => NOW });
  t.teardown(() => app.close());
  const { find } = await fill(app, RESOURCES);

  for (const [kind, cases] of Object.entries(CASES)) {
    await t.test(kind, async (t) => {
      for (const [path, expected] of cases) {
        const page = await find(path);
        t.equal(page.status, 200, path);
        t.strictSame(page.names.sort(), [...expected].sort(), path);
        t.equal((await find(`${path}&_summary=count`)).body.total, expected.length, `${path}, counted`);
      }
    });
  }

  await t.test('the same by POST', async (t) => {
    for (const [path, expected] of [...(CASES.strings ?? []), ...(CASES.chains ?? [])]) {
      const [type = '', query] = path.split('?');
      const page = await find(`${type}/_search`, (query ?? '').replaceAll('%20', '+'));
      t.equal(page.status, 200, path);
      t.strictSame(page.names.sort(), [...expected].sort(), path);
    }
  });

  await t.test('_sort by several keys, what has no value last', async (t) => {
    const orders: [string, string[]][] = [
      ['/Questionnaire?_sort=title,-date', ['fabc', 'fa', 'fab']],
      ['/Questionnaire?_sort=title,date', ['fa', 'fabc', 'fab']],
      ['/Questionnaire?_sort=-date', ['fabc', 'fa', 'fab']],
      ['/Questionnaire?_sort=date', ['fa', 'fabc', 'fab']],
      ['/Questionnaire?_sort=url', ['fa', 'fab', 'fabc']],
      ['/Patient?_sort=family', ['muller', 'mullery', 'odd', 'bare']],
      ['/Patient?_sort=-family', ['odd', 'mullery', 'muller', 'bare']],
      ['/Patient?_sort=birthdate,-family', ['muller', 'odd', 'mullery', 'bare']],
      ['/Patient?_sort=-birthdate,_id', ['muller', 'mullery', 'odd', 'bare']],
      [`/Observation?value-quantity=ge-5&value-quantity=le5||mg&_sort=value-quantity`, ['minus', 'mg5', 'below5']],
      ['/Observation?combo-value-quantity=70,120&_sort=combo-value-quantity,_id', ['weight', 'bp', 'bp2']],
      ['/Observation?combo-value-quantity=70,120&_sort=-combo-value-quantity,_id', ['bp', 'bp2', 'weight']],
      ['/Patient?_sort=gender,_id', ['muller', 'mullery', 'odd', 'bare']],
      ['/Patient?_sort=-gender,_id', ['mullery', 'muller', 'odd', 'bare']],
      ['/Patient?_sort=gender,-family', ['muller', 'mullery', 'odd', 'bare']],
      ['/Patient?_sort=active,-_id', ['mullery', 'muller', 'bare', 'odd']],
      ['/Patient?_sort=-identifier,-_id', ['mullery', 'muller', 'bare', 'odd']],
      ['/Patient?_sort=organization,_id', ['odd', 'muller', 'mullery', 'bare']],
      ['/Patient?_sort=-_tag,_lastUpdated', ['muller', 'mullery', 'odd', 'bare']],
      ['/Patient?_sort=_profile,-_lastUpdated', ['muller', 'mullery', 'bare', 'odd']],
      ['/Patient?gender:not=male&_sort=gender,family', ['muller', 'odd', 'bare']],
      ['/Observation?_id=@bp,@weight,@text,@logical&_sort=code,_id', ['weight', 'text', 'bp', 'logical']],
      ['/Observation?_id=@bp,@weight,@text,@logical&_sort=-code,-_id', ['logical', 'bp', 'text', 'weight']],
      ['/Observation?_id=@bp2,@weight,@logical&_sort=subject', ['logical', 'weight', 'bp2']],
      ['/Observation?_id=@bp,@bp2,@weight&_sort=-patient,-_id', ['bp2', 'weight', 'bp']],
      ['/Observation?_id=@bp,@weight&_sort=combo-code', ['weight', 'bp']],
      ['/Observation?_id=@bp,@weight&_sort=status,performer,_id', ['weight', 'bp']],
      ['/?_type=Patient,Organization&_id=@org,@muller,@mullery&_sort=identifier', ['muller', 'mullery', 'org']],
      ['/?_type=Patient,Device&_id=@muller,@mullery,@device&_sort=-identifier,_id', ['mullery', 'muller', 'device']],
    ];
    for (const [path, expected] of orders) {
      const filtered = path.startsWith('/Questionnaire') ? `${path}&url:below=https://example.org/forms/` : path;
      t.strictSame((await find(filtered)).names, expected, path);
      const paged: string[] = [];
      for (let next: string | undefined = `${filtered}&_count=1`; next; ) {
        const page = await find(next);
        paged.push(...page.names);
        next = page.body.link.find((one: { relation: string }) => one.relation === 'next')?.url.slice(BASE.length);
      }
      t.strictSame(paged, expected, `${path}, page by page`);
    }
  });

  await t.test('_include and _revinclude', async (t) => {
    const cases: [string, string[]][] = [
      ['/Observation?_id=@weight&_include=Observation:subject', ['muller']],
      ['/Observation?_id=@weight&_include=Observation:patient', ['muller']],
      ['/Observation?_id=@weight&_include=Observation:performer', ['mullery']],
      ['/Observation?_id=@weight&_include=Observation:subject:Device', []],
      [
        '/Observation?_id=@weight&_include=Observation:subject:Patient&_include:iterate=Patient:organization',
        ['muller', 'org2'],
      ],
      [
        '/Observation?_id=@weight&_include=Observation:subject&_include:iterate=Patient:organization&_include:iterate=Organization:partof',
        ['muller', 'org', 'org2'],
      ],
      ['/Observation?_id=@weight&_include=Observation:subject&_include=Patient:organization', ['muller']],
      ['/Observation?_id=@weight&_include=*', ['bp', 'muller', 'mullery']],
      ['/Observation?_id=@weight&_include=Observation:*', ['bp', 'muller', 'mullery']],
      ['/Observation?_id=@weight,@bp&_include=Observation:derived-from', []],
      ['/QuestionnaireResponse?_id=@response&_include=QuestionnaireResponse:questionnaire', ['fa']],
      ['/Patient?_id=@muller&_revinclude=Observation:subject', ['bp', 'weight']],
      ['/Patient?_id=@muller&_revinclude=Device:patient', ['device']],
      ['/Patient?_id=@mullery&_revinclude=Observation:patient', ['bp2']],
      ['/Patient?_id=@mullery&_revinclude=Observation:performer', ['weight']],
      ['/Patient?_id=@mullery&_revinclude=Observation:performer:Practitioner', []],
      [
        '/Organization?_id=@org&_revinclude=Organization:partof&_revinclude:iterate=Patient:organization',
        ['muller', 'odd', 'org2'],
      ],
      ['/Organization?_id=@org2&_revinclude=*', ['muller']],
      ['/Questionnaire?_id=@fa,@fabc&_revinclude=QuestionnaireResponse:questionnaire', ['response']],
      ['/Questionnaire?_id=@gamma&_revinclude=QuestionnaireResponse:questionnaire', ['unversioned']],
      ['/Questionnaire?_id=@gamma&_revinclude=QuestionnaireResponse:*', ['unversioned']],
      ['/Patient?_id=@mullery&_revinclude=QuestionnaireResponse:questionnaire', []],
      ['/Organization?_id=@org&_include=Organization:partof', []],
    ];
    for (const [path, expected] of cases) {
      const page = await find(path);
      t.equal(page.status, 200, path);
      t.strictSame(page.included.sort(), expected, path);
    }
  });

  await t.test('compartments and the base', async (t) => {
    const cases: [string, string[]][] = [
      ['/Patient/@muller/Observation', ['bp', 'weight']],
      ['/Patient/@mullery/Observation', ['bp2', 'weight']],
      ['/Patient/@muller/Observation?code=3141-9', ['weight']],
      ['/Patient/@muller/Flag', []],
      ['/Patient/nobody/Observation', []],
      ['/Patient/@muller/*?_type=Observation', ['bp', 'weight']],
      ['/Patient/@muller/*', ['bp', 'muller', 'response', 'weight']],
      ['/?_type=Organization,Device', ['device', 'org', 'org2']],
      ['/?_type=Patient,Device&_tag=cohort', ['muller']],
      ['/?_type=Patient,Device&identifier=D1', ['device']],
      ['/?_type=Patient&family=muller', ['muller', 'mullery']],
    ];
    for (const [path, expected] of cases) {
      const page = await find(path);
      t.equal(page.status, 200, path);
      const own = page.names.filter((name) => name in RESOURCES);
      t.strictSame(own.sort(), expected, path);
      if (page.names.length <= expected.length) {
        const [where = '', query = ''] = path.split('?');
        const post = where.endsWith('/*') ? where.replace('/*', '/_search') : `${where.replace(/\/$/, '')}/_search`;
        t.strictSame((await find(post, query)).names.sort(), expected, `${path} by POST`);
      }
    }
    t.equal((await find('/?_lastUpdated=gt2026')).status, 400, 'the base without types');
    t.equal((await find('/?_type=Nothing')).status, 400);
    t.equal((await find('/Patient/@muller/Practitioner')).status, 404, 'a type that belongs to no patient');
    t.equal((await find('/Patient/@muller/Nothing')).status, 404);
    t.equal((await find('/Patient/@muller/Observation/@weight')).status, 404);
  });

  await t.test('the body of a search by POST, and the URL, count together', async (t) => {
    t.strictSame((await find('/Patient/_search?gender=female,male', 'family=muller&active=false')).names, ['mullery']);
    const { body } = await find('/Patient/_search', 'family=muller&_count=1&_sort=family');
    t.match(body.link[0].url, `${BASE}/Patient?family=muller&_count=1&_sort=family`);
    const next = body.link.find((one: { relation: string }) => one.relation === 'next').url;
    t.strictSame((await find(next.slice(BASE.length))).names, ['mullery'], 'its next link is a GET');
    t.equal((await app.send('POST', '/Patient/_search', '{}')).status, 415);
    t.equal((await app.send('POST', '/Patient/_search')).status, 200, 'and none at all is a search for all');
  });

  await t.test('a link belongs to the search that it was made for', async (t) => {
    const { body } = await find('/Patient?_sort=family&_count=1');
    const next: string = body.link.find((one: { relation: string }) => one.relation === 'next').url.slice(BASE.length);
    t.notMatch(next, /muller/i, 'and shows no name');
    t.equal((await find(next)).status, 200);
    t.equal((await find(next.replace('_sort=family', '_sort=-family'))).status, 400);
    t.equal((await find(`${next}&gender=male`)).status, 400);
    t.equal((await find(next.replace('/Patient', '/Organization').replace('_sort=family&', ''))).status, 400);
    t.equal((await find(next.slice(0, -2))).status, 400);
  });

  await t.test('_summary and _elements', async (t) => {
    const { body } = await find('/Patient?_id=@muller&_elements=gender');
    t.notOk(body.entry[0].resource.name);
    t.equal(body.entry[0].resource.gender, 'female');
    t.equal((await find('/Patient?_elements=colour')).status, 400);
  });

  await t.test('_total', async (t) => {
    t.equal((await find('/Observation?code:text=weight&_total=accurate')).body.total, 1);
    t.ok((await find('/Observation?code:text=weight&_total=estimate')).body.total >= 1);
    t.notOk('total' in (await find('/Observation?code:text=weight&_total=none')).body);
  });

  await t.test(':iterate goes on as long as it may, and says when it may no more', async (t) => {
    const line: Record<string, object> = {};
    for (let at = 0; at < 12; at += 1) {
      const above = at === 0 ? {} : { partOf: { reference: `Organization/@line${at - 1}` } };
      line[`line${at}`] = { resourceType: 'Organization', name: `Line ${at}`, ...above };
    }
    const { find } = await fill(app, line);
    const up = (from: number) => find(`/Organization?_id=@line${from}&_include:iterate=Organization:partof`);
    const all = await up(9);
    t.equal(all.included.length, 9);
    t.notOk(all.body.entry.some(({ search }: { search: { mode: string } }) => search.mode === 'outcome'));
    const most = await up(11);
    t.equal(most.included.length, 10);
    t.match(most.body.entry.at(-1), { resource: { issue: [{ code: 'too-costly' }] }, search: { mode: 'outcome' } });
  });

  await t.test('what is too deep or cannot be is refused', async (t) => {
    for (const path of [
      '/Observation?patient.organization.partof.partof.partof.name=x',
      '/Observation?subject:Patient.family:below=x',
      '/Observation?value-quantity=much',
      '/Observation?value-quantity=5|mg',
      '/Observation?value-quantity=5|a|b|c',
      '/Observation?value-quantity=1e999',
      '/Observation?component-code-value-quantity=a',
      '/Observation?component-code-value-quantity=a$1$2',
      '/Observation?component-code-value-quantity:not=a$1',
      '/Patient?_has:Observation:code:status=final',
      '/Patient?family:not=x',
      '/Observation?_sort=code-value-quantity',
      '/Observation?_sort=nothing',
      '/Observation?_sort=code:text',
      '/Observation?_sort=,',
      '/?_type=Patient,Device&_sort=birthdate',
    ]) {
      t.equal((await find(path)).status, 400, path);
    }
    t.match((await find('/Observation?patient.colour=red')).body.entry?.at(-1)?.search.mode, 'outcome');
  });
});

t.test('codes by value set and hierarchy', async (t) => {
  const app = await testApp({ demoPolicy: false, baseUrl: BASE });
  t.teardown(() => app.close());
  const url = 'https://example.org/skin';
  const { find } = await fill(app, {
    system: {
      resourceType: 'CodeSystem',
      url,
      status: 'active',
      content: 'complete',
      hierarchyMeaning: 'is-a',
      concept: [
        { code: 'skin', concept: [{ code: 'rash', concept: [{ code: 'acne' }] }, { code: 'itch' }] },
        { code: 'pain' },
      ],
    },
    set: {
      resourceType: 'ValueSet',
      url: `${url}/vs`,
      status: 'active',
      compose: { include: [{ system: url, concept: [{ code: 'acne' }, { code: 'pain' }] }] },
    },
    ...Object.fromEntries(
      ['skin', 'rash', 'acne', 'itch', 'pain'].map((code) => [
        code,
        observation({ code: { coding: [{ system: url, code }] } }),
      ]),
    ),
    other: observation({ code: { coding: [{ system: A, code: 'acne' }] } }),
    uncoded: observation({}),
  });
  const cases: [string, string[]][] = [
    [`code:in=${url}/vs`, ['acne', 'pain']],
    [`code:not-in=${url}/vs`, ['itch', 'other', 'rash', 'skin', 'uncoded']],
    [`code:below=${url}|rash`, ['acne', 'rash']],
    [`code:below=${url}|skin`, ['acne', 'itch', 'rash', 'skin']],
    [`code:below=${url}|acne`, ['acne']],
    [`code:above=${url}|acne`, ['acne', 'rash', 'skin']],
    [`code:above=${url}|skin`, ['skin']],
    [`code:in=${url}/vs&code:not=${url}|pain`, ['acne']],
  ];
  for (const [query, expected] of cases) {
    const page = await find(`/Observation?${query}`);
    t.equal(page.status, 200, query);
    t.strictSame(page.names.sort(), expected, query);
  }
  for (const query of [`code:in=${url}/none`, `code:below=${url}|none`, 'code:below=rash', `code:above=${A}|acne`]) {
    t.equal((await find(`/Observation?${query}`)).status, 400, query);
  }
});

t.test('a page that lies near now goes on from where it began', async (t) => {
  let now = NOW;
  const app = await testApp({ demoPolicy: false, baseUrl: BASE, now: () => now });
  t.teardown(() => app.close());
  const { find } = await fill(app, { one: at('2026-11-11'), two: at('2026-11-10'), three: at('2026-11-12') });
  const first = await find('/Observation?date=ap2026-11-11&_count=1&_sort=date');
  t.strictSame(first.names, ['two']);
  const nextOf = (page: { body: { link: { relation: string; url: string }[] } }): string =>
    page.body.link.find(({ relation }) => relation === 'next')?.url.slice(BASE.length) ?? '';
  now = new Date('2026-11-11T12:00:00Z'); // within the day itself: nothing else is near it now
  const second = await find(nextOf(first));
  t.strictSame(second.names, ['one']);
  t.strictSame((await find(nextOf(second))).names, ['three']);
  t.strictSame((await find('/Observation?date=ap2026-11-11&_sort=date')).names, ['one']);
});
