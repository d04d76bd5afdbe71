import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Resource, SearchParameter } from '@medplum/fhirtypes';
import { gradingLibrary, libraryName, type PublishedGrading } from './rules/gradings/grading.ts';
import { PUBLISHED } from './rules/gradings/index.ts';
import type { Named } from './store/catalog.ts';

/** What ships with the service. */
export interface Shipped {
  /** In the order of writing: forms and policies stand behind the code systems that they use. */
  resources: readonly ShippedResource[];
  /** Those of them by which every type is searched. */
  searchParameters: readonly SearchParameter[];
}

/** What it holds is made when it is asked for: at most starts all of it is in the database already. */
export interface ShippedResource extends Named {
  status?: string;
  resource(): Typed;
}

export type Typed = Pick<Resource, 'resourceType'>;

/** Reads a folder of resources and that of its policies, a JSON file each; the Libraries of gradings are made here. */
export function readShipped(folder: string): Shipped {
  const files = [...jsonFiles(folder), ...jsonFiles(join(folder, 'policies'))];
  const resources: ShippedResource[] = [];
  const searchParameters: SearchParameter[] = [];
  // One after the other, and of each only its name is kept: all of them at once are megabytes that nothing needs.
  for (const file of files) {
    const read = readJson(file);
    resources.push(named(file, read));
    if (isSearchParameter(read)) searchParameters.push(read);
  }
  return {
    resources: [
      ...resources.filter((one) => !isFormOrPolicy(one)),
      ...resources.filter(isFormOrPolicy),
      ...PUBLISHED.map(libraryOf),
    ],
    searchParameters,
  };
}

export const isFormOrPolicy = ({ type }: ShippedResource): boolean =>
  type === 'Questionnaire' || type === 'PlanDefinition';

/** A draft acts on nothing: it can be read, and filled in, wherever the service runs. */
export const isDraft = ({ status }: ShippedResource): boolean => status === 'draft';

/** What is looked at of a file's content. */
type Content = Typed & { url?: string; version?: string; status?: string };

const isSearchParameter = (content: Content): content is SearchParameter => content.resourceType === 'SearchParameter';

const libraryOf = (grading: PublishedGrading): ShippedResource => ({
  type: 'Library',
  ...libraryName(grading),
  resource: () => gradingLibrary(grading),
});

/** Nothing else goes on at a start, and to wait for each file in turn takes twice the CPU, and turns of a busy machine. */
const readJson = (file: string): Content => JSON.parse(readFileSync(file, 'utf8'));

function named(file: string, { resourceType: type, url = '', version = '', status }: Content): ShippedResource {
  return { type, url, version, ...(status === undefined ? {} : { status }), resource: () => readJson(file) };
}

const jsonFiles = (folder: string): string[] =>
  readdirSync(folder)
    .filter((file) => file.endsWith('.json'))
    .sort()
    .map((file) => join(folder, file));
