import t from 'tap';
import { readText } from '../../src/fhir/text.ts';
import { linksOf, relink } from '../../src/transaction/links.ts';
import { replaceLinks } from '../../src/transaction/narrative-links.ts';
import { urn } from './support.ts';

const received = (resource: object) => readText(Buffer.from(JSON.stringify(resource)));
const LINK = urn(1);

t.test('what is a link and what is not', async (t) => {
  const cases: [name: string, resource: object, links: [kind: string, path: string][]][] = [
    [
      'a reference',
      { resourceType: 'Observation', subject: { reference: LINK } },
      [['reference', 'Observation.subject.reference']],
    ],
    [
      'a reference in a list within a list',
      {
        resourceType: 'CarePlan',
        activity: [{ reference: { reference: LINK } }, { outcomeReference: [{ reference: LINK }] }],
      },
      [
        ['reference', 'CarePlan.activity[0].reference.reference'],
        ['reference', 'CarePlan.activity[1].outcomeReference[0].reference'],
      ],
    ],
    [
      'a reference by choice, in an extension of a primitive',
      { resourceType: 'Patient', _gender: { extension: [{ url: 'x', valueReference: { reference: LINK } }] } },
      [['reference', 'Patient.gender.extension[0].value.reference']],
    ],
    [
      'items that have the content of another element',
      {
        resourceType: 'QuestionnaireResponse',
        item: [
          { item: [{ answer: [{ valueReference: { reference: LINK }, item: [{ answer: [{ valueUri: LINK }] }] }] }] },
        ],
      },
      [
        ['reference', 'QuestionnaireResponse.item[0].item[0].answer[0].value.reference'],
        ['uri', 'QuestionnaireResponse.item[0].item[0].answer[0].item[0].answer[0].value'],
      ],
    ],
    [
      'a url and a uri',
      { resourceType: 'Library', url: LINK, content: [{ url: LINK }] },
      [
        ['uri', 'Library.url'],
        ['uri', 'Library.content[0].url'],
      ],
    ],
    ['a canonical', { resourceType: 'QuestionnaireResponse', questionnaire: LINK }, []],
    ['a string that is called reference', { resourceType: 'Basic', reference: LINK }, []],
    ['an identifier', { resourceType: 'Patient', identifier: [{ value: LINK }] }, []],
    [
      'a contained resource',
      { resourceType: 'Patient', contained: [{ resourceType: 'Observation', id: 'o', subject: { reference: LINK } }] },
      [['reference', 'Patient.contained[0].subject.reference']],
    ],
    ['a narrative', { resourceType: 'Patient', text: { div: '<div>x</div>' } }, [['narrative', 'Patient.text.div']]],
    [
      'a uuid and an oid, which could not hold what it becomes',
      {
        resourceType: 'Patient',
        extension: [
          { url: 'x', valueUuid: LINK },
          { url: 'y', valueOid: LINK },
        ],
      },
      [],
    ],
    ['an unknown type', { resourceType: 'Nothing', subject: { reference: LINK } }, []],
    ['a subject that is no object', { resourceType: 'Observation', subject: [[LINK], null, 7] }, []],
  ];
  for (const [name, resource, expected] of cases) {
    t.test(name, async (t) => {
      const links = linksOf(received(resource)).map(({ kind, path }) => [kind, path]);
      t.same(links, expected);
    });
  }
});

t.test('a link is replaced in the text and nowhere else', async (t) => {
  const text = `{"resourceType":"Observation","code":{"text":"${LINK} \\u0041\\""},"subject":{"reference":"urn\\u003auuid${LINK.slice(8)}"},"meta":{"tag":[]},"valueQuantity":{"value":1.500}}`;
  const original = readText(Buffer.from(text));
  const made = relink(original, linksOf(original), ({ value }) => (value === LINK ? 'Patient/7' : undefined));
  t.equal(made.text, text.replace(/"urn\\u003auuid[^"]*"/, '"Patient/7"'));
  t.same(made.value, JSON.parse(made.text));
  t.same(made.cuts, readText(Buffer.from(made.text)).cuts);
  t.equal(
    relink(original, linksOf(original), () => undefined),
    original,
    'nothing replaced, nothing made',
  );
});

t.test('links in a narrative', async (t) => {
  const to = (url: string): string | undefined => (url === LINK ? 'Patient/7' : url === 'a&b' ? 'c&"d' : undefined);
  const cases: [name: string, div: string, expected: string][] = [
    ['of a', `<div><a href="${LINK}">x</a></div>`, '<div><a href="Patient/7">x</a></div>'],
    [
      'of img, in apostrophes, behind others',
      `<div><img alt='>' src='${LINK}'/></div>`,
      `<div><img alt='>' src="Patient/7"/></div>`,
    ],
    [
      'several',
      `<a href="${LINK}"/><a title="t" href="${LINK}"/>`,
      '<a href="Patient/7"/><a title="t" href="Patient/7"/>',
    ],
    ['escaped', '<a href="a&amp;b"/>', '<a href="c&amp;&quot;d"/>'],
    [
      'not of another element',
      `<p href="${LINK}"/><abbr href="${LINK}"/>`,
      `<p href="${LINK}"/><abbr href="${LINK}"/>`,
    ],
    ['not another attribute', `<a title="${LINK}"/>`, `<a title="${LINK}"/>`],
    ['not in a text', `<p>href="${LINK}" &lt;a href="${LINK}"</p>`, `<p>href="${LINK}" &lt;a href="${LINK}"</p>`],
    [
      'not in a comment',
      `<!-- <a href="${LINK}"> --><a href="${LINK}"/>`,
      `<!-- <a href="${LINK}"> --><a href="Patient/7"/>`,
    ],
    ['not one that is not known', '<a href="urn:uuid:other"/>', '<a href="urn:uuid:other"/>'],
    ['in what is not well formed', `<a href="${LINK}`, `<a href="${LINK}`],
  ];
  for (const [name, div, expected] of cases) t.equal(replaceLinks(div, to), expected, name);
  const hostile = '<a "'.repeat(250_000) + '<!--'.repeat(10) + '<a '.repeat(10_000);
  t.equal(replaceLinks(hostile, to), hostile, 'whatever the text is, in one pass');
});
