import { termKey } from '../finding.ts';
import { GRADED_BY_ANSWERS } from '../gradings/ctcae-answers.ts';
import { CTCAE_DATA, CTCAE_VERSIONS, type CtcaeEntry } from '../gradings/ctcae-data.ts';
import { DATA as EMERGENCIES, EMERGENCY_TERMS } from '../gradings/emergency-data.ts';
import { MONITORING_TERMS } from '../gradings/monitoring-data.ts';
import { DATA } from '../gradings/pro-ctcae-data.ts';
import { type Label, type Labels, labelsOf, type NamedTerm, withTerms } from './labels.ts';

/** Labels of the terms of every grading system. */
export const allLabels = (): Labels =>
  withTerms(labelsOf(DATA.items), [...ctcaeTerms(), ...emergencyTerms(), ...monitoringTerms()]);

/** How the entries of the table are measured. The French is our own. */
const MEASURED_BY: Partial<Record<CtcaeEntry['kind'], Label>> = {
  lab: { en: 'laboratory', fr: 'laboratoire' },
  vital: { en: 'vital sign', fr: 'constante' },
};
const REPORTED: Label = { en: 'patient-reported', fr: 'déclaré par le patient' };

/** Each version names its terms itself. */
function ctcaeTerms(): NamedTerm[] {
  return CTCAE_DATA.entries.flatMap(({ id, kind, termFr, editions }) =>
    CTCAE_VERSIONS.flatMap((version): NamedTerm[] => {
      const en = editions[version]?.term;
      const measuredBy = GRADED_BY_ANSWERS.includes(id) ? REPORTED : MEASURED_BY[kind];
      if (en === undefined) return [];
      return [
        {
          key: termKey({ term: id, system: 'ctcae', version }),
          code: id,
          en,
          fr: termFr,
          result: { en: `CTCAE ${version} grade`, fr: `grade CTCAE ${version}` },
          ...(measuredBy ? { measuredBy } : {}),
        },
      ];
    }),
  );
}

const emergencyTerms = (): NamedTerm[] =>
  EMERGENCY_TERMS.map(({ code, en, fr }) => ({
    key: termKey({ term: code, system: 'emergency', version: EMERGENCIES.version }),
    code,
    en,
    fr,
    result: { en: 'emergency', fr: 'urgence' },
  }));

const monitoringTerms = (): NamedTerm[] =>
  MONITORING_TERMS.map(({ code, en, fr }) => ({
    key: code,
    code,
    en,
    fr,
    result: { en: 'reporting', fr: 'participation' },
  }));
