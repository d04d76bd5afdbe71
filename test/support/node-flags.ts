/**
 * How Node runs what lives for seconds, tests and the services that they start: to optimise code that runs so briefly costs more than it gives, so
 * that is begun after 1,500,000 bytes of it have run, and not after Node's own 67,584.
 */
export const BRIEF = ['--interrupt-budget=1500000'];
