import { CTCAE_GRADINGS } from './ctcae.ts';
import { emergency } from './emergency.ts';
import { contentHash, type Grading, type PublishedGrading } from './grading.ts';
import { monitoring } from './monitoring.ts';
import { proCtcae } from './pro-ctcae.ts';
import { SCORE_GRADINGS } from './scores/index.ts';

/** Every grading system, one row for each version, in the order in which their findings are given. */
export const GRADINGS: readonly Grading[] = [proCtcae, emergency, ...CTCAE_GRADINGS, monitoring];

/** All that is published as a Library: what grades, and what only scores. */
export const PUBLISHED: readonly PublishedGrading[] = [...GRADINGS, ...SCORE_GRADINGS];

/** What a decision record says of them: version and SHA-256 of the data, as published in each Library. The first one that reads a digest makes it. */
export const GRADING_DIGESTS: readonly { system: string; version: string; digest: string }[] = GRADINGS.map(
  ({ data }) => ({
    get digest() {
      const digest = contentHash(data);
      Object.defineProperty(this, 'digest', { value: digest, enumerable: true });
      return digest;
    },
    system: data.system,
    version: data.version,
  }),
);
