/** A control against a hazard: the code that is it, and the test that fails without it. docs/safety.md is the same list for readers. */
export interface Control {
  id: string;
  hazard: string;
  control: string;
  /** `from` stands once in the file; with `to` in its place, which is another, the control is gone. */
  code: { file: string; from: string; to: string };
  /** `name` is that of the test, of a subtest or of a case of its table, wholly; or the words of it beside what is known only when it runs. */
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
      from: 'if (value === undefined) return UNDECIDED;',
      to: 'if (value === undefined) return NO;',
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
      from: 'return visible === null ? tenant : sql`${tenant} and ${anyOf(scope, [visible])}`;',
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
      from: 'const at = clockAhead ? now.getTime() : interval.start;',
      to: 'const at = interval.start;',
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
  {
    id: 'S16',
    hazard: 'Wrong unit',
    control: 'A result in a unit that its analyte is not graded in has no grade',
    code: {
      file: 'src/rules/gradings/ctcae-measurements.ts',
      from: "if (!base || !isRead(ladder, input, quantity, base)) return { reason: 'unit-unknown', input, quantity };",
      to: "if (!base) return { reason: 'unit-unknown', input, quantity };",
    },
    test: { file: 'test/rules/gradings/ctcae.test.ts', name: 'prothrombin in per cent is no INR' },
  },
  {
    id: 'S17',
    hazard: 'Wrong unit',
    control: 'A result that no patient can have has no grade: its unit is most often wrong',
    code: {
      file: 'src/rules/gradings/ctcae-plausible.ts',
      from: 'return BOUNDS.get(loinc)?.some((rule) => holdsFor(rule, term) && breaks(quantity, base, rule)) === true;',
      to: 'return false;',
    },
    test: {
      file: 'test/evaluation/observations.test.ts',
      name: 'without limits, unit or possible value there is no grade 0, and it is said why',
    },
  },
  {
    id: 'S53',
    hazard: 'Wrong unit',
    control: 'A baseline that no patient can have is refused: it would hide what is compared with it',
    code: {
      file: 'src/rules/observed.ts',
      from: "const UNFIT: ReadonlySet<string> = new Set(['unit-unknown', 'value-implausible']);",
      to: "const UNFIT: ReadonlySet<string> = new Set(['unit-unknown']);",
    },
    test: {
      file: 'test/evaluation/baselines.test.ts',
      name: 'a baseline that no patient can have is refused, however it is recorded',
    },
  },
  {
    id: 'S18',
    hazard: 'Wrong unit',
    control: 'A temperature that no patient can have is never taken for no fever',
    code: {
      file: 'src/rules/gradings/emergency-fever.ts',
      from: 'if (isImplausible(kelvin.value) || (end !== undefined && there !== true && isImplausible(end))) {',
      to: 'if (kelvin.value < 0) {',
    },
    test: { file: 'test/rules/gradings/emergency.test.ts', name: '375 °C, a lost decimal point, is not believed' },
  },
  {
    id: 'S19',
    hazard: 'False grade',
    control: 'A code that nobody here has read in a source grades nothing',
    code: { file: 'src/rules/gradings/ctcae-codes.ts', from: 'inputs.filter(({ active }) => active)', to: 'inputs' },
    test: { file: 'test/rules/gradings/ctcae.test.ts', name: 'an unverified code grades nothing until a site maps it' },
  },
  {
    id: 'S20',
    hazard: 'False grade',
    control: 'Only final results are graded',
    code: {
      file: 'src/rules/gradings/ctcae.ts',
      from: 'if (!GRADED_STATUSES.includes(input.status)) return findings;',
      to: '',
    },
    test: { file: 'test/rules/gradings/ctcae.test.ts', name: 'only final results of known codes are graded' },
  },
  {
    id: 'S21',
    hazard: 'Stale or assumed baseline',
    control: 'A baseline is one that was recorded: the first report is none',
    code: {
      file: 'src/rules/episodes-term.ts',
      from: 'report.baseline && recorded !== undefined',
      to: 'recorded !== undefined',
    },
    test: {
      file: 'test/rules/episodes.test.ts',
      name: 'a baseline is one that was recorded, and counts for its own report',
    },
  },
  {
    id: 'S22',
    hazard: 'Stale or assumed baseline',
    control: 'A baseline that is recorded late grades anew what came after it',
    code: {
      file: 'src/evaluation/regrading.ts',
      from: '    if (!before.report.measured) return [];',
      to: '    if (before.report) return [];',
    },
    test: {
      file: 'test/evaluation/baselines.test.ts',
      name: 'a baseline that is recorded late grades anew what came after it, in one write',
    },
  },
  {
    id: 'S23',
    hazard: 'Missed Flag',
    control: 'A failure inside grading or a policy stores the report and opens a Flag that says so',
    code: {
      file: 'src/evaluation.ts',
      from: '    return notEvaluated(deps,',
      to: '    if (error) throw error;\n    return notEvaluated(deps,',
    },
    test: { file: 'test/routes/not-evaluated.test.ts', name: 'never loses a response' },
  },
  {
    id: 'S24',
    hazard: 'Missed Flag',
    control: 'An emergency is heard from a form that is not finished',
    code: {
      file: 'src/evaluation/of-response.ts',
      from: 'complete ? wasAsked : isUrgent',
      to: 'complete ? wasAsked : () => false',
    },
    test: {
      file: 'test/routes/emergencies.test.ts',
      name: 'an emergency is heard from a form that is not finished, and from one that was given up',
    },
  },
  {
    id: 'S25',
    hazard: 'Missed Flag',
    control: 'Fever is an emergency unless it is known that there is no systemic treatment',
    code: {
      file: 'profiles/policies/emergency-fever.json',
      from: '%finding.min >= 1 and (%treatment.systemic.exists() and %treatment.systemic = false).not()',
      to: '%finding.min >= 1 and %treatment.systemic',
    },
    test: {
      file: 'test/routes/emergencies.test.ts',
      name: 'what is known of the treatment decides; what is unknown is on the safe side',
    },
  },
  {
    id: 'S26',
    hazard: 'Alert overload',
    control: 'In order of arrival a Flag gets a version only when its status, grade or priority changes',
    code: {
      file: 'src/rules/flags.ts',
      from: '({ signature }, episode) => showsSignature(signature, episode);',
      to: '({ signature }, episode) => signature === String(episode);',
    },
    test: {
      file: 'test/rules/flags.test.ts',
      name: 'any order of arrival gives the same Flags, and one open episode per term',
    },
  },
  {
    id: 'S27',
    hazard: 'Missed Flag',
    control: 'A report that is not gradable, contradicts itself or leaves a high grade open neither closes nor lowers',
    code: {
      file: 'src/rules/decide.ts',
      from: '!leave.lower || leavesOpen(finding, episode)',
      to: '!leave.lower',
    },
    test: {
      file: 'test/rules/decide.test.ts',
      name: 'what leaves a high grade open neither closes nor lowers, and may raise',
    },
  },
  {
    id: 'S28',
    hazard: 'Silent rule change',
    control: 'A report stays judged by the policies that were active when it came in',
    code: {
      file: 'src/evaluation/steps.ts',
      from: '  if (!policies) return snapshot.policies;',
      to: '  if (policies !== null) return snapshot.policies;',
    },
    test: {
      file: 'test/routes/policy.test.ts',
      name: 'a report stays judged by the policies that were active when it came in',
    },
  },
  {
    id: 'S29',
    hazard: 'Unseen silence',
    control: 'A slot that ends without an answer becomes a report that nothing came',
    code: {
      file: 'src/jobs/slot.ts',
      from: 'return together(leftBehind(await evaluate(deps, within, ofSlot(await slotAbout(about), expected, false))), goesOn);',
      to: 'return goesOn;',
    },
    test: {
      file: 'test/evaluation/expected.test.ts',
      name: 'a slot without a report becomes a Flag, once; the next answer closes it',
    },
  },
  {
    id: 'S30',
    hazard: 'Unseen silence',
    control: 'An answer that is withdrawn leaves its slot without one',
    code: { file: 'src/evaluation/expected.ts', from: 'new Set(lost.map(({ item }) => item)),', to: 'new Set(),' },
    test: { file: 'test/evaluation/expected.test.ts', name: 'a report that is withdrawn is missing' },
  },
  {
    id: 'S31',
    hazard: 'Unseen silence',
    control: 'A time that cannot be read is refused: nobody guesses when a patient was to answer',
    code: {
      file: 'src/rules/calendar/timing.ts',
      from: 'if (Object.hasOwn(repeat, element)) return refused(',
      to: "if (Object.hasOwn(repeat, '')) return refused(",
    },
    test: {
      file: 'test/rules/calendar/slots.test.ts',
      name: 'a part of the day',
    },
  },
  {
    id: 'S32',
    hazard: 'Unseen silence',
    control: 'A part of a plan that stands elsewhere in it is waited for as before',
    code: {
      file: 'src/save/rules/care-plan.ts',
      from: 'const knownAs = (part: string): string => names.get(part) ?? part;',
      to: 'const knownAs = (part: string): string => part;',
    },
    test: {
      file: 'test/evaluation/expected.test.ts',
      name: 'what else a plan asks for, and in which order, does not hide that a report is missing',
    },
  },
  {
    id: 'S33',
    hazard: 'Unseen silence',
    control: 'A term is asked again after the time without news that a policy names',
    code: {
      file: 'src/rules/moments.ts',
      from: 'if (is && is.at !== was?.at) changes.set.push(',
      to: 'if (is && is.at === was?.at) changes.set.push(',
    },
    test: {
      file: 'test/jobs/tick.test.ts',
      name: 'what persists rises by itself, at its moment, with all that an evaluation leaves',
    },
  },
  {
    id: 'S34',
    hazard: 'Undone work',
    control: 'A Flag that calls a person makes a work item in the same statement',
    code: {
      file: 'src/rules/work/follow.ts',
      from: "if (told.flag.status !== 'active' || priority === undefined || priority === 'PN') return undefined;",
      to: "if (told.flag.status !== 'active' || priority === undefined || priority === 'PL') return undefined;",
    },
    test: { file: 'test/rules/work/follow.test.ts', name: 'a Flag of low priority makes routine work' },
  },
  {
    id: 'S35',
    hazard: 'Undone work',
    control: 'Work that nobody answers in time goes to the next level',
    code: {
      file: 'src/rules/work/escalate.ts',
      from: 'const next = escalated(task, escalation) ?? {',
      to: 'const next = {',
    },
    test: {
      file: 'test/save/work-items.test.ts',
      name: 'overdue work goes on to the next level, and at the last is called overdue once',
    },
  },
  {
    id: 'S36',
    hazard: 'Undone work',
    control: 'Work that sleeps is work again at its moment',
    code: {
      file: 'src/rules/work/escalate.ts',
      from: "if (task.status === 'on-hold') return snoozedUntil(task);",
      to: "if (task.status === 'on-hold') return undefined;",
    },
    test: { file: 'test/rules/work/escalate.test.ts', name: 'what sleeps wakes' },
  },
  {
    id: 'S37',
    hazard: 'Undone work',
    control: 'Work that sleeps wakes at once by a report above the level that was expected',
    code: {
      file: 'src/rules/work/follow.ts',
      from: "if ((rises || exceeds) && open.status === 'on-hold') return woken(task, around, WORSE);",
      to: '',
    },
    test: { file: 'test/rules/work/follow.test.ts', name: 'what sleeps wakes by what is worse' },
  },
  {
    id: 'S38',
    hazard: 'Undone work',
    control: 'The end of a snooze judges again what it held back',
    code: {
      file: 'src/rules/moments.ts',
      from: 'if (until >= report.at) changes.set.push(momentOfWaking(term, until, timeZone));',
      to: '',
    },
    test: { file: 'test/jobs/tick.test.ts', name: 'the end of a snooze wakes what it held back' },
  },
  {
    id: 'S39',
    hazard: 'Undone work',
    control: 'Who takes work that somebody has is told so',
    code: { file: 'src/rules/work/moves.ts', from: '  refuseTakeover(before, after);\n', to: '' },
    test: {
      file: 'test/save/work-items.test.ts',
      name: 'of two nurses who take the same work one has it, and the other is told who',
    },
  },
  {
    id: 'S40',
    hazard: 'Undone work',
    control: 'What is due and fails is kept, and tried again',
    code: {
      file: 'src/store/due.ts',
      from: 'and (d.attempts >= $5 or d.id = (',
      to: 'and (d.attempts < $5 and d.id = (',
    },
    test: {
      file: 'test/jobs/scheduler.test.ts',
      name: 'what fails is kept, parked at last, and lets later things pass',
    },
  },
  {
    id: 'S41',
    hazard: 'Alert overload',
    control: 'What is due happens once, however many processes have it',
    code: { file: 'src/save/moment.ts', from: 'if (!(await findDue(deps.db, within, due))) return;', to: '' },
    test: {
      file: 'test/jobs/scheduler.test.ts',
      name: 'taken by two at once, in spite of every lease, a thing happens once',
    },
  },
  {
    id: 'S42',
    hazard: 'Silent rule change',
    control: 'A stored policy becomes active by $activate alone',
    code: {
      file: 'src/save/rules/plan.ts',
      from: "if (before && plan.status === 'active') refuseSilent(before, id);",
      to: '',
    },
    test: {
      file: 'test/routes/operations/activate.test.ts',
      name: 'of a stored draft by PUT or PATCH is refused, and $activate is named',
    },
  },
  {
    id: 'S43',
    hazard: 'Silent rule change',
    control: 'A simulation of another content does not activate a policy',
    code: {
      file: 'src/routes/operations/activate.ts',
      from: 'if (request.digest !== digest) {',
      to: "if (request.digest === '') {",
    },
    test: {
      file: 'test/routes/operations/activate.test.ts',
      name: 'of what was changed since its simulation is refused',
    },
  },
  {
    id: 'S44',
    hazard: 'Alert overload',
    control: 'What is gone through anew and cannot be evaluated stays due, and tells nobody again and again',
    code: {
      file: 'src/jobs/slot.ts',
      from: 'if (!consequence?.patient.reports?.length && !consequence?.patient.retract) {',
      to: 'if (consequence === undefined) {',
    },
    test: {
      file: 'test/jobs/slot.test.ts',
      name: 'what is gone through anew and cannot be evaluated stays due, and is not told again and again',
    },
  },
  {
    id: 'S45',
    hazard: 'Unseen silence',
    control: 'A look at many slots at once passes over none that nobody has answered',
    code: {
      file: 'src/jobs/slot-look.ts',
      from: 'const unmet = ends.filter((end) => !isMet(end, answers.get(end.due.patient) ?? []));',
      to: 'const unmet = ends.filter((end) => !isMet(end, []) && answers.size < 0);',
    },
    test: {
      file: 'test/jobs/slot-look.test.ts',
      name: 'a missing report among many that came is said, once',
    },
  },
  {
    id: 'S46',
    hazard: 'Unseen silence',
    control: 'A plan that came before its form expects reports once the form comes',
    code: {
      file: 'src/save/rules/form.ts',
      from: 'due: [heldDue(questionnaire, id, deps.now().toISOString())]',
      to: 'due: []',
    },
    test: {
      file: 'test/evaluation/expected-form.test.ts',
      name: 'form after plan: the plan expects from then on, and a week of silence is a Flag',
    },
  },
  {
    id: 'S47',
    hazard: 'Missed Flag',
    control: 'A temperature in words, or in any other form than a number, is told as one that cannot be read',
    code: {
      file: 'src/rules/observed-value.ts',
      from: 'return Object.keys(part).some((name) => /^value[A-Z]/.test(name)) ? UNCLEAR : undefined;',
      to: 'return undefined;',
    },
    test: {
      file: 'test/routes/emergencies.test.ts',
      name: 'a temperature that is no plain quantity is never passed over',
    },
  },
  {
    id: 'S48',
    hazard: 'Missed Flag',
    control: 'A bound or a range that may be a fever is never taken for no fever',
    code: {
      file: 'src/rules/gradings/emergency-fever.ts',
      from: 'return there === undefined ? unclear(measured)',
      to: "return there === undefined ? { is: 'absent', measured }",
    },
    test: {
      file: 'test/routes/emergencies.test.ts',
      name: 'a temperature that is no plain quantity is never passed over',
    },
  },
  {
    id: 'S49',
    hazard: 'Missed Flag',
    control:
      'A policy for a treatment, a condition or a study is asked unless it is known that the patient is not meant',
    code: {
      file: 'src/rules/known-codes.ts',
      from: 'const isOpen = isCut || codes.length === 0 || records.some(mayBeAnything);',
      to: 'const isOpen = false;',
    },
    test: {
      file: 'test/evaluation/meant-for.test.ts',
      name: 'a policy for a treatment is asked unless it is known that the patient is not under it',
    },
  },
  {
    id: 'S54',
    hazard: 'Missed Flag',
    control: 'No treatment now is not taken for no treatment at the symptom time of a late report',
    code: {
      file: 'src/rules/treatment-facts.ts',
      from: "return symptom === receipt ? symptom : 'not known';",
      to: 'return receipt;',
    },
    test: {
      file: 'test/evaluation/late-reports.test.ts',
      name: 'a late report of fever is judged by the treatment of its symptom time too, in either order',
    },
  },
  {
    id: 'S55',
    hazard: 'Silent rule change',
    control: 'An amended report stays graded by the versions of CTCAE that it was graded by',
    code: {
      file: 'src/evaluation/facts.ts',
      from: 'before?.ctcae ?? versionsOf(studies)',
      to: 'versionsOf(studies)',
    },
    test: {
      file: 'test/evaluation/kept-versions.test.ts',
      name: 'an amended result stays graded by the versions that it was graded by',
    },
  },
  {
    id: 'S56',
    hazard: 'Silent rule change',
    control: 'A version of CTCAE that cannot be read is refused: no study is graded by another one without a word',
    code: {
      file: 'src/save/rules/study.ts',
      from: 'refuse(extension.flatMap(versionIssues));',
      to: 'refuse(extension.flatMap(versionIssues).slice(extension.length));',
    },
    test: {
      file: 'test/routes/study-versions.test.ts',
      name: 'a version of CTCAE that cannot be read is refused, however the study comes',
    },
  },
  {
    id: 'S57',
    hazard: 'False grade',
    control: 'A structured answer that is none of those of its question is refused with its form',
    code: {
      file: 'src/rules/gradings/ctcae-answer-items.ts',
      from: "if (strange) return `option ${strange.code ?? strange.text ?? ''} is none of those; expected ${expected}`;",
      to: '',
    },
    test: { file: 'test/rules/gradings/ctcae-answer-form.test.ts', name: 'severity with words of its own' },
  },
  {
    id: 'S58',
    hazard: 'False grade',
    control: 'A structured question without an answer may have any: it is never taken for no',
    code: {
      file: 'src/rules/gradings/ctcae-answers.ts',
      from: "if (kind === 'boolean') return [true, false];",
      to: "if (kind === 'boolean') return [false];",
    },
    test: { file: 'test/rules/gradings/ctcae-answer-form.test.ts', name: 'limits are blank' },
  },
  {
    id: 'S59',
    hazard: 'Wrong unit',
    control: 'Limits of normal that cannot be such, or that contradict the table, are none',
    code: {
      file: 'src/rules/gradings/ctcae-limits.ts',
      from: 'const possible = readings.flatMap((one) => believedOf(one, about) ?? []);',
      to: 'const possible = readings;',
    },
    test: { file: 'test/rules/gradings/ctcae-limits.test.ts', name: 'g/dL under g/L' },
  },
  {
    id: 'S60',
    hazard: 'Wrong unit',
    control:
      'Limits in a unit of another size are read as bare numbers too, and a result is normal only if it is both ways',
    code: {
      file: 'src/rules/gradings/ctcae-limits.ts',
      from: 'isOfOtherSize(said.given, about) ? [said, reading(asBare(said.given, about), about)] : [said]',
      to: '[said]',
    },
    test: { file: 'test/rules/gradings/ctcae-limits.test.ts', name: 'either, so that every grade is possible' },
  },
  {
    id: 'S61',
    hazard: 'Missed Flag',
    control: 'What other policies cost is not taken from the policies of emergencies',
    code: {
      file: 'src/rules/policy/situations.ts',
      from: "const apart = system === 'emergency' && actions.some(({ namesEmergency }) => namesEmergency);",
      to: 'const apart = false;',
    },
    test: {
      file: 'test/rules/policy/asked.test.ts',
      name: 'no policy that sorts earlier keeps an emergency from being told',
    },
  },
];
/* biome-ignore-end lint/suspicious/noTemplateCurlyInString: see above */
