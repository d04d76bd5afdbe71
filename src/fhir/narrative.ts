import { SaxesParser } from 'saxes';
import { safeName } from './text-fault.ts';

/** Chapters 7 to 11 (but 9.4) and 15 of HTML 4.0 without what is deprecated there, links, images and their maps. */
const ELEMENTS = new Set(
  `a abbr acronym address area b bdo big blockquote br caption cite code col colgroup dd dfn div dl dt em h1 h2 h3 h4 h5 h6
   hr i img kbd li map ol p pre q samp small span strong sub sup table tbody td tfoot th thead tr tt ul var`.split(
    /\s+/,
  ),
);
const ATTRIBUTES = new Set(
  `abbr accesskey align alt axis border cellpadding cellspacing char charoff charset cite class colspan coords dir frame
   headers height href hreflang id ismap lang longdesc name nohref nowrap rel rev rowspan rules scope shape span src style
   summary tabindex title type usemap valign width xmlns xml:lang xml:space`.split(/\s+/),
);
const ADDRESSES = new Set(['cite', 'href', 'longdesc', 'src', 'usemap']);

/** Elements inside each other; real narratives have a dozen, and whoever displays one may walk it recursively. */
const MAX_DEPTH = 100;
const NAMESPACE = 'http://www.w3.org/1999/xhtml';

/** Where an address may lead; relative ones and fragments too. Pictures inside the text are formats that run nothing. */
const SCHEMES = new Set(['http', 'https', 'ftp', 'mailto', 'tel', 'urn']);
const PICTURE = /^data:image\/(?:png|gif|jpeg|webp)[;,]/;

/** What has nothing to leave out. */
const VISIBLE = /^[!-~]*$/;

/** Style sheets from elsewhere, what old browsers run, and escapes, which could hide either. */
const UNSAFE_STYLE = /@import|expression\s*\(|behavior\s*:|-moz-binding|\\|\/\*|<!--/i;
const STYLE_ADDRESS = /url\(\s*["']?([^)"']*)/gi;

/**
 * What keeps a value from standing as Narrative.div, or undefined: it is one well-formed XHTML `div` in its namespace, of
 * formatting elements with allowed attributes only, with some text or an image. So no script, form, frame, event attribute,
 * style sheet or script address; nor what an HTML parser reads differently than an XML parser does. Takes time linear in
 * the length. The sentence names elements and attributes, never a text.
 * Source: FHIR R4 (4.0.1), section 2.4.0 (Narrative), invariants txt-1 and txt-2; HTML 4.0, chapters 7 to 11 and 15.
 */
export function narrativeFault(value: unknown): string | undefined {
  if (typeof value !== 'string') return 'a string was expected';
  const parser = new SaxesParser({ fragment: true, position: false, xmlns: false as const });
  let depth = 0;
  let roots = 0;
  let content = false;
  const text = (chunk: string): void => {
    if (!/\S/.test(chunk)) return;
    if (depth === 0) throw new Refusal('there is text outside the div');
    content = true;
  };
  parser.on('error', () => {
    throw new Refusal('it is not well-formed XML (entities such as &nbsp; are written as characters)');
  });
  parser.on('text', text);
  parser.on('opentag', ({ name, attributes }) => {
    if (depth === 0) checkRoot(name, attributes, roots++);
    if (!ELEMENTS.has(name)) throw new Refusal(`the element ${safeName(name)} is not allowed`);
    if (++depth > MAX_DEPTH) throw new Refusal(`elements stand more than ${MAX_DEPTH} deep`);
    for (const attribute in attributes) checkAttribute(name, attribute, attributes[attribute] ?? '');
    content ||= name === 'img';
  });
  parser.on('closetag', () => {
    depth -= 1;
  });
  // An HTML parser ends this comment at its first `>`.
  parser.on('comment', (comment) => {
    if (/^-?>/.test(comment)) throw new Refusal('a comment begins with >');
  });
  // A doctype and an XML declaration are errors within a fragment. An eighth handler makes V8 keep the parser as a dictionary, ten times slower.
  for (const event of ['cdata', 'processinginstruction'] as const) {
    parser.on(event, () => {
      throw new Refusal('CDATA or a processing instruction is not allowed');
    });
  }
  try {
    parser.write(value).close();
  } catch (error) {
    if (error instanceof Refusal) return error.message;
    throw error;
  }
  if (roots === 0) return 'there is no div';
  return content ? undefined : 'there is neither text nor an image (txt-2)';
}

/** Whether a value may stand as Narrative.div, see `narrativeFault`. */
export const isNarrative = (value: unknown): boolean => narrativeFault(value) === undefined;

/** Why the parser was stopped. */
class Refusal extends Error {
  override readonly name = 'Refusal';
}

function checkRoot(name: string, attributes: Readonly<Record<string, string>>, before: number): void {
  if (name !== 'div' || before > 0) throw new Refusal('it is not one div');
  if (attributes.xmlns !== NAMESPACE) throw new Refusal(`the div is not in the namespace ${NAMESPACE}`);
}

function checkAttribute(element: string, name: string, value: string): void {
  if (!ATTRIBUTES.has(name)) throw new Refusal(`the attribute ${safeName(name)} is not allowed`);
  if (name === 'xmlns' && value !== NAMESPACE) throw new Refusal('another namespace is not allowed');
  if (ADDRESSES.has(name) && !isHarmless(value, element === 'img')) {
    throw new Refusal(`the address in ${name} is of a kind that is not allowed`);
  }
  if (name !== 'style') return;
  if (UNSAFE_STYLE.test(value)) throw new Refusal('the style holds more than plain properties');
  for (const [, address = ''] of value.matchAll(STYLE_ADDRESS)) {
    if (!isHarmless(address, true)) throw new Refusal('an address in style is of a kind that is not allowed');
  }
}

/** Browsers leave out control characters and white space before they look at the scheme. */
function isHarmless(address: string, isPicture: boolean): boolean {
  const bare = (VISIBLE.test(address) ? address : address.replace(/[\p{C}\s]+/gu, '')).toLowerCase();
  const scheme = /^([^/?#:]*):/.exec(bare)?.[1];
  return scheme === undefined || SCHEMES.has(scheme) || (isPicture && PICTURE.test(bare));
}
