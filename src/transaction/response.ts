/** One entry of the answer to a batch or transaction; `resource` and `outcome` are JSON texts. */
export interface ResponseEntry {
  fullUrl?: string;
  resource?: string;
  status: number;
  location?: string;
  etag?: string;
  /** An instant. */
  lastModified?: string;
  outcome?: string;
}

/** The answer as JSON text, an entry for each of the request, in its order. Source: FHIR R4, section 3.1.0.11.3. */
export function responseBundle(type: 'batch' | 'transaction', entries: readonly ResponseEntry[]): string {
  const list = entries.map(entryText);
  return `{"resourceType":"Bundle","type":"${type}-response"${list.length === 0 ? '' : `,"entry":[${list.join(',')}]`}}`;
}

function entryText({ fullUrl, resource, status, location, etag, lastModified, outcome }: ResponseEntry): string {
  const response = JSON.stringify({ status: String(status), location, etag, lastModified });
  return (
    `{${fullUrl === undefined ? '' : `"fullUrl":${JSON.stringify(fullUrl)},`}${resource === undefined ? '' : `"resource":${resource},`}` +
    `"response":${outcome === undefined ? response : `${response.slice(0, -1)},"outcome":${outcome}}`}}`
  );
}
