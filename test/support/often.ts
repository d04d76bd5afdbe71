/**
 * How often a random test draws: `npm run test:thorough` draws `THOROUGH` times as often (ten times, where it is not set), with other seeds beyond those
 * of `npm test`. Numbers that the product promises (clients at once, kills, hostile requests) are not drawn by this.
 */
export const often = (times: number): number => times * Number(process.env.THOROUGH ?? 1);
