/** A literal reference to a resource of a server: `[base/]Type/id[/_history/n]`. Undefined for fragments, urn: and other URIs. */
export function parseReference(reference: string): Literal | undefined {
  const match =
    /^(?:(https?:\/\/.+)\/)?([A-Z][A-Za-z]+)\/([A-Za-z0-9\-.]{1,64})(?:\/_history\/([A-Za-z0-9\-.]{1,64}))?$/.exec(
      reference,
    );
  if (!match?.[2] || !match[3]) return undefined;
  const parsed: Literal = { type: match[2], id: match[3] };
  if (match[1]) parsed.base = match[1];
  if (match[4]) parsed.version = match[4];
  return parsed;
}

/** What a reference leads to on this server: `Type/id`, or the same behind its own base. Undefined where it leads elsewhere, or is none of these. */
export function ownReference(reference: string, baseUrl: string): Literal | undefined {
  const parsed = parseReference(reference);
  return parsed && (parsed.base === undefined || parsed.base === baseUrl) ? parsed : undefined;
}

interface Literal {
  base?: string;
  type: string;
  id: string;
  version?: string;
}

/** Whether a Reference says that it leads to a type, by its text or its `type`. */
export const refersTo = (value: unknown, type: string): boolean =>
  isObject(value) &&
  (value.type === type || (typeof value.reference === 'string' && parseReference(value.reference)?.type === type));

export const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
