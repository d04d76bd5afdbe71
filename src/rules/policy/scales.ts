import { type Attribute, type Finding, termKey } from '../finding.ts';
import { GRADED_BY_ANSWERS } from '../gradings/ctcae-answers.ts';
import { CTCAE_DATA, CTCAE_VERSIONS } from '../gradings/ctcae-data.ts';
import { DATA as EMERGENCIES, EMERGENCY_TERMS } from '../gradings/emergency-data.ts';
import { DATA as MONITORING, MONITORING_TERMS } from '../gradings/monitoring-data.ts';
import { TERMS } from '../gradings/pro-ctcae-data.ts';

/** One thing that a finding can be: a term on its scale. */
export interface Scale extends Pick<Finding, 'system' | 'version' | 'kind' | 'term'> {
  /** `termKey`, and how `%symptoms` spells it: names of FHIRPath hold no @, dot or hyphen. */
  key: string;
  spelled: string;
  /** The highest grade that it can have. */
  highest: number;
  /** What is asked of a PRO-CTCAE term, and whether an emergency is there; none of the other systems. */
  attributes: readonly Attribute[];
}

/** Highest grade of a kind. Source: PRO-CTCAE composite table; CTCAE, whose grade 5 no data tell. */
const HIGHEST: Readonly<Record<Finding['kind'], number>> = {
  composite: 3,
  presence: 1,
  text: 1,
  ladder: 4,
  emergency: 1,
  monitoring: 1,
};

/** Every term that a finding can be of, with its scale: of CTCAE those that something measured or answered can grade. */
export const SCALES: readonly Scale[] = [
  ...TERMS.map(({ code, kind, attributes }) => scale('pro-ctcae', '1.0', kind, code, attributes)),
  ...CTCAE_VERSIONS.flatMap((version) =>
    CTCAE_DATA.entries
      .filter(
        ({ id, editions, inputs }) => editions[version] && (inputs !== undefined || GRADED_BY_ANSWERS.includes(id)),
      )
      .map(({ id }) => scale('ctcae', version, 'ladder', id)),
  ),
  ...EMERGENCY_TERMS.map(({ code }) => scale('emergency', EMERGENCIES.version, 'emergency', code, ['presence'])),
  ...MONITORING_TERMS.map(({ code }) => scale('monitoring', MONITORING.version, 'monitoring', code)),
];

function scale(
  system: Scale['system'],
  version: string,
  kind: Scale['kind'],
  term: string,
  attributes: Scale['attributes'] = [],
): Scale {
  const key = termKey({ term, system, version });
  const spelled = key.replaceAll(/[^A-Za-z0-9_]/g, '_');
  return { system, version, kind, term, key, spelled, highest: HIGHEST[kind], attributes };
}
