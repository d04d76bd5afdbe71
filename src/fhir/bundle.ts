import type { OperationOutcome } from '@medplum/fhirtypes';

/** What a Bundle needs of a stored version. `content` goes into the Bundle as it is stored. */
export interface Entry {
  type: string;
  id: string;
  version: number;
  lastUpdated: string;
  content: string;
  deleted?: boolean;
}

export interface Links {
  self: string;
  next?: string;
}

/**
 * A searchset as JSON text. `lastUpdated` is the watermark: nothing older can still appear. An outcome (warnings about the search)
 * stands last with mode "outcome". Source: FHIR R4, section 3.1.1.7 and Bundle.
 */
export function searchBundle(
  baseUrl: string,
  matches: readonly Entry[],
  options: Links & { included: readonly Entry[]; lastUpdated: string; total?: number; outcome?: OperationOutcome },
): string {
  const { included, lastUpdated, total, outcome } = options;
  const entries = [
    ...matches.map((entry) => searchEntry(baseUrl, entry, 'match')),
    ...included.map((entry) => searchEntry(baseUrl, entry, 'include')),
    ...(outcome ? [`{"resource":${JSON.stringify(outcome)},"search":{"mode":"outcome"}}`] : []),
  ];
  return (
    `{"resourceType":"Bundle","meta":{"lastUpdated":"${lastUpdated}"},"type":"searchset"` +
    `${total === undefined ? '' : `,"total":${total}`},"link":${links(options)}${entryList(entries)}}`
  );
}

/** A history as JSON text, newest first; a deletion has a request and no resource. Source: FHIR R4, section 3.1.0.13. */
export function historyBundle(baseUrl: string, versions: readonly Entry[], options: Links & { total: number }): string {
  const entries = versions.map((entry) => {
    const { type, id, version, lastUpdated, content, deleted } = entry;
    const method = deleted ? 'DELETE' : version === 1 ? 'POST' : 'PUT';
    const url = method === 'POST' ? type : `${type}/${id}`;
    const status = method === 'POST' ? '201' : method === 'PUT' ? '200' : '204';
    return (
      `{"fullUrl":"${baseUrl}/${type}/${id}"${deleted ? '' : `,"resource":${content}`},` +
      `"request":{"method":"${method}","url":"${url}"},` +
      `"response":{"status":"${status}","etag":"W/\\"${version}\\"","lastModified":"${lastUpdated}"}}`
    );
  });
  return `{"resourceType":"Bundle","type":"history","total":${options.total},"link":${links(options)}${entryList(entries)}}`;
}

const searchEntry = (baseUrl: string, { type, id, content }: Entry, mode: 'match' | 'include'): string =>
  `{"fullUrl":"${baseUrl}/${type}/${id}","resource":${content},"search":{"mode":"${mode}"}}`;

/** FHIR has no empty arrays. */
const entryList = (entries: readonly string[]): string =>
  entries.length === 0 ? '' : `,"entry":[${entries.join(',')}]`;

const links = ({ self, next }: Links): string =>
  JSON.stringify([{ relation: 'self', url: self }, ...(next === undefined ? [] : [{ relation: 'next', url: next }])]);
