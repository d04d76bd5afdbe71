import type { PublishedGrading } from './gradings/grading.ts';
import { PUBLISHED } from './gradings/index.ts';

/**
 * At start: the data of every grading system is whole, versioned and sourced. Throws one error that lists all faults,
 * since a service with half a table would grade half its patients.
 */
export function checkGradings(gradings: readonly PublishedGrading[] = PUBLISHED): void {
  const faults = gradings.flatMap((grading) => {
    const { system, version, title, licence } = grading.data;
    const own = [
      ...(system && version && title ? [] : ['system, version or title is missing']),
      ...(licence.note ? [] : ['the licence note is missing']),
      ...(grading.sources.length > 0 ? [] : ['no source is given']),
      ...grading.faults(),
    ];
    return own.map((fault) => `${system} ${version}: ${fault}`);
  });
  if (faults.length > 0) throw new Error(`Grading data is not whole:\n${faults.join('\n')}`);
}
