import { PRO_CTCAE } from '../../fhir/canonical.ts';
import { answerCode, DATA, ITEMS, type ItemMeaning, type LibraryItem, type Measure } from './pro-ctcae-data.ts';

/** CodeSystem of the German Medical Informatics Initiative for PRO-CTCAE. Source: MII IG PRO, version 2026.2.0. */
export const MII: string = DATA.items.fhirPrecedent.system;

/**
 * What an item code of the German guide stands for: the same item as ours, e.g. `proctcae-09a-frq` is `PROCTCAE_9A_SCL`.
 * Source: MII IG PRO, CodeSystem mii-cs-pro-pro-ctcae, version 2026.2.0; the code of each item stands in our data file.
 */
export const MII_ITEMS: ReadonlyMap<string, ItemMeaning> = new Map(
  DATA.items.terms.flatMap(({ items }) =>
    (items as readonly (LibraryItem & { miiFhirItemCode?: string })[]).flatMap(({ itemId, miiFhirItemCode }) => {
      const meaning = ITEMS.get(`${PRO_CTCAE}|${itemId}`);
      return meaning && miiFhirItemCode ? [[miiFhirItemCode, meaning] as const] : [];
    }),
  ),
);

/**
 * What an answer code of the German guide says, e.g. `proctcae-severity-3`. The guide has no scale of its own for amounts
 * (hair loss, vaginal discharge): their items end in `-int` and are answered on its scale of interference.
 * Source: MII IG PRO, CodeSystem and ValueSets of PRO-CTCAE; its Questionnaire for breast cancer, item 27a.
 */
export const MII_ANSWERS: ReadonlyMap<string, { attributes: readonly Measure[]; value: number }> = new Map(
  (['frequency', 'severity', 'interference', 'presence'] as const).flatMap((attribute) =>
    Array.from({ length: attribute === 'presence' ? 2 : 5 }, (_, value) => {
      const attributes: readonly Measure[] = attribute === 'interference' ? ['interference', 'amount'] : [attribute];
      return [`proctcae-${answerCode(attribute, value)}`, { attributes, value }] as const;
    }),
  ),
);
