/** JSON of `AdviceData`. */
export const ADVICE_DATA: string;
