import type { Extension } from '@medplum/fhirtypes';
import { EXTENSION } from '../resources/codes.ts';
import type { Waker } from './triggers.ts';

/** An action that is asked again when nothing has told the grade of its term for a time. */
export interface AsksAgain {
  /** PlanDefinition.action.id. */
  action: string;
  /** For how long: a whole number and a UCUM unit, such as `21 d`. */
  after: string;
  wakes: Waker;
}

/** UCUM units that a time may be in. Days and weeks are those of the calendar where the site is; hours are of 60 minutes. */
const UNITS = ['h', 'd', 'wk'] as const;

/** The longest time, in each unit: ten years. Further ahead nobody means anything. */
const MOST = { h: 87_660, d: 3652, wk: 521 } as const;

/** What `after` of an action holds, told apart. */
export interface Time {
  value: number;
  unit: (typeof UNITS)[number];
}

/** The time of an extension of ours as `after` writes it; undefined where it is none that can be used. */
export function readAskAgain(extension: Extension | undefined): string | undefined {
  const { value, system, code, comparator } = extension?.valueDuration ?? {};
  const unit = UNITS.find((one) => one === code);
  if (system !== UCUM || unit === undefined || comparator !== undefined || value === undefined) return undefined;
  return Number.isSafeInteger(value) && value > 0 && value <= MOST[unit] ? `${value} ${unit}` : undefined;
}

/** The extensions of an action that ask for it. */
export const askAgainExtensions = (extensions: readonly Extension[] = []): Extension[] =>
  extensions.filter(({ url }) => url === EXTENSION.askAgainAfter);

/** The parts of what `readAskAgain` gave. Throws a RangeError for any other text. */
export function timeOf(after: string): Time {
  const [, digits, code] = /^(\d+) (h|d|wk)$/.exec(after) ?? [];
  const unit = UNITS.find((one) => one === code);
  if (digits === undefined || unit === undefined)
    throw new RangeError('a time to ask again after is not as it is written');
  return { value: Number(digits), unit };
}

const UCUM = 'http://unitsofmeasure.org';
