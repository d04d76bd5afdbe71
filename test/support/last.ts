import t from 'tap';
import { dropSpare } from './database.ts';

/** Said after all tests of a process: what a test is given begins when those before it have ended. */
export function last(): void {
  t.test('the databases of this process are left', () => dropSpare());
}
