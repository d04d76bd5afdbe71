import { CTCAE_GRADINGS } from './ctcae.ts';
import { emergency } from './emergency.ts';
import { contentHash, type Grading, type PublishedGrading } from './grading.ts';
import { proCtcae } from './pro-ctcae.ts';
import { SCORE_GRADINGS } from './scores/index.ts';

/** Every grading system, one row for each version, in the order in which their findings are given. */
export const GRADINGS: readonly Grading[] = [proCtcae, emergency, ...CTCAE_GRADINGS];

/** All that is published as a Library: what grades, and what only scores. */
export const PUBLISHED: readonly PublishedGrading[] = [...GRADINGS, ...SCORE_GRADINGS];

/** What a decision record says of them: version and SHA-256 of the data, as published in each Library. */
export const GRADING_DIGESTS: readonly { system: string; version: string; digest: string }[] = GRADINGS.map(
  ({ data }) => ({ digest: contentHash(data), system: data.system, version: data.version }),
);
