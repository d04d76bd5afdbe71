import type { Words } from './explain-words.ts';

/** The sentences of an explanation in English. */
export const english: Words = {
  report: (term, day, source) => `${term}, report of ${day} (${source}).`,
  askedAgain: (term, day, after, source) =>
    `${term}, asked again on ${day}: nothing had told its grade for ${after}; the last that did is ${source}.`,
  snoozeEnded: (term, day, source) =>
    `${term}, judged again on ${day}: the level that was expected is so no longer; the last that was told is ${source}.`,
  time: (value, unit) => `${value} ${{ h: 'hour', d: 'day', wk: 'week' }[unit]}${value === 1 ? '' : 's'}`,
  answers: (list) => `Answers: ${list}.`,
  score: (attribute, score) => `${attribute} ${score} of 4`,
  yesNo: (attribute, score) => `${attribute} ${score === 1 ? 'yes' : 'no'}`,
  written: 'something written in the patient’s own words (they stay in the response)',
  state: {
    missing: (attribute) => `${attribute} not answered`,
    'opted-out': (attribute) => `${attribute} declined or not applicable`,
    'not-asked': (attribute) => `${attribute} not asked by this form`,
  },
  hidden: (attribute, because) => `${attribute} 0, not shown because ${because} was answered 0`,
  composite: (version, grade) =>
    `PRO-CTCAE ${version} composite grade ${grade} on a scale of 0 to 3; patient-reported, not a CTCAE grade.`,
  presence: (version, yes) =>
    `PRO-CTCAE ${version}: reported ${yes ? 'yes' : 'no'}; patient-reported, not a CTCAE grade.`,
  text: (version, written) =>
    written
      ? `Other symptom (PRO-CTCAE ${version} form, patient-reported): written in, not graded.`
      : `Other symptom (PRO-CTCAE ${version} form, patient-reported): none written in.`,
  ladder: (version, grade) => `CTCAE ${version} grade ${grade} from the measured value; proposed, to be confirmed.`,
  monitoring: (said) => `Of the reporting itself: ${said}.`,
  seconds: (seconds, items) => `Answering took ${seconds} s for ${items} graded answers.`,
  emergency: (there) => (there ? 'Answered or measured: there. It does not wait for grading.' : 'Not there.'),
  atLeast: (version, min, max, missing) =>
    `PRO-CTCAE ${version} composite grade at least ${min} on a scale of 0 to 3, and ${max} cannot be excluded (${missing}); patient-reported, not a CTCAE grade.`,
  ladderAtLeast: (version, min, max, missing) =>
    `CTCAE ${version} grade at least ${min} from the measured value, and ${max} cannot be excluded (${missing}); proposed, to be confirmed.`,
  notGradable: (grading, reason) => `Not gradable by ${grading}: ${reason}.`,
  scale: {
    'pro-ctcae': (version) => `PRO-CTCAE ${version}`,
    ctcae: (version) => `CTCAE ${version}`,
    emergency: (version) => `the emergency questions ${version}`,
    monitoring: () => 'the reporting itself',
  },
  measured: (value, code) => `Measured: ${value} (LOINC ${code}).`,
  beside: (value, code) => `With it: ${value} (LOINC ${code}).`,
  canonical: (value) => `In the unit of the published table: ${value}.`,
  limits: (low, high) =>
    low === undefined && high === undefined
      ? 'No limits of normal came with the result.'
      : `Limits of normal of the same result: ${[low === undefined ? '' : `from ${low}`, high === undefined ? '' : `up to ${high}`].filter(Boolean).join(' ')}.`,
  measuredBaseline: (value, day, source) => `Baseline of the analyte: ${value} on ${day} (${source}).`,
  dataQuality: {
    contradictory: 'The leading answer is 0 and a later one is not: this report never counts toward closing.',
    'needs-review': 'The severity beside it is 3 or more: a person should look.',
    'ambiguous-item': 'Two items or two repetitions carry the same code.',
    'clock-ahead': 'The clock of the device was ahead; the time of receipt is used.',
    'value-unclear': 'The value does not tell: it is a text, a code, or a bound or range on both sides of a threshold.',
    'unit-unknown': 'The result has no unit, or one that this analyte is not graded in.',
    'value-implausible': 'This value is not believable in this unit: most often the unit is wrong.',
    'limit-missing': 'No limits of normal that can be used came with the result.',
    'limit-implausible':
      'The limits of normal of the result, or of its baseline, are not believed as they stand: most often their unit is wrong.',
    'baseline-missing': 'No baseline of the analyte is recorded.',
    'needs-clinician': 'Clinical facts that the data do not hold could make the grade higher.',
  },
  previous: (grade, day) => `Previous gradable report: ${grade} on ${day}.`,
  noPrevious: 'No gradable report before it.',
  baseline: (grade, day) => `Recorded baseline: ${grade} on ${day}.`,
  noBaseline: 'No recorded baseline.',
  transition: {
    none: () => 'No Flag is open for this term and none was opened.',
    open: (priority) => `A Flag was opened at ${priority}.`,
    worse: () => 'The open Flag got worse.',
    same: () => 'The open Flag stays as it is.',
    better: () => 'The open Flag got better.',
    close: () => 'The Flag was closed.',
    kept: () => 'The Flag stays open: this report cannot tell its grade.',
    merge: () => 'The same was asked twice, and this answer adds nothing to what is flagged already.',
  },
  priority: { PN: 'no priority (PN)', PL: 'low priority (PL)', PM: 'medium priority (PM)', PH: 'high priority (PH)' },
  priorityNow: (now, before) => `It now has ${now}; it had ${before}.`,
  because: (actions) => `Decided by ${actions}.`,
  action: (title, id, policy) => `${title} (${id} of ${policy})`,
  undecided: (actions, unknown) => `Undecided, which is not a no: ${actions}${unknown ? `; ${unknown}` : ''}.`,
  expected: (level, until, inForce) =>
    `A clinician expects level ${level} until ${until}${inForce ? '' : ', which is over'}.`,
  held: (actions) =>
    `${actions} asked for a rise of the priority, which was held back by the level that a clinician expects.`,
  reopens: (start, end) => `It is a reopening: an earlier Flag of this term stood from ${start} to ${end}.`,
  met: (comparisons) => `Thresholds met: ${comparisons}.`,
  notMet: (comparisons) => `Thresholds not met: ${comparisons}.`,
  notKnown: (comparisons) => `Thresholds that cannot be told: ${comparisons}.`,
  of: (comparison, actions) => `${comparison} [${actions}]`,
  grade: 'grade',
  value: 'a value of',
  emergencyWord: 'this sign',
  thereIs: { true: 'there', false: 'not there' },
  unknown: 'unknown',
  truth: { true: 'true', false: 'false' },
  existence: (name, there) => `${there ? `there is ${/^[aeiou]/.test(name) ? 'an' : 'a'}` : 'there is no'} ${name}`,
  known: (name, is) => `${name}: ${is ? 'known' : 'not known'}`,
  whether: (name, isKnown) => `it is ${isKnown ? 'known' : 'not known'} whether there is ${name}`,
  countsAsMet: (unknown) => `${unknown}, which counts as met`,
  notHeld: (policies) =>
    `No longer held here with the content that decided, so that its thresholds cannot be told: ${policies}.`,
  wouldChange: (changes) => `What would have changed it: ${changes}.`,
  nothingNear: 'No answer or value near this one would have changed it.',
  instead: (what, to, from) => `${what} ${to} instead of ${from}`,
  moreCalm: (days) => (days === 1 ? '1 more calm day' : `${days} more calm days`),
  outcome: (now, wasOpen, priority) => {
    if (now === 'closed') return 'the Flag would have been closed';
    if (now === 'none') return 'no Flag would have been opened';
    return wasOpen ? `the Flag would be open at ${priority}` : `a Flag would have been opened at ${priority}`;
  },
  notEvaluated: (source, day) =>
    `The report of ${day} (${source}) is stored and could not be evaluated: nothing is known of what it says until a person has read it. No grade, no threshold and no earlier report led to this Flag.`,
  retracted: (day) => `Entered in error since ${day}: no report leads to this Flag any more.`,
  evaluated: (day) => `Since ${day} the report can be evaluated: its own Flags say what it says.`,
  notEvaluatedBecause: (policies) => `At this moment these active policies cannot be run by this engine: ${policies}.`,
  left: {
    'policy-budget': (left) => `Not asked, since the steps of one report were spent, which is not a no: ${left}.`,
    'policy-error': (left) => `Undecided, since a condition failed, which is not a no: ${left}.`,
  },
  leftBy: (term, policy) => `${term} by ${policy}`,
  more: (count) => `${count} more`,
  nothingTrue: 'No condition of the policies was true.',
  noPolicy: 'No policy is active: nothing can be flagged.',
  calm: (days) => `Calm days counted toward closing: ${days}.`,
  versions: (engine, grading, fhirpath, form, policies) =>
    `Versions: ${engine}, grading ${grading}, fhirpath ${fhirpath}, form ${form}, policies ${policies}.`,
  led: (change, outcome) => `${change}: ${outcome}`,
  semicolon: '; ',
  and: ' and ',
  none: 'none',
  noForm: 'none',
  grading: (system) => system,
  unnamed: (code) => `“${code}”`,
  reason: {
    'not-answered': 'nothing was answered',
    'opted-out': 'the patient chose not to answer, or it does not apply',
    'not-asked': 'the form does not ask it',
    'ambiguous-item': 'two items or repetitions carry the same code',
    'no-value': 'the result has no number',
    'value-unclear': 'the value is a text, a code, a bound or a range that does not tell',
    'unit-unknown': 'the unit is missing, or not one that this analyte is graded in',
    'value-implausible': 'the value is not believable in this unit',
    'limit-missing': 'no limits of normal that can be used came with the result',
    'baseline-missing': 'no baseline is recorded',
    'needs-clinician': 'it takes clinical facts that the data do not hold',
  },
};
