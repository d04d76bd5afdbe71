import type { CodeSystemConceptDesignation, ValueSet } from '@medplum/fhirtypes';
import type { Concept } from '../terminology.ts';
import type { Holdings } from './holdings.ts';

/** Every wording of a concept: designations of the ValueSet before those of its CodeSystem. */
export type Designations = (concept: Concept) => readonly CodeSystemConceptDesignation[];

/** Designations as one ValueSet and what we hold give them. */
export function designationsOf(set: ValueSet, holdings: Holdings): Designations {
  const own = new Map<string, readonly CodeSystemConceptDesignation[]>();
  for (const { system, concept } of set.compose?.include ?? []) {
    for (const { code, designation } of concept ?? []) {
      if (designation) own.set(`${system}|${code}`, designation);
    }
  }
  return ({ system, version, code }) => [
    ...(own.get(`${system}|${code}`) ?? []),
    ...(holdings.system(system, version)?.definitions.get(code)?.designation ?? []),
  ];
}

/**
 * The wording in a language, by BCP 47 prefix (`fr` is answered by `fr-CA` too, and `fr-CA` by `fr`); undefined where there is none.
 */
export function wordingIn(language: string, designations: readonly CodeSystemConceptDesignation[]): string | undefined {
  const wanted = language.toLowerCase();
  const exact = designations.find((one) => one.language?.toLowerCase() === wanted);
  const near = designations.find((one) => primary(one.language) !== '' && primary(one.language) === primary(wanted));
  return (exact ?? near)?.value;
}

const primary = (language = ''): string => language.toLowerCase().split('-', 1)[0] ?? '';

/** True when two tags name the same language. */
export const sameLanguage = (a: string | undefined, b: string): boolean =>
  primary(a) !== '' && primary(a) === primary(b);

/** Without marks, capitals and doubled white space: as people type it. */
export const folded = (text: string): string =>
  text.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase().replace(/\s+/g, ' ').trim();
