import type { OperationOutcome } from '@medplum/fhirtypes';
import { CLASSES, ISSUE_CODES, isPlain, MOST_POLICIES, OUTCOMES } from './metrics/begun.ts';
import { OF_PROCESS } from './metrics/catalogue.ts';
import { Counter, type Family, Histogram } from './metrics/family.ts';
import { ProcessGauges } from './metrics/process-gauges.ts';
import type { Finding } from './rules/finding.ts';
import { priorityOf } from './rules/resources/flag.ts';
import type { Changes } from './rules/resources/outcome.ts';
import { decidedBy } from './rules/work/work-item.ts';

/** What stands for all that has no name here. */
const OTHER = 'other';
const METHODS = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);

/**
 * What happens in this process, counted for whoever operates it. A label is a word of ours, of FHIR or of a route's pattern, or the canonical of an
 * active policy: never an id, never anything that a client has written otherwise. Counting costs about a microsecond and never fails. What an
 * alert of docs/ops/alerts.yml asks for is told as 0 from the beginning on: Prometheus sees no rise in a series that begins at 1.
 */
export class Metrics {
  readonly #requests = counter('vigie_requests_total');
  readonly #answers = counter('vigie_answers_total');
  readonly #durations = histogram('vigie_request_duration_seconds');
  readonly #refused = counter('vigie_refused_issues_total');
  readonly #findings = counter('vigie_findings_total');
  readonly #flags = counter('vigie_flag_events_total');
  readonly #undecided = counter('vigie_undecided_conditions_total');
  readonly #decisions = histogram('vigie_decision_duration_seconds');
  readonly #due = counter('vigie_due_done_total');
  readonly #process = new ProcessGauges();
  readonly #policies = new Set<string>();

  constructor() {
    for (const one of CLASSES) this.#answers.begin([one]);
    for (const code of ISSUE_CODES) this.#refused.begin([code, '422']);
    // Such a Flag is of no policy and of high priority.
    this.#flags.begin(['none', 'not-evaluated', 'PH']);
    this.#undecided.begin([OTHER]);
    this.#decisions.begin([]);
  }

  /** Looks at the event loop, until `stop`. */
  start(): void {
    this.#process.start();
  }

  stop(): void {
    this.#process.stop();
  }

  /** An answer: `route` is the pattern, undefined where nothing is served; `millis` from the first byte on. */
  answered(method: string, route: string | undefined, status: number, millis: number): void {
    const at = [route ?? 'none', METHODS.has(method) ? method : OTHER];
    const ofClass = `${Math.floor(status / 100)}xx`;
    this.#requests.add([...at, ofClass]);
    this.#answers.add([ofClass]);
    this.#durations.observe(at, millis / 1000);
  }

  /** A pattern that is served: how long its requests take is told before the first of them, too. */
  serves(method: string, route: string): void {
    this.#durations.begin([route, method]);
  }

  /** A refusal, as its client was told. */
  refused(status: number, { issue }: OperationOutcome): void {
    for (const { code } of issue) this.#refused.add([code ?? OTHER, String(status)]);
  }

  /** What came of a report, once it is committed. `active` gives the canonicals of the policies that judge reports now. */
  evaluated({ findings, flags, undecided }: Happened, active: () => readonly string[]): void {
    for (const { system, version, outcome } of findings) this.#findings.add([system, version, gradeOf(outcome)]);
    for (const { event, flag } of flags) {
      const policies = new Set(decidedBy(flag).map(({ policy }) => this.#policyOf(policy, active)));
      const priority = priorityOf(flag) ?? 'none';
      // A Flag that no policy decided says that something could not be evaluated, or is withdrawn.
      for (const policy of policies.size === 0 ? ['none'] : policies) this.#flags.add([policy, event, priority]);
    }
    for (const { policy } of undecided) this.#undecided.add([this.#policyOf(policy, active)]);
  }

  /** How long the decision on a report took, in milliseconds. */
  decided(millis: number): void {
    this.#decisions.observe([], millis / 1000);
  }

  /** Things that were due, of a kind of ours or `undefined`, and how it went. */
  due(kind: string | undefined, outcome: (typeof OUTCOMES)[number], times = 1): void {
    if (times > 0) this.#due.add([kind ?? OTHER, outcome], times);
  }

  /** Things of these kinds are done here when they are due: how it goes is told before the first of them, too. */
  does(kinds: readonly string[]): void {
    for (const kind of [...kinds, OTHER]) for (const outcome of OUTCOMES) this.#due.begin([kind, outcome]);
  }

  /** Everything so far, to be told here or handed to another process. */
  get families(): Family[] {
    const counted = [
      this.#requests,
      this.#answers,
      this.#durations,
      this.#refused,
      this.#findings,
      this.#flags,
      this.#undecided,
      this.#decisions,
      this.#due,
    ];
    return [...counted.map(({ family }) => family), ...this.#process.families];
  }

  /** A policy's canonical as a label: clients write them, so only active ones of a plain form are told, and of these no more than some. */
  #policyOf(canonical: string, active: () => readonly string[]): string {
    if (this.#policies.has(canonical)) return canonical;
    if (this.#policies.size >= MOST_POLICIES || !isPlain(canonical) || !active().includes(canonical)) return OTHER;
    this.#policies.add(canonical);
    return canonical;
  }
}

type Happened = Pick<Changes, 'findings' | 'flags' | 'undecided'>;

/** The grade; or that it is one of several, or that there is none. Unknown is never zero. */
const gradeOf = (outcome: Finding['outcome']): string =>
  outcome.kind === 'graded' ? String(outcome.grade) : outcome.kind;

const counter = (name: keyof typeof OF_PROCESS): Counter => new Counter(name, OF_PROCESS[name].labels);

const histogram = (name: 'vigie_request_duration_seconds' | 'vigie_decision_duration_seconds'): Histogram =>
  new Histogram(name, OF_PROCESS[name].labels, OF_PROCESS[name].bounds);
