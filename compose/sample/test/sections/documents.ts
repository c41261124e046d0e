import { randomBytes } from "node:crypto";
import { globSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { CERTIFICATE, OFFICE, SUBMITTER, type Application } from "../application.ts";
import { Browser } from "../browser.ts";
import { DOMAIN } from "../group.ts";

const MARK = `plain text that must not be found in the vault ${randomBytes(8).toString("hex")}`;

/** What is handed in, kept in the vault and handed out again. */
export function documents(application: Application): void {
  const { group } = application;

  describe("documents", () => {
    const content = Buffer.from(`${MARK}\n${"x".repeat(300_000)}${MARK}`);
    let submission: string;
    let download: string;

    it("keeps an upload in the vault and hands the same bytes out again", async () => {
      const browser = await application.logIn(SUBMITTER);
      await browser.get("/submissions/new/");
      const fields = { title: "A <study> & its title", investigator: "Dr. Ada", summary: "short" };
      submission = (await browser.submit("/submissions/new/", fields)).headers.location ?? "";
      const file = new File([content], "protocol ü.txt", { type: "text/plain" });
      expect((await browser.submit(`${submission}documents/`, { document: file })).status).toBe(302);

      const page = await browser.get(submission);
      expect(page.text).toContain("A &lt;study&gt; &amp; its title");
      expect(page.text).toContain("protocol ü.txt");
      download = /href="(\/documents\/[^"]+)"/.exec(page.text)?.[1] ?? "";
      const back = await browser.get(download);
      expect(back.body.equals(content)).toBe(true);
      expect(back.headers["content-disposition"]).toContain("attachment");
    });

    it("has only OpenPGP in the vault: encrypted to ecs_mediaserver, signed by ecs_authority, without the plain text", async () => {
      const files = globSync("??/??/*.gpg", { cwd: group.vault });
      expect(globSync("**/*.part", { cwd: group.vault })).toEqual([]);
      expect(files).toHaveLength(1);
      const file = join(group.vault, files[0] ?? "");
      expect(readFileSync(file).includes(MARK)).toBe(false);

      const packets = (await group.keys.gpg("--list-packets", file)).stdout;
      expect(packets).toMatch(
        /:pubkey enc packet:[\s\S]*:encrypted data packet:[\s\S]*:onepass_sig packet:[\s\S]*:literal data packet:/,
      );
      const { stdout, stderr } = await group.keys.gpg("--status-fd", "2", "--decrypt", file);
      expect(stdout).toContain(MARK);
      expect(stderr).toMatch(/ENC_TO/);
      expect(stderr).toMatch(/GOODSIG \w+ ecs_authority/);
    });

    it("verifies the vault by reading documents back", async () => {
      expect(await group.operation("/start", "run", "./manage.py", "verify_vault", "--", "10")).toContain(
        "1 documents good, 0 bad",
      );
    });

    it("shows a document neither to another user nor without login", async () => {
      expect((await (await application.logIn(OFFICE)).get(download)).status).toBe(404);
      expect((await new Browser(application.web, DOMAIN).get(download)).status).toBe(302);
      expect((await (await application.logIn(OFFICE, CERTIFICATE)).get(download)).status).toBe(200);
    });

    it("hands nothing out when the file was changed", async () => {
      const file = join(group.vault, globSync("??/??/*.gpg", { cwd: group.vault })[0] ?? "");
      const good = readFileSync(file);
      const bad = Buffer.from(good);
      bad[bad.length - 100] = (bad[bad.length - 100] ?? 0) ^ 1;
      writeFileSync(file, bad);
      const page = await (await application.logIn(SUBMITTER)).get(download);
      const verified = group.operation("/start", "run", "./manage.py", "verify_vault", "--", "10");
      await expect(verified).rejects.toThrow("cannot be read back");
      writeFileSync(file, good);
      expect(page.status).toBe(503);
      expect(page.text).not.toContain(MARK);
    });

    it("hands nothing out that another key has signed", async () => {
      const file = join(group.vault, globSync("??/??/*.gpg", { cwd: group.vault })[0] ?? "");
      const good = readFileSync(file);
      const forged = join(group.root, "forged.gpg");
      const keys = ["--recipient", "ecs_mediaserver", "--local-user", "ecs_mediaserver"];
      await group.keys.gpg(
        "--trust-model",
        "always",
        "--output",
        forged,
        ...keys,
        "--sign",
        "--encrypt",
        import.meta.filename,
      );
      writeFileSync(file, readFileSync(forged));
      const page = await (await application.logIn(SUBMITTER)).get(download);
      writeFileSync(file, good);
      expect(page.status).toBe(503);
    });

    it("refuses a document above the limit with a sentence", async () => {
      const file = new File([Buffer.alloc(5 * 1024 * 1024)], "big.pdf", { type: "application/pdf" });
      const browser = await application.logIn(SUBMITTER);
      const page = await browser.submit(`${submission}documents/`, { document: file });
      expect(page.status).toBe(400);
      expect(page.text).toContain("at most 4 MB");
    });

    it("lets the office acknowledge the submission", async () => {
      const office = await application.logIn(OFFICE, CERTIFICATE);
      expect((await office.submit(`${submission}acknowledge/`, {})).status).toBe(302);
      expect((await office.get(submission)).text).toContain("state acknowledged");
      const submitter = await application.logIn(SUBMITTER);
      expect((await submitter.submit(`${submission}acknowledge/`, {})).status).toBe(403);
    });
  });
}
