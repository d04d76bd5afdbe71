import type { OperationOutcome } from '@medplum/fhirtypes';
import { shardOf } from './ids.ts';

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

/** What a searchset says of a resource: of a match also an extension, as JSON text. */
export type Found = Pick<Entry, 'type' | 'id' | 'content'> & { searchExtension?: string };

/**
 * A searchset as JSON in UTF-8. `lastUpdated` is the watermark: nothing older can still appear. An outcome (warnings about the search)
 * stands last with mode "outcome". Source: FHIR R4, section 3.1.1.7 and Bundle.
 */
export function searchBundle(
  baseUrl: string,
  matches: readonly Found[],
  options: Links & { included: readonly Found[]; lastUpdated: string; total?: number; outcome?: OperationOutcome },
): Buffer {
  const { included, lastUpdated, total, outcome } = options;
  const parts = [
    `{"resourceType":"Bundle","meta":{"lastUpdated":"${lastUpdated}"},"type":"searchset"` +
      `${total === undefined ? '' : `,"total":${total}`},"link":${links(options)}`,
  ];
  // Pieces of one text that is put together once: contents are long, and there are many of them.
  const add = (...pieces: readonly string[]): void => {
    parts.push(parts.length === 1 ? ',"entry":[' : ',', ...pieces);
  };
  for (const { type, id, content, searchExtension } of matches) {
    const said = searchExtension === undefined ? MATCH : `,"search":{"extension":[${searchExtension}],"mode":"match"}}`;
    add(`{"fullUrl":"${baseUrl}/${type}/${id}","resource":`, content, said);
  }
  for (const { type, id, content } of included)
    add(`{"fullUrl":"${baseUrl}/${type}/${id}","resource":`, content, ',"search":{"mode":"include"}}');
  if (outcome) add(`{"resource":${JSON.stringify(outcome)},"search":{"mode":"outcome"}}`);
  // FHIR has no empty arrays.
  parts.push(parts.length === 1 ? '}' : ']}');
  return inUtf8(parts);
}

const MATCH = ',"search":{"mode":"match"}}';

/**
 * A history as JSON text, newest first; a deletion has a request and no resource. The request is what is known of it: an id that a
 * client chose was put, one that this server assigned was posted; a patch shows as the update that it made. `lastUpdated` is the
 * watermark: nothing older can still appear. Source: FHIR R4, section 3.1.0.13.
 */
export function historyBundle(
  baseUrl: string,
  versions: readonly PastEntry[],
  options: Links & { total?: number; lastUpdated?: string },
): string {
  const { total, lastUpdated } = options;
  // Two entries of one URL need different versions in their resources (Bundle, bdl-7), and a deletion has none.
  const deletions = new Set<string>();
  const entries = versions.map((entry) => {
    const { type, id, version, content, deleted } = entry;
    const { method, status } = requestOf(entry);
    const url = `${type}/${id}`;
    const again = deleted === true && deletions.has(url);
    if (deleted) deletions.add(url);
    return (
      `{${again ? '' : `"fullUrl":"${baseUrl}/${url}",`}${deleted ? '' : `"resource":${content},`}` +
      `"request":{"method":"${method}","url":"${method === 'POST' ? type : url}"},` +
      `"response":{"status":"${status}","etag":"W/\\"${version}\\"","lastModified":"${entry.lastUpdated}"}}`
    );
  });
  return (
    `{"resourceType":"Bundle",${lastUpdated === undefined ? '' : `"meta":{"lastUpdated":"${lastUpdated}"},`}"type":"history"` +
    `${total === undefined ? '' : `,"total":${total}`},"link":${links(options)}${entryList(entries)}}`
  );
}

/** A version in a history. */
export interface PastEntry extends Entry {
  /** It brought a deleted resource back. */
  restored?: boolean;
}

function requestOf({ id, version, deleted, restored }: PastEntry): { method: string; status: string } {
  if (deleted) return { method: 'DELETE', status: '204' };
  if (version > 1) return { method: 'PUT', status: restored ? '201' : '200' };
  return { method: shardOf(id) === undefined ? 'PUT' : 'POST', status: '201' };
}

/** FHIR has no empty arrays. */
const entryList = (entries: readonly string[]): string =>
  entries.length === 0 ? '' : `,"entry":[${entries.join(',')}]`;

const links = ({ self, next }: Links): string =>
  JSON.stringify([{ relation: 'self', url: self }, ...(next === undefined ? [] : [{ relation: 'next', url: next }])]);

/** Written once, into place: contents are long, and there are many of them. */
function inUtf8(parts: readonly string[]): Buffer {
  let size = 0;
  for (const part of parts) size += Buffer.byteLength(part);
  const bytes = Buffer.allocUnsafe(size);
  let at = 0;
  for (const part of parts) at += bytes.write(part, at);
  return bytes;
}
