import { chosenCommission } from "../ethics-commissions.ts";
import type { Adviser } from "./advice.ts";

const remedy = "`appliance commissions` lists them with their UUIDs.";

/** Documents that carry the name of another commission cannot be called back. The sample is for none. */
export const adviseOnCommission: Adviser = ({ ecs }) => {
  const chosen = chosenCommission(ecs.settings ?? "");
  if (!chosen || ecs.git.source === "builtin:sample") return [];
  const { line, uuid, commission, isPlaceholder } = chosen;
  const at = { path: ["ecs", "settings"], line, remedy };
  if (isPlaceholder) return [{ ...at, message: "ETHICS_COMMISSION_UUID stands for no commission yet" }];
  if (!commission)
    return [
      { ...at, severity: "warning", message: `ETHICS_COMMISSION_UUID ${uuid.slice(0, 40)} is no known commission` },
    ];
  if (!commission.outOfUse) return [];
  const message = `ETHICS_COMMISSION_UUID is "Nicht verwenden: ${commission.name}", which is no longer to be used`;
  return [{ ...at, severity: "warning", message }];
};
