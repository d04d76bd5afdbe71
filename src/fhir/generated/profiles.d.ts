/** JSON of PublishedDefinitions, see profile/published.ts; parsed when it is first needed. */
export const PUBLISHED: string;
