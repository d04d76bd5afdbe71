import vm from 'node:vm';

const SCRIPT = new vm.Script('run()');
const CONTEXT: { run: () => void } = { run: () => {} };
vm.createContext(CONTEXT);

/**
 * Runs `work` and stops it after `milliseconds`, also in the middle of a regular expression; true when it came to its end. What clients write
 * into profiles and value sets has no limit of its own, and one pattern can otherwise hold the process for minutes. May be called within itself.
 */
export function bounded(work: () => void, milliseconds: number): boolean {
  CONTEXT.run = work;
  try {
    SCRIPT.runInContext(CONTEXT, { timeout: Math.max(1, Math.ceil(milliseconds)) });
    return true;
  } catch (error) {
    // The error is one of the other context: no instance of our Error.
    if ((error as { code?: unknown } | undefined)?.code === 'ERR_SCRIPT_EXECUTION_TIMEOUT') return false;
    throw error;
  } finally {
    CONTEXT.run = () => {};
  }
}
