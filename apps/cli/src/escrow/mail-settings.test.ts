import { describe, expect, it } from "vitest";
import { parseAddresses, parseSmtpUrl } from "./mail-settings.ts";

describe("parseSmtpUrl", () => {
  it("asks for TLS from the start with smtps, and for STARTTLS with smtp", () => {
    expect(parseSmtpUrl("smtps://mail.example\n")).toEqual({ host: "mail.example", port: 465, implicitTls: true });
    expect(parseSmtpUrl("smtp://mail.example:25")).toEqual({ host: "mail.example", port: 25, implicitTls: false });
  });

  it("takes signs of user and password in the notation of URLs", () => {
    const url = "smtps://ada%40example.org:a%2Fb%3A%23@mail.example";
    expect(parseSmtpUrl(url)).toMatchObject({ user: "ada@example.org", password: "a/b:#" });
  });

  it.each(["https://u:hunter22@mail.example", "mail.example", "", "smtp://u:hunter22%@h"])(
    "refuses %s without repeating it",
    (text) => {
      expect(() => parseSmtpUrl(text)).toThrow(
        expect.objectContaining({ code: "SMTP_URL_INVALID", message: expect.not.stringContaining("hunter22") }),
      );
    },
  );
});

describe("parseAddresses", () => {
  it("takes one address a line, with empty lines and comments between", () => {
    expect(parseAddresses("emailto.txt", "# who\nada@example.org\r\n\n bob@example.org\n")).toEqual([
      "ada@example.org",
      "bob@example.org",
    ]);
  });

  it("names the line that is none", () => {
    const text = "ada@example.org\nbob@example.org, eve@example.org\n";
    expect(() => parseAddresses("emailto.txt", text)).toThrow("line 2 is no mail address");
  });

  it("refuses a file without any", () => {
    expect(() => parseAddresses("emailto.txt", "\n# nobody\n")).toThrow("it holds no address");
  });
});
