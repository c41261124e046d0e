import { readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { renderBuiltInPages } from "./built-in-pages.ts";

const FOLDER = join(import.meta.dirname, "../../../compose/images/nginx/pages");

describe("pages of nginx' image", () => {
  it.each(Object.entries(renderBuiltInPages()))("%s is in the image as it is rendered", async (name, text) => {
    await expect(text).toMatchFileSnapshot(join(FOLDER, name));
  });

  it("are all the pages that the image has", () => {
    expect(readdirSync(FOLDER).sort()).toEqual(Object.keys(renderBuiltInPages()).sort());
  });

  it("repeat no request that the application may have carried out", () => {
    const { "unanswered.html": page } = renderBuiltInPages();
    expect(page).not.toMatch(/http-equiv="refresh"|<script|data-refresh/);
  });
});
