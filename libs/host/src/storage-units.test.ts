import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { renderMountUnit, renderSwapUnit, unitOf } from "./storage-units.ts";

describe("the name of a unit", () => {
  // What `systemd-escape --path --suffix=mount` says.
  it.each([
    ["/data", "data.mount"],
    ["/mnt/images", "mnt-images.mount"],
    ["/mnt/appliance-backup", "mnt-appliance\\x2dbackup.mount"],
    ["/mnt/a.b_c:d", "mnt-a.b_c:d.mount"],
    ["/.hidden/b", "\\x2ehidden-b.mount"],
    ["/mnt/a+b", "mnt-a\\x2bb.mount"],
  ])("of %s is the one that systemd demands", (path, name) => {
    expect(unitOf(path, "mount")).toBe(name);
  });
});

describe("the unit of a mount", () => {
  const data = renderMountUnit({ device: "/dev/disk/by-label/ecs-data", target: "/data" });

  it("lets the host boot without its disk, and waits for nothing but its device and fsck", () => {
    expect(data).toContain("Options=nofail\n");
    expect(data).toContain("After=systemd-fsck@dev-disk-by\\x2dlabel-ecs\\x2ddata.service\n");
    expect(data).toContain("WantedBy=local-fs.target\n");
    expect(data).not.toMatch(/^Type=|^Requires/m);
  });

  it("names type and options where they are asked for, and lets no specifier be read in them", () => {
    const unit = renderMountUnit({ device: "/dev/a%b", target: "/mnt/x", type: "xfs", options: ["noatime", "nofail"] });
    expect(unit).toContain("What=/dev/a%%b\nWhere=/mnt/x\nType=xfs\nOptions=noatime,nofail\n");
  });

  it("is the same for /volatile when bootstrap writes it for the engine", () => {
    const file = join(import.meta.dirname, "../../../deploy/systemd/volatile.mount");
    const unit = renderMountUnit({ device: "/dev/disk/by-label/ecs-volatile", target: "/volatile" });
    expect(readFileSync(file, "utf8")).toBe(unit);
  });
});

it("lets the host boot without its swap", () => {
  expect(renderSwapUnit("/dev/mapper/vg0-swap")).toMatch(/What=\/dev\/mapper\/vg0-swap\nOptions=nofail\n/);
});
