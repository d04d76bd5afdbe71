import type { FactKind } from './finding.ts';

/** The sentences of a comparison of two policies, in one language. `name` is what an action is called. */
export interface CompareWords {
  summary(deciding: number, others: number): string;
  name(title: string | undefined, id: string): string;
  /** What an action does, as a verb with its priority. */
  does(code: string, priority: string | undefined): string;
  action(added: boolean, name: string, does: string, condition: string): string;
  renamed(name: string, before: string): string;
  code(name: string, before: string, after: string): string;
  priority(name: string, before: string, after: string): string;
  condition(name: string, before: string, after: string): string;
  /** One number of it is another. */
  threshold(name: string, before: string, after: string, condition: string): string;
  /** Parts that were asked for besides are so no longer; or more of them are. */
  eased(name: string, parts: readonly string[]): string;
  narrowed(name: string, parts: readonly string[]): string;
  rewritten(name: string): string;
  trigger(name: string, added: boolean, lets: string): string;
  lets(type: string, filters: readonly string[]): string;
  oneOf(codes: readonly string[]): string;
  respondWithin(name: string, before: string | undefined, after: string | undefined): string;
  askAgain(name: string, before: string | undefined, after: string | undefined): string;
  /** Of which kind is what a policy is meant for. */
  contextOf(kind: FactKind, value: string): string;
  useContext(added: boolean, context: string): string;
  order(after: string): string;
  wording(name: string, before: string | undefined, after: string | undefined): string;
}
