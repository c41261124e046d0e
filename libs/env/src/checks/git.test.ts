import { describe, expect, it } from "vitest";
import { appliance, parse, problemsOf } from "../testing/parse.ts";

describe("a source for git", () => {
  it.each([
    "https://git.example/project.git",
    "https://token@git.example:8443/project.git",
    "ssh://git@git.example:2222/project.git",
    "git@git.example:group/project.git",
    "file:///srv/project.git",
    "/srv/project.git",
    "git://git.example/project",
  ])("may be %s", (source) => {
    expect(problemsOf(appliance(`git: {source: ${JSON.stringify(source)}}`))).toEqual([]);
  });

  it.each([
    "git_url",
    "ext::id",
    "-u",
    "https:git.example",
    "ssh://-oProxyCommand=id/x",
    "--upload-pack=id",
    "a@b:--x y",
  ])("cannot be %s", (source) => {
    expect(parse(appliance(`git: {source: ${JSON.stringify(source)}}`)).env).toBeUndefined();
  });
});
