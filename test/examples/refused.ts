/** Examples that are refused, why, and what the refusal says. The structural ones are confirmed in validate-structure.test.ts. */
export const REFUSED: Readonly<Record<string, { says: RegExp; because: string }>> = {};
