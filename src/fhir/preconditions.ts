import { badRequest, FhirError, fault, versionConflict } from './errors.ts';

/** Versions that a header names: any, or these. Empty where it names none that could be of ours. */
export type Versions = '*' | readonly number[];

/** What a write asks of the version that is current. */
export interface Preconditions {
  /** The version that the client has seen: the write takes place only upon it. */
  ifMatch?: number | Versions;
  /** `*`: only when there is none yet. */
  ifNoneMatch?: number | Versions;
  /** Only when it has not been changed after this second (Unix milliseconds). Left aside beside `ifMatch`, which is more exact. */
  unmodifiedSince?: number;
}

/** What preconditions are held against. */
export interface CurrentVersion {
  version: number;
  /** Instant in UTC. */
  lastUpdated: string;
}

/**
 * The versions in an If-Match or If-None-Match header: `*`, or a list of `W/"3"`, `"3"` or `3`. A tag that we never gave out stands for no version.
 * Throws 400 for what is no tag. Source: RFC 9110, sections 13.1.1 and 13.1.2; FHIR R4, section 3.1.0.1.3.
 */
export function readVersions(header: string, name: string): Versions {
  const text = header.trim();
  if (text === '*') return '*';
  const versions: number[] = [];
  for (const part of text.split(',')) {
    const tag = part.trim();
    const version = /^(?:W\/)?(?:"([1-9]\d{0,8})"|([1-9]\d{0,8}))$/.exec(tag);
    if (version) versions.push(Number(version[1] ?? version[2]));
    else if (!/^(?:W\/)?"[^"]*"$/.test(tag))
      throw badRequest(`${name}: expected the version that was read, as in W/"3"`);
  }
  return versions;
}

/**
 * Throws 412 when the current version (undefined: there is none) is not what the preconditions ask for. `lastUpdated` counts in whole
 * seconds, as Last-Modified says it. Source: RFC 9110, section 13.2.2 (precedence).
 */
export function checkVersion(
  { ifMatch, ifNoneMatch, unmodifiedSince }: Preconditions,
  current: CurrentVersion | undefined,
): void {
  if (ifMatch !== undefined && !names(ifMatch, current?.version)) {
    if (current === undefined) throw unmet('If-Match: there is no current version of this resource');
    const wanted = asList(ifMatch).map((version) => `W/"${version}"`);
    throw wanted.length === 0
      ? unmet('If-Match names no version of this resource')
      : versionConflict(wanted.join(', '));
  }
  if (ifMatch === undefined && unmodifiedSince !== undefined && current && modifiedAt(current) > unmodifiedSince) {
    throw unmet('If-Unmodified-Since: the resource has been changed since then');
  }
  if (ifNoneMatch !== undefined && names(ifNoneMatch, current?.version)) {
    throw unmet(`If-None-Match: version W/"${current?.version}" of this resource is there`);
  }
}

/**
 * Whether a write that took place says by If-Match which version it rests on: the one that is current, and no other. A list, or `*`, leaves open which of them
 * was read.
 */
export const isUponCurrent = ({ ifMatch }: Pick<Preconditions, 'ifMatch'>, current: number | undefined): boolean => {
  if (ifMatch === undefined || ifMatch === '*') return false;
  const named = asList(ifMatch);
  return named.length > 0 && named.every((version) => version === current);
};

const modifiedAt = ({ lastUpdated }: CurrentVersion): number => Math.floor(Date.parse(lastUpdated) / 1000) * 1000;

const asList = (versions: number | Versions): readonly number[] =>
  versions === '*' ? [] : typeof versions === 'number' ? [versions] : versions;

const names = (versions: number | Versions, current: number | undefined): boolean =>
  current !== undefined && (versions === '*' || asList(versions).includes(current));

const unmet = (diagnostics: string): FhirError => new FhirError([fault('conflict', diagnostics)], { status: 412 });

/** The headers of conditional requests. */
export interface ConditionalHeaders {
  'if-match'?: string | undefined;
  'if-unmodified-since'?: string | undefined;
  'if-none-match'?: string | undefined;
  'if-modified-since'?: string | undefined;
}

/**
 * True when the reader has this version already and is answered 304. Throws 412 where If-Match or If-Unmodified-Since fails. A date
 * that cannot be read is left aside, and so is a date beside the tag that is more exact.
 * Source: RFC 9110, section 13.2.2 (precedence); FHIR R4, section 3.1.0.1.7 conditional read.
 */
export function isUnchanged(headers: ConditionalHeaders, current: CurrentVersion): boolean {
  checkVersion(writePreconditions({ ...headers, 'if-none-match': undefined }), current);
  const noneMatch = headers['if-none-match'];
  if (noneMatch !== undefined) return names(readVersions(noneMatch, 'If-None-Match'), current.version);
  const since = momentOf(headers['if-modified-since']);
  return since !== undefined && modifiedAt(current) <= since;
}

/** What headers ask of a write. Throws 400 for a tag that cannot be read; a date that cannot be read is left aside. */
export function writePreconditions(headers: Omit<ConditionalHeaders, 'if-modified-since'>): Preconditions {
  const { 'if-match': ifMatch, 'if-none-match': ifNoneMatch } = headers;
  const unmodifiedSince = momentOf(headers['if-unmodified-since']);
  return {
    ...(ifMatch === undefined ? {} : { ifMatch: readVersions(ifMatch, 'If-Match') }),
    ...(ifNoneMatch === undefined ? {} : { ifNoneMatch: readVersions(ifNoneMatch, 'If-None-Match') }),
    ...(unmodifiedSince === undefined ? {} : { unmodifiedSince }),
  };
}

/** An HTTP date. Source: RFC 9110, section 5.6.7; obsolete forms are read as well. */
function momentOf(date: string | undefined): number | undefined {
  if (date === undefined || !/^[A-Z][a-z]+,? .*\d\d:\d\d:\d\d/.test(date)) return undefined;
  const millis = Date.parse(date);
  return Number.isNaN(millis) ? undefined : millis;
}
