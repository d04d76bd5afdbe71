import fhirpath from 'fhirpath';
import r4Model from 'fhirpath/fhir-context/r4';
import t from 'tap';
import { isNarrative, narrativeFault } from '../../src/fhir/narrative.ts';

const XHTML = 'http://www.w3.org/1999/xhtml';
const div = (content: string): string => `<div xmlns="${XHTML}">${content}</div>`;

/** What the parser's safe-list refuses, and whether the FHIRPath function htmlChecks() refuses it too. */
const refused: [name: string, value: unknown, says: RegExp, official: 'too' | 'passes'][] = [
  ['a number', 1, /string/, 'too'],
  ['nothing', '', /no div/, 'too'],
  ['plain text', 'text', /outside/, 'too'],
  ['a paragraph', `<p xmlns="${XHTML}">a</p>`, /not one div/, 'too'],
  ['two divs', div('a') + div('b'), /not one div/, 'too'],
  ['text after the div', `${div('a')}b`, /outside/, 'too'],
  ['no namespace', '<div>a</div>', /namespace/, 'passes'],
  ['another namespace', '<div xmlns="http://www.w3.org/2000/svg">a</div>', /namespace/, 'too'],
  ['another namespace inside', div('<p xmlns="http://www.w3.org/2000/svg">a</p>'), /namespace/, 'too'],
  ['a prefix', `<h:div xmlns:h="${XHTML}">a</h:div>`, /not one div/, 'too'],
  ['not closed', '<div xmlns="http://www.w3.org/1999/xhtml">a', /well-formed/, 'too'],
  ['closed in another order', div('<p><b>a</p></b>'), /well-formed/, 'too'],
  ['an attribute without quotes', div('<p class=a>a</p>'), /well-formed/, 'too'],
  ['an attribute twice', div('<p class="a" class="b">a</p>'), /well-formed/, 'too'],
  ['an ampersand', div('a & b'), /well-formed/, 'too'],
  ['an HTML entity', div('a&nbsp;b'), /well-formed.*nbsp/, 'too'],
  ['a tag in upper case', div('<P>a</P>'), /element P/, 'too'],
  ['no content', div(''), /txt-2/, 'too'],
  ['white space only', div(' <p> \n</p> '), /txt-2/, 'too'],
  ['a script', div('<script>x</script>'), /element script/, 'too'],
  ['a style sheet', div('<style>p {}</style>a'), /element style/, 'too'],
  ['a linked style sheet', div('<link rel="stylesheet" href="a.css"/>a'), /element link/, 'too'],
  ['a form', div('<form><input/></form>a'), /element form/, 'too'],
  ['a frame', div('<iframe src="a"/>a'), /element iframe/, 'too'],
  ['an object', div('<object data="a"/>a'), /element object/, 'too'],
  ['a base', div('<base href="http://a"/>a'), /element base/, 'too'],
  ['a body', div('<body>a</body>'), /element body/, 'too'],
  ['a picture that is code', div('<svg/>a'), /element svg/, 'too'],
  ['marked as deleted (chapter 9.4)', div('<del>a</del>'), /element del/, 'too'],
  ['a deprecated element', div('<font>a</font>'), /element font/, 'too'],
  ['an event attribute', div('<p onclick="x()">a</p>'), /attribute onclick/, 'too'],
  ['an attribute xlink:href', div('<a xlink:href="a">a</a>'), /attribute/, 'too'],
  ['a script address', div('<a href="javascript:x">a</a>'), /address in href/, 'passes'],
  ['one with white space and capitals', div('<a href=" JaVa&#9;Script:x">a</a>'), /address in href/, 'passes'],
  ['one with references to characters', div('<a href="&#x6a;avascript:x">a</a>'), /address in href/, 'passes'],
  ['a text address', div('<a href="data:text/html,a">a</a>'), /address in href/, 'passes'],
  ['a picture that may hold a script', div('<img src="data:image/svg+xml,a" alt="a"/>'), /address in src/, 'passes'],
  ['a style with an expression', div('<p style="width: expression(x)">a</p>'), /style holds/, 'passes'],
  ['a style that imports', div('<p style="@import url(a)">a</p>'), /style holds/, 'passes'],
  ['a style with an escape', div('<p style="width: e\\78pression(x)">a</p>'), /style holds/, 'passes'],
  [
    'a style with a script address',
    div('<p style="background: url(javascript:x)">a</p>'),
    /address in style/,
    'passes',
  ],
  ['CDATA', div('<![CDATA[a]]>'), /CDATA/, 'too'],
  ['a doctype', `<!DOCTYPE div [<!ENTITY a "b">]>${div('&a;')}`, /CDATA|well-formed/, 'too'],
  ['an XML declaration', `<?xml version="1.0"?>${div('a')}`, /CDATA|well-formed/, 'too'],
  ['a doctype alone', `<!DOCTYPE div>${div('a')}`, /CDATA|well-formed/, 'too'],
  ['a processing instruction', div('<?php x ?>a'), /CDATA/, 'too'],
  ['a comment that HTML ends early', div('<!--><img src="x"/>-->a'), /comment|well-formed/, 'passes'],
  ['elements a hundred deep', div(`${'<b>'.repeat(100)}a${'</b>'.repeat(100)}`), /deep/, 'passes'],
];

const accepted: [name: string, value: string][] = [
  ['a text', div('a')],
  ['white space around', ` ${div('a')}\n`],
  ['an image and nothing else', div('<img src="a.png" alt="a"/>')],
  ['a picture inside the text', div('<img src="data: image/png;base64,QQ==" alt="a"/>')],
  ['a style', div('<p style="border: 1px solid #F0F0F0; background-image: url(a.png)">a</p>')],
  ['a table', div('<table><tbody><tr><td colspan="2">a</td></tr></tbody></table>')],
  ['references to characters', div('&#233;&amp;&lt;&quot;&#x1F600;')],
  ['a comment', div('<!-- c -->a')],
  ['links', div('<a href="#a">a</a><a href="mailto:a@b">a</a><a href="b?c=d&amp;e=f">a</a><a name="a">a</a>')],
  ['a language', div('<p xml:lang="fr" lang="fr">a</p>')],
  ['elements 99 deep', div(`${'<b>'.repeat(99)}a${'</b>'.repeat(99)}`)],
];

for (const [name, value, says] of refused) {
  t.test(`refused: ${name}`, async (t) => {
    t.notOk(isNarrative(value));
    t.match(narrativeFault(value), says);
  });
}

for (const [name, value] of accepted) {
  t.test(`accepted: ${name}`, async (t) => t.equal(narrativeFault(value), undefined));
}

t.test('what htmlChecks() of a second implementation says is known', async (t) => {
  const official = (value: unknown): boolean => {
    const resource = { resourceType: 'Basic', text: { div: value } };
    return fhirpath.evaluate(resource, 'Basic.text.`div`.htmlChecks()', {}, r4Model, { async: false })[0] === true;
  };
  for (const [name, value, , expected] of refused) {
    t.equal(official(value) ? 'passes' : 'too', expected, name);
  }
  // It has not heard of xml:lang.
  for (const [name, value] of accepted) t.equal(official(value), name !== 'a language', name);
});

t.test('nothing that was typed is repeated', async (t) => {
  for (const secret of ['Jane Doe 1970', '<Jane>', '<p Jane.Doe="1970">a</p>', '<a href="Jane:1970">a</a>']) {
    t.notMatch(narrativeFault(div(`${secret}<script/>`)), /Doe|1970/);
  }
});

t.test('a long hostile text is read once', async (t) => {
  const many = 200_000;
  for (const hostile of [
    '<b>'.repeat(many),
    '<p'.repeat(many),
    '&'.repeat(many),
    '<!--'.repeat(many),
    `<p ${'a="b" '.repeat(many)}>`,
    `<p class="${'<'.repeat(many)}">`,
    `<a href="${'java&#9;'.repeat(many)}">`,
    `<p style="${'url('.repeat(many)}javascript:">a</p>${'<br'.repeat(many)}`,
    '<br/>'.repeat(many),
    ' '.repeat(many),
  ]) {
    t.equal(isNarrative(div(hostile)), false);
  }
  t.ok(isNarrative(div('<p class="a">b</p>'.repeat(many))));
});
