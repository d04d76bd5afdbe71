import { type Issue, MOST_ISSUES } from '../errors.ts';

/** Where issues are kept, each once: up to 50 errors, and up to 50 others, so that hints never push errors out. */
export class Sink {
  readonly #kept: { error: Issue[]; other: Issue[] } = { error: [], other: [] };
  readonly #said = new Set<string>();

  add(issue: Issue): void {
    const list = issue.severity === 'error' || issue.severity === 'fatal' ? this.#kept.error : this.#kept.other;
    const key = `${issue.severity}\n${issue.expression}\n${issue.diagnostics}`;
    if (this.#said.has(key) || list.length >= MOST_ISSUES) return;
    this.#said.add(key);
    list.push(issue);
  }

  /** Errors first. */
  get issues(): Issue[] {
    return [...this.#kept.error, ...this.#kept.other];
  }
}
