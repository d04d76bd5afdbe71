/**
 * The div of a Narrative with the addresses of its links and images replaced, all else as it was. Where `replacementOf` gives nothing an
 * address stays. Takes one pass, whatever the text is. Source: FHIR R4, section 3.1.0.11.2: `<a href="">` and `<img src="">`.
 */
export function replaceLinks(div: string, replacementOf: (url: string) => string | undefined): string {
  const parts: string[] = [];
  let kept = 0;
  for (let at = div.indexOf('<'); at >= 0; at = div.indexOf('<', at)) {
    if (div.startsWith('<!--', at)) {
      const end = div.indexOf('-->', at + 4);
      if (end < 0) break;
      at = end + 3;
      continue;
    }
    NAME.lastIndex = at;
    const name = NAME.exec(div)?.[1];
    if (name === undefined) {
      at += 1;
      continue;
    }
    const wanted = name === 'a' ? 'href' : name === 'img' ? 'src' : undefined;
    at += 1 + name.length;
    for (;;) {
      ATTRIBUTE.lastIndex = at;
      const found = ATTRIBUTE.exec(div);
      if (!found) break;
      const [whole, attribute, value = ''] = found;
      at += whole.length;
      if (attribute !== wanted) continue;
      const url = value.slice(1, -1).replaceAll('&amp;', '&');
      const replaced = replacementOf(url);
      if (replaced === undefined || replaced === url) continue;
      parts.push(div.slice(kept, at - value.length), `"${escaped(replaced)}"`);
      kept = at;
    }
  }
  return parts.length === 0 ? div : parts.join('') + div.slice(kept);
}

const NAME = /<([A-Za-z][A-Za-z0-9]*)/y;
const ATTRIBUTE = /\s+([A-Za-z:-]+)\s*=\s*("[^"<]*"|'[^'<]*')/y;

const escaped = (url: string): string => url.replaceAll('&', '&amp;').replaceAll('"', '&quot;').replaceAll('<', '&lt;');
