import type { FastifyRequest } from 'fastify';
import { badRequest } from '../../fhir/errors.ts';
import type { Language } from '../../rules/resources/labels.ts';

/** The language of an answer: the one asked for, else the one that the request prefers, else `fallback`. Throws 400 for one that we do not have. */
export function languageOf(wanted: string | undefined, request: FastifyRequest, fallback: Language): Language {
  if (wanted === undefined) return accepted(request.headers['accept-language']) ?? fallback;
  if (wanted === 'en' || wanted === 'fr') return wanted;
  throw badRequest('language: expected en or fr');
}

/** The first of our languages in the order of preference. Source: RFC 9110, section 12.5.4. */
function accepted(header: string | undefined): Language | undefined {
  const ranges = (header ?? '').split(',').map((range) => {
    const [tag = '', ...rest] = range.split(';').map((part) => part.trim());
    const weight = rest.find((part) => part.startsWith('q='))?.slice(2);
    return { primary: tag.toLowerCase().split('-')[0], weight: weight === undefined ? 1 : Number(weight) };
  });
  const known = ranges.filter(({ primary, weight }) => (primary === 'en' || primary === 'fr') && weight > 0);
  const [best] = known.sort((a, b) => b.weight - a.weight);
  return best?.primary === 'en' || best?.primary === 'fr' ? best.primary : undefined;
}
