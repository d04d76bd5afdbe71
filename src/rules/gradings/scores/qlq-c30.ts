import json from '../../../../profiles/gradings/qlq-c30.json' with { type: 'json' };
import { type Answers, instrument, type Scorer, whyNot } from './instrument.ts';
import type { ScoreData, ScoreGrading, ScoreSpec } from './score.ts';

interface ScaleSpec extends ScoreSpec {
  type: 'global' | 'function' | 'symptom';
  /** Highest answer less the lowest. */
  answerRange: number;
}

// The compiler reads every string of the file as `string`; that it is whole is checked at start.
const DATA = json as unknown as ScoreData;

/**
 * EORTC QLQ-C30 v3.0: fifteen scales 0-100, to six decimals. Function and global: high is good; symptom: high is bad. A scale is formed
 * from the answered items when they are at least half; an item that the form leaves out or hides is not one that was skipped, and then there is none.
 * The summary score and the thresholds for clinical importance are drafts. Source: EORTC QLQ-C30 v3.0 scoring, by secondary text.
 */
export const qlqC30: ScoreGrading = instrument(DATA, scale, scaleFaults());

function scale(spec: ScoreSpec, answers: Answers): ReturnType<Scorer> {
  const { items, type, answerRange } = spec as ScaleSpec; // that each scale has both is checked at start
  const missing = items.filter((code) => answers.get(code)?.state !== 'answered');
  const states = items.map((code) => answers.get(code)?.state);
  if (states.includes('ambiguous')) return { missing, reason: 'ambiguous-item' };
  if (states.includes('not-asked') || states.includes(undefined)) return { missing, reason: 'not-asked' };
  const values = valuesIn(items, answers);
  if (values.length === 0 || values.length * 2 < items.length) return { missing, reason: whyNot(items, answers) };
  // (RS - 1) / range * 100 with RS = sum / n, in whole numbers up to the one division.
  const above = values.reduce((sum, value) => sum + value - 1, 0);
  const most = values.length * answerRange;
  const raw = (100 * (type === 'function' ? most - above : above)) / most;
  return { value: Math.round(raw * 1e6) / 1e6, missing };
}

function valuesIn(items: readonly string[], answers: Answers): number[] {
  return items.flatMap((code) => {
    const answer = answers.get(code);
    return answer?.state === 'answered' ? [answer.value] : [];
  });
}

function scaleFaults(): string[] {
  const faults: string[] = [];
  const used = DATA.scores.flatMap(({ items }) => items);
  if (DATA.scores.length !== 15) faults.push(`${DATA.scores.length} scales, expected 15`);
  if (used.length !== 30 || new Set(used).size !== 30) faults.push('the 30 items are not each in one scale');
  for (const spec of DATA.scores as readonly ScaleSpec[]) {
    if (!['global', 'function', 'symptom'].includes(spec.type)) faults.push(`${spec.code}: its type is unknown`);
    for (const { code, values } of DATA.items.filter((item) => spec.items.includes(item.code))) {
      if (
        !Array.isArray(values) ||
        values.join() !== Array.from({ length: spec.answerRange + 1 }, (_, at) => at + 1).join()
      )
        faults.push(`${code}: its answers do not fit the range of ${spec.code}`);
    }
  }
  return faults;
}
