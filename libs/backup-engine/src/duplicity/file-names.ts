/** What a file at the target is, told from its name. Times are as duplicity writes them, `20261122T172613Z`. */
export interface RemoteFile {
  name: string;
  type: "volume" | "manifest" | "signatures";
  /** Undefined for a full. */
  from: string | undefined;
  to: string;
  /** From 1; undefined for what is no volume. */
  volume: number | undefined;
}

const STAMP = String.raw`\d{8}T\d{6}Z`;
const NAME = new RegExp(
  String.raw`^duplicity-(?<set>full|inc|full-signatures|new-signatures)\.(?:(?<from>${STAMP})\.to\.)?(?<to>${STAMP})\.` +
    String.raw`(?:vol(?<volume>\d+)\.difftar|(?<manifest>manifest)|(?<signatures>sigtar))(?<ending>\.gpg|\.gz|\.part)?$`,
);

/** Undefined for a file that is no part of a backup of duplicity. Names of 0.7, 0.8 and 3 are the same. */
export function parseFileName(name: string): RemoteFile | undefined {
  const { from, to, volume, manifest } = NAME.exec(name)?.groups ?? {};
  if (to === undefined) return undefined;
  const type = volume !== undefined ? "volume" : manifest !== undefined ? "manifest" : "signatures";
  return { name, type, from, to, volume: volume === undefined ? undefined : Number(volume) };
}

/** The name of the copy in duplicity's archive folder of a manifest at the target: the same, not encrypted. */
export const localName = (remoteName: string) =>
  remoteName.replace(/\.sigtar\.gpg$/, ".sigtar.gz").replace(/\.gpg$/, "");

export function stampToDate(stamp: string): Date {
  return new Date(stamp.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, "$1-$2-$3T$4:$5:$6Z"));
}

export const dateToStamp = (date: Date) => `${date.toISOString().slice(0, 19).replace(/[-:]/g, "")}Z`;
