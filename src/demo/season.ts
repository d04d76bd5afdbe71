/** Terms that the season speaks of, by the linkId of their group in the weekly form. */
const GROUPS = {
  nausea: 'PROCTCAE_9',
  diarrhoea: 'PROCTCAE_16',
  pain: 'PROCTCAE_48',
  fatigue: 'PROCTCAE_53',
} as const;

/** Answers to the items of a term in the order of the form, 0-4; what follows a 0 is hidden and not answered. */
export type Answers = Partial<Record<keyof typeof GROUPS, readonly number[]>>;

/** One weekly report. Terms that it does not name are answered 0. */
export interface Week {
  /** Whole weeks before the demonstration runs; at least 1, so that no report lies in the future. */
  weeksAgo: number;
  answers: Answers;
  /** Written before the first dose: recorded as the patient's baseline. */
  baseline?: true;
  /** Answered offline: the phone sends it after the next report. */
  late?: true;
  /** Sent a second time with other answers, after all else: a correction by the patient. */
  corrected?: Answers;
}

/** Eight weeks of a patient who does not exist. Nothing here is a clinical statement; change an answer and the story changes. */
export const SEASON: readonly Week[] = [
  { weeksAgo: 8, answers: { fatigue: [1, 1], pain: [1, 1, 1] }, baseline: true },
  { weeksAgo: 7, answers: { fatigue: [1, 1] } },
  { weeksAgo: 6, answers: { nausea: [3, 2], fatigue: [2, 1] } },
  { weeksAgo: 5, answers: { nausea: [4, 3], fatigue: [2, 2] } },
  { weeksAgo: 4, answers: { nausea: [3, 3], fatigue: [3, 2] }, late: true },
  { weeksAgo: 3, answers: { nausea: [1, 1], fatigue: [3, 3] } },
  {
    weeksAgo: 2,
    answers: { nausea: [1, 1], fatigue: [2, 2], diarrhoea: [4] },
    corrected: { nausea: [1, 1], fatigue: [2, 2], diarrhoea: [1] },
  },
  { weeksAgo: 1, answers: { fatigue: [2, 1] } },
];

/** The answers of a report by the linkId of their group. */
export function byGroup(answers: Answers): ReadonlyMap<string, readonly number[]> {
  return new Map(
    Object.entries(GROUPS).flatMap(([term, linkId]) => {
      const scores = answers[term as keyof typeof GROUPS];
      return scores ? [[linkId, scores] as const] : [];
    }),
  );
}

/** The order in which the reports reach the service: a late one after the report that follows it. */
export function inOrderOfArrival(season: readonly Week[]): Week[] {
  const arrived: Week[] = [];
  const waiting: Week[] = [];
  for (const week of [...season].sort((a, b) => b.weeksAgo - a.weeksAgo)) {
    if (week.late) {
      waiting.push(week);
      continue;
    }
    arrived.push(week, ...waiting.splice(0));
  }
  return [...arrived, ...waiting];
}
