import type { DecisionRecord, RecordedCondition, RecordedTerm } from './decision-record.ts';
import type { ActionRef, Episode, PastEpisode } from './episode.ts';
import { type Finding, originOf, type SourceType, termOfKey } from './finding.ts';
import { readAnswers, readOutcome } from './finding-packed.ts';
import type { Packed, PackedEpisode, PackedPolicy, PackedTerm } from './record-packed.ts';
import { readTold } from './record-told.ts';

/** What `pack` packed. */
export function unpack(packed: Packed): DecisionRecord {
  const { policies, reports, gradings } = packed;
  const report = (place: number | undefined) => readReport(reports[place ?? 0]);
  const ref = (text: string): ActionRef => {
    const colon = text.lastIndexOf(':');
    const policy = text.slice(0, colon);
    return { policy: policies[Number(policy)]?.canonical ?? policy, action: text.slice(colon + 1) };
  };
  const grading = (given: readonly [string, string] | undefined) => ({
    system: (given?.[0] ?? gradings[0]?.system ?? 'pro-ctcae') as Finding['system'], // it was one when it was packed
    version: given?.[1] ?? gradings[0]?.version ?? '',
  });

  const readEpisode = (episode: PackedEpisode, { term, kind = 'composite' }: PackedTerm): Episode => {
    const opening = report(episode.opening);
    const { system, version } = grading(episode.grading);
    const [calmDays, lastCalmDay] = episode.calm;
    return {
      term,
      status: episode.end === undefined ? 'open' : 'closed',
      origin: originOf(opening.source),
      start: opening.at,
      end: episode.end,
      startAuthored: episode.startAuthored,
      endAuthored: episode.endAuthored,
      opening: opening.source,
      latest: report(episode.latest).source,
      kind,
      system,
      systemVersion: version,
      outcome: readOutcome(episode.outcome),
      openingLevel: episode.level,
      previousGrade: episode.previous,
      baselineGrade: episode.baseline,
      ...(episode.reopens ? { reopens: pastOf(episode.reopens) } : {}),
      priority: episode.priority,
      openedBy: episode.openedBy.map(ref),
      decidedBy: episode.decidedBy.map(ref),
      calmDays: Number(calmDays),
      lastCalmDay: lastCalmDay === undefined ? undefined : String(lastCalmDay),
      reports: episode.reports,
    };
  };

  const readTerm = (term: PackedTerm): RecordedTerm => {
    const { before, after } = term;
    const told = readTold(term.told, packed.shared?.[term.report ?? 0], packed.moments ?? []);
    const previous = term.previous && { grade: term.previous[0], ...report(term.previous[1]) };
    const baselineReport = term.baseline && report(term.baseline[1]);
    return {
      ...report(term.report),
      finding: {
        term: termOfKey(term.term),
        ...grading(term.grading),
        kind: term.kind ?? 'composite',
        outcome: readOutcome(term.outcome),
        attributes: readAnswers(term.answers),
        ...(term.measured ? { measured: term.measured } : {}),
        ...(term.structured ? { structured: term.structured } : {}),
        ...(term.monitored ? { monitored: term.monitored } : {}),
        dataQuality: term.issues ?? [],
      },
      previous,
      baseline: baselineReport && {
        grade: term.baseline?.[0] ?? 0,
        at: baselineReport.at,
        source: baselineReport.source,
      },
      ...(told ? { told } : {}),
      ...(term.held ? { held: true } : {}),
      ...(term.tick ? { tick: tickOf(term.tick[0], report(term.tick[1])) } : {}),
      ...(term.ended === undefined ? {} : { ended: term.ended }),
      ...(term.merged === undefined ? {} : { mergedInto: term.merged }),
      episodeBefore: before && readEpisode(before, term),
      transition: term.transition ?? 'none',
      // Only what differs was kept; where nothing was open before it is all there.
      episodeAfter: after && readEpisode({ ...before, ...after } as PackedEpisode, term),
      conditions: policies.flatMap((policy, place) => readLetters(policy, place, term)),
    };
  };

  const own = report(0);
  return {
    engine: packed.engine,
    fhirpath: packed.fhirpath,
    ...(packed.questionnaire ? { questionnaire: packed.questionnaire } : {}),
    gradings,
    policies: policies.map(({ canonical, digest, title }) => ({ canonical, digest, ...(title && { title }) })),
    source: own.source,
    patient: packed.patient,
    report: { at: own.at, day: own.day, baseline: packed.baseline === true },
    terms: packed.terms.map(readTerm),
    errors: packed.errors ?? [],
  };
}

function readLetters(policy: PackedPolicy, place: number, { conditions, errors }: PackedTerm): RecordedCondition[] {
  const text = conditions[place] ?? '';
  return policy.actions.flatMap((action, index): RecordedCondition[] => {
    const letter = text[index];
    if (letter !== 't' && letter !== 'f' && letter !== 'u') return [];
    const value = letter === 'u' ? 'undecided' : letter === 't';
    const title = value === true ? policy.titles?.[action] : undefined;
    const error = errors?.[`${place}:${action}`];
    return [{ policy: policy.canonical, action, ...(title && { title }), value, ...(error && { error }) }];
  });
}

function readReport([key = '', at = '', day = at.slice(0, 10)]: readonly string[] = []): Pick<
  RecordedTerm,
  'source' | 'at' | 'day'
> {
  const [type, id = '', version] = key.split('/');
  return {
    source: { type: type as SourceType, id, version: Number(version) }, // `pack` wrote it
    at,
    day,
  };
}

const tickOf = (what: string, { source, at }: Pick<RecordedTerm, 'source' | 'at'>): RecordedTerm['tick'] => ({
  what,
  on: source,
  at,
});

const pastOf = ([origin, start, end]: readonly [string, string, string]): PastEpisode => ({ origin, start, end });
