/** A control against a hazard: the code that is it, and the test that fails without it. docs/safety.md is the same list for readers. */
export interface Control {
  id: string;
  hazard: string;
  control: string;
  /** `from` stands once in the file; with `to` in its place the control is gone. */
  code: { file: string; from: string; to: string };
  /** `name` is that of the test or of a subtest, or a part of it. */
  test: { file: string; name: string };
}

/* biome-ignore-start lint/suspicious/noTemplateCurlyInString: what is looked for is source text */
export const CONTROLS: readonly Control[] = [
  {
    id: 'S1',
    hazard: 'Missed Flag',
    control: 'An attribute without an answer has no score: it is never taken for 0',
    code: {
      file: 'src/rules/gradings/pro-ctcae.ts',
      from: "return answer.state === 'answered' || answer.state === 'hidden' ? answer.value : undefined;",
      to: "return answer.state === 'answered' || answer.state === 'hidden' ? answer.value : 0;",
    },
    test: {
      file: 'test/rules/gradings/pro-ctcae.test.ts',
      name: 'every combination of known and skipped scores spans exactly what its completions give',
    },
  },
  {
    id: 'S2',
    hazard: 'Missed Flag',
    control: 'A condition that lacks a fact is undecided, and never taken for no',
    code: {
      file: 'src/rules/policy/run-expression.ts',
      from: "if (value === undefined) return { value: 'undecided' };",
      to: 'if (value === undefined) return { value: false };',
    },
    test: { file: 'test/rules/policy/run-expression.test.ts', name: 'a condition is true, false or undecided' },
  },
  {
    id: 'S3',
    hazard: 'Missed Flag',
    control: 'Two reports of one patient at one moment are serialised by a counter that is compared and set',
    code: { file: 'src/store/write.ts', from: ' and n = ${p(n.toString())}', to: '' },
    test: {
      file: 'test/save/patient-counter.test.ts',
      name: 'each really loses to the other: a counter that moved takes the whole write back',
    },
  },
  {
    id: 'S4',
    hazard: 'Missed Flag',
    control: 'The watermark of a search stays before writers that have not committed',
    code: { file: 'src/store/watermark.ts', from: 'least(clock.now, oldest.at)', to: 'clock.now' },
    test: {
      file: 'test/store/watermark.test.ts',
      name: 'a commit that waits is not overtaken: who polls by the watermark finds it',
    },
  },
  {
    id: 'S5',
    hazard: 'False grade',
    control: 'A form grades only if its options stand one to one for 0 to 4',
    code: {
      file: 'src/rules/gradings/pro-ctcae-items.ts',
      from: 'const whole = values.length === max + 1 && [...values].sort().every((value, index) => value === index);',
      to: 'const whole = values.length > 0;',
    },
    test: { file: 'test/rules/gradings/pro-ctcae-items.test.ts', name: 'refused: integers 0 to 10 as options' },
  },
  {
    id: 'S6',
    hazard: 'False grade',
    control: 'An answer that its form does not offer is an error, never an absence',
    code: {
      file: 'src/rules/gradings/pro-ctcae.ts',
      from: 'throw new Error(`The answer to item ${item.linkId} is none of its options`);',
      to: 'return undefined;',
    },
    test: {
      file: 'test/rules/gradings/pro-ctcae.test.ts',
      name: 'an answer that is none of the options is an error, never an absence',
    },
  },
  {
    id: 'S7',
    hazard: 'Wrong patient',
    control: 'A resource stays with its patient',
    code: {
      file: 'src/save/checks.ts',
      from: 'if (before?.id === owner?.id) return;',
      to: 'if (before !== null) return;',
    },
    test: { file: 'test/routes/bad-response.test.ts', name: 'the subject cannot be changed by PUT' },
  },
  {
    id: 'S8',
    hazard: 'Wrong patient',
    control: 'A caller who sees one patient finds nothing of another',
    code: {
      file: 'src/store/search/scope.ts',
      from: 'return visible === null ? tenant : sql`${tenant} and ${row}.tok @> array[${visible}::bigint]`;',
      to: 'return tenant;',
    },
    test: { file: 'test/store/compartment.test.ts', name: 'search by _lastUpdated' },
  },
  {
    id: 'S9',
    hazard: 'Wrong clock',
    control: 'A moment of answering more than 24 hours ahead is refused',
    code: { file: 'src/symptom-time.ts', from: '> AHEAD_MILLIS', to: '> 1e15' },
    test: { file: 'test/routes/bad-response.test.ts', name: 'authored just over 24 h ahead' },
  },
  {
    id: 'S10',
    hazard: 'Wrong clock',
    control: 'A clock that is ahead by less is not believed: the time of receipt stands in',
    code: {
      file: 'src/symptom-time.ts',
      from: 'const moment = clockAhead ? now.getTime() : interval.start;',
      to: 'const moment = interval.start;',
    },
    test: {
      file: 'test/routes/bad-response.test.ts',
      name: 'authored up to 24 h ahead is accepted: receipt time stands in, and the data quality is noted',
    },
  },
  {
    id: 'S11',
    hazard: 'Silent rule change',
    control: 'What has been released under a url and version never changes',
    code: {
      file: 'src/save/rules/plan.ts',
      from: 'if (policyDigest(before) !== policyDigest(after)) throw released(before);',
      to: '',
    },
    test: { file: 'test/routes/policy.test.ts', name: 'what has been released under a url and version never changes' },
  },
  {
    id: 'S12',
    hazard: 'Lost or half written data',
    control: 'A server that may forget what it acknowledged is refused',
    code: {
      file: 'src/store/durability.ts',
      from: "safe: (value) => ['on', 'local', 'remote_write', 'remote_apply'].includes(value),",
      to: 'safe: () => true,',
    },
    test: { file: 'test/store/durability.test.ts', name: 'refused: synchronous_commit off' },
  },
  {
    id: 'S13',
    hazard: 'Lost or half written data',
    control: 'Of clients that create under the same condition exactly one does',
    code: {
      file: 'src/store/write.ts',
      from: '  where claim.id = (select k.stale from keys k where k.key = excluded.key)\n',
      to: '',
    },
    test: { file: 'test/save/claim.test.ts', name: 'the same through two services that share only the database' },
  },
  {
    id: 'S14',
    hazard: 'Patient data where they do not belong',
    control: 'The log keeps no message of an error: it may quote what a patient wrote',
    code: {
      file: 'src/log.ts',
      from: "const safe: SafeError = { name: text('name') ?? 'Error', frames: framesOf(error) };",
      to: 'const safe: SafeError = { name: `${error.name} ${error.message}`, frames: framesOf(error) };',
    },
    test: {
      file: 'test/log.test.ts',
      name: 'of an error its name, code, table, constraint and frames are known, never its message',
    },
  },
  {
    id: 'S15',
    hazard: 'Silent rule change',
    control: 'What the rule engine wrote is read-only to clients',
    code: { file: 'src/save/checks.ts', from: '  if (!derived) return;', to: '  if (derived || !derived) return;' },
    test: {
      file: 'test/routes/interactions.test.ts',
      name: 'an Observation of the engine is read-only, one of a client is not',
    },
  },
];
/* biome-ignore-end lint/suspicious/noTemplateCurlyInString: see above */
