const ELEMENTS = new Set(
  `a abbr acronym address b bdo big blockquote br caption cite code col colgroup dd dfn div dl dt em h1 h2 h3 h4 h5 h6 hr i
   img kbd li ol p pre q samp small span strong sub sup table tbody td tfoot th thead tr tt ul var`.split(/\s+/),
);
const ATTRIBUTES = new Set(
  `abbr accesskey align alt axis border cellpadding cellspacing char charoff cite class colspan dir frame headers height
   href id lang longdesc name nowrap rowspan rules scope span src style summary tabindex title valign width xmlns xml:lang
   xml:space`.split(/\s+/),
);

/** Addresses that browsers would run. Control characters and entities inside the scheme count as part of it. */
const HARMLESS =
  /^(?!\s*(?:javascript|vbscript|data:(?!\s*image\/(?:png|gif|jpeg|webp)[;,])))[^&]*(?:&(?:amp|quot|apos|lt|gt);[^&]*)*$/i;
const NAMESPACE = 'http://www.w3.org/1999/xhtml';

const TAG =
  /<(?:!--[\s\S]*?-->|(\/)?([A-Za-z][A-Za-z0-9]*)((?:\s+[A-Za-z:-]+\s*=\s*(?:"[^"<]*"|'[^'<]*'))*)\s*(\/)?>)/y;
const ATTRIBUTE = /([A-Za-z:-]+)\s*=\s*(?:"([^"]*)"|'([^']*)')/g;
const TEXT = /[^<&]+|&(?:amp|lt|gt|quot|apos|#\d{1,7}|#x[0-9A-Fa-f]{1,6});/y;

/**
 * Whether a value may stand as Narrative.div: one well-formed XHTML `div` of formatting elements, with allowed attributes
 * only and some text or an image. So no script, form, frame, event attribute or script address.
 * Source: FHIR R4 (4.0.1), section 2.4.0 (Narrative), invariants txt-1 and txt-2.
 */
export function isNarrative(value: unknown): boolean {
  if (typeof value !== 'string') return false;
  const div = value.trim();
  const open: string[] = [];
  let content = false;
  let at = 0;
  while (at < div.length) {
    TEXT.lastIndex = at;
    const text = TEXT.exec(div)?.[0];
    if (text !== undefined) {
      if (open.length === 0) return false;
      content ||= /\S/.test(text);
      at += text.length;
      continue;
    }
    TAG.lastIndex = at;
    const tag = TAG.exec(div);
    if (!tag) return false;
    const [whole, closes, name, attributes = '', empty] = tag;
    at += whole.length;
    if (name === undefined) {
      if (open.length === 0) return false;
      continue;
    }
    if (closes) {
      if (open.pop() !== name || attributes !== '' || empty) return false;
      if (open.length === 0 && at < div.length) return false;
      continue;
    }
    if (!ELEMENTS.has(name) || !allowed(attributes) || (open.length === 0 && name !== 'div')) return false;
    content ||= name === 'img';
    if (!empty) open.push(name);
    else if (open.length === 0) return false;
  }
  return content && open.length === 0;
}

function allowed(attributes: string): boolean {
  for (const [, name = '', quoted, apostrophed] of attributes.matchAll(ATTRIBUTE)) {
    const value = quoted ?? apostrophed ?? '';
    if (!ATTRIBUTES.has(name)) return false;
    if (name === 'xmlns' && value !== NAMESPACE) return false;
    if ((name === 'href' || name === 'src' || name === 'cite' || name === 'longdesc') && !HARMLESS.test(value))
      return false;
  }
  return true;
}
