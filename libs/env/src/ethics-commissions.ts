import commissions from "../data/ethics-commissions.json" with { type: "json" };

/** An ethics commission that a server can be for. */
export interface Commission {
  /** 32 hexadecimal digits, as in `ETHICS_COMMISSION_UUID`. */
  uuid: string;
  name: string;
  /** "Nicht verwenden" in the manual. */
  outOfUse?: boolean;
}

/** The value of a new env.yml, which stands for none. */
const PLACEHOLDER = "ec".repeat(16);

/** The commissions with all of these words in name or UUID; upper and lower case, and umlauts and their letters, are the same. */
export function findCommissions(search: string): Commission[] {
  const words = folded(search)
    .split(/\s+/)
    .filter((word) => word !== "");
  return commissions.filter(({ uuid, name }) => words.every((word) => folded(`${uuid} ${name}`).includes(word)));
}

const folded = (text: string) => text.toLowerCase().replaceAll("ß", "ss").normalize("NFD").replaceAll(/\p{M}/gu, "");

/** What `ETHICS_COMMISSION_UUID` in `ecs:settings` says. */
export interface ChosenCommission {
  uuid: string;
  /** Counted from 1 in the text. */
  line: number;
  isPlaceholder: boolean;
  /** Undefined for one that is not in the list. */
  commission: Commission | undefined;
}

/** Undefined when the settings name none, or not as a text in quotes. As in Python, the last one counts. */
export function chosenCommission(applicationSettings: string): ChosenCommission | undefined {
  const found = [...applicationSettings.matchAll(/^ETHICS_COMMISSION_UUID[ \t]*=[ \t]*(["'])(.*?)\1/gm)].at(-1);
  const written = found?.[2];
  if (found === undefined || written === undefined) return undefined;
  const uuid = written.replaceAll("-", "").toLowerCase();
  return {
    uuid: written,
    line: applicationSettings.slice(0, found.index).split("\n").length,
    isPlaceholder: uuid === PLACEHOLDER,
    commission: commissions.find((known) => known.uuid === uuid),
  };
}
