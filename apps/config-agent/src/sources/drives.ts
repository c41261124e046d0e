import { CommandError, type RunCommand } from "@appliance/command";
import { OperatorError } from "@appliance/errors";
import type { Drive, Host } from "@appliance/host";
import { readFromImage, type ImageType } from "./drive-image.ts";
import type { Look } from "./look.ts";
import { judgeUserData } from "./user-data.ts";

/** cloud-init's NoCloud, and the config drive of OpenStack. */
const PLACES = [
  { label: "cidata", file: "user-data" },
  { label: "config-2", file: "openstack/latest/user_data" },
] as const;
type Place = (typeof PLACES)[number];

const ALL = "drives of the host";

const TYPES: readonly string[] = ["iso9660", "vfat"] satisfies ImageType[];
const isReadable = (type: string): type is ImageType => TYPES.includes(type);

interface Deps {
  host: Pick<Host, "whyUnavailable" | "drives">;
  run: RunCommand;
}

/** The labelled drives of the host, in the manual's order; the second is not read when the first has an env.yml. */
export async function* lookOnDrives({ host, run }: Deps): AsyncGenerator<Look> {
  const unavailable = host.whyUnavailable("drives");
  const drives = unavailable === undefined ? await host.drives.observe().catch(orUnreadable) : [];
  if ("why" in drives) {
    yield { source: ALL, ...unusable(ALL, `they ${drives.why}`) };
    return;
  }
  for (const place of PLACES) {
    const found = drives.filter(({ label }) => label.toLowerCase() === place.label);
    const source = nameOf(place, found);
    if (found.length === 0) yield { source, passedOver: unavailable ?? "no drive has this label" };
    else yield { source, ...(await lookOn(source, found, place, { host, run })) };
  }
}

/** With its device, so that an operator with several drives knows which one is meant. */
function nameOf({ label }: Place, drives: readonly Drive[]): string {
  const devices = drives.map(({ device }) => device).join(" and ");
  return devices === "" ? `drive ${label}` : `drive ${label} (${devices})`;
}

type Found = { text: Uint8Array } | { passedOver: string } | { unusable: OperatorError };

async function lookOn(source: string, drives: readonly Drive[], place: Place, { host, run }: Deps): Promise<Found> {
  const [drive, second] = drives;
  if (drive === undefined || second !== undefined) return unusable(source, "two drives have this label");
  const { type } = drive;
  if (!isReadable(type))
    return unusable(source, `its file system is ${type}, and only ${TYPES.join(" and ")} are read`);
  const file = await host.drives
    .withCopy(drive, (image) => readFromImage(run, image, type, place.file))
    .catch(orUnreadable);
  if ("why" in file) return unusable(source, `it ${file.why}`);
  const data = await judgeUserData(file.bytes);
  if (data.kind === "env") return { text: data.text };
  const why = `its ${place.file} ${data.why}`;
  return data.kind === "foreign" ? { passedOver: why } : unusable(source, why);
}

/** A drive that reports errors or never answers; a program that is missing is no fault of the drive. */
function orUnreadable(err: unknown): { why: string } {
  if (!(err instanceof CommandError) || err.code === "COMMAND_NOT_FOUND") throw err;
  return { why: `cannot be read: ${err.message}` };
}

function unusable(source: string, why: string): { unusable: OperatorError } {
  const remedy = "Attach a drive made anew from your env.yml, or detach this one; then run `appliance apply`.";
  return { unusable: new OperatorError("ENV_DRIVE_UNUSABLE", `The ${source} cannot be used: ${why}.`, { remedy }) };
}
