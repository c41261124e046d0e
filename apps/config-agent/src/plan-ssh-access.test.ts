import { describe, expect, it } from "vitest";
import { planSshAccess, type SshObserved, type UserKeys } from "./plan-ssh-access.ts";

const KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAone me@example";
const root = (more: Partial<UserKeys> = {}): UserKeys => ({
  user: "root",
  present: [KEY],
  added: [],
  removed: [],
  ...more,
});
const server = { rootMayLogIn: true, rootByPassword: false, forbiddenByUs: false, reloadNeeded: false };
const host = (more: Partial<SshObserved> = {}): SshObserved => ({
  users: [root()],
  server,
  administrators: [],
  ...more,
});
const lockout = expect.objectContaining({ code: "SSH_LOCKOUT" });

describe("planSshAccess", () => {
  it("has nothing to do where env.yml and the host agree", () => {
    expect(planSshAccess(false, host())).toEqual([]);
    const forbidden = { rootMayLogIn: false, rootByPassword: false, forbiddenByUs: true, reloadNeeded: false };
    expect(planSshAccess(true, host({ server: forbidden }))).toEqual([]);
  });

  it("shows which keys come and go, never whole ones", () => {
    const [only] = planSshAccess(false, host({ users: [root({ added: [`${KEY}2`], removed: [] })] }));
    expect(only).toMatchObject({
      summary: "Change the ssh keys of root: 1 added, 0 removed",
      changes: [{ what: "ssh-ed25519 …5AAAAone me@example2", to: "may log in" }],
    });
  });

  it("gives keys before it takes root's login, and only where another may become root", () => {
    const users = [root(), { user: "app", present: [], added: [KEY], removed: [] }];
    const steps = planSshAccess(true, host({ users, administrators: ["ada"] }));
    expect(steps.map(({ work }) => work)).toEqual([{ keysOf: "app" }, { rootForbidden: true }]);
    expect(() => planSshAccess(true, host({ users }))).toThrow(lockout);
  });

  it("lets root in again once env.yml says so, and leaves alone what others forbid", () => {
    const ours = { rootMayLogIn: false, rootByPassword: false, forbiddenByUs: true, reloadNeeded: false };
    expect(planSshAccess(false, host({ server: ours }))).toMatchObject([{ work: { rootForbidden: false } }]);
    expect(planSshAccess(false, host({ server: { ...ours, forbiddenByUs: false } }))).toEqual([]);
  });

  it("never removes the last key by which anyone can become root, but may replace it", () => {
    expect(() => planSshAccess(false, host({ users: [root({ removed: [KEY] })] }))).toThrow(lockout);
    expect(planSshAccess(false, host({ users: [root({ removed: [KEY], added: ["other"] })] }))).toHaveLength(1);
    expect(planSshAccess(false, host({ users: [root({ removed: [KEY] })], administrators: ["ada"] }))).toHaveLength(1);
  });

  it("takes nothing away where nobody could log in before, or no sshd is there", () => {
    expect(planSshAccess(true, host({ users: [root({ present: [] })] }))).toHaveLength(1);
    expect(planSshAccess(true, host({ server: undefined }))).toEqual([]);
  });

  it("starts nothing and stops nothing where sshd cannot say what it lets in, and still locks nobody out", () => {
    const mute = { ...server, rootMayLogIn: undefined };
    expect(planSshAccess(false, host({ server: mute }))).toEqual([]);
    expect(() => planSshAccess(false, host({ server: mute, users: [root({ removed: [KEY] })] }))).toThrow(lockout);
  });

  it("leaves root's password to those who have nothing else, and does not rely on it where they have keys", () => {
    const byPassword = { ...server, rootByPassword: true };
    const noKeys = host({ server: byPassword, users: [root({ present: [] })] });
    expect(() => planSshAccess(true, noKeys)).toThrow(lockout);
    expect(planSshAccess(false, noKeys)).toEqual([]);
    expect(planSshAccess(true, { ...noKeys, administrators: ["ada"] })).toHaveLength(1);
    expect(() => planSshAccess(false, host({ server: byPassword, users: [root({ removed: [KEY] })] }))).toThrow(
      lockout,
    );
  });

  it("reloads sshd where a run before was cut off before it did", () => {
    const cut = { rootMayLogIn: true, rootByPassword: false, forbiddenByUs: false, reloadNeeded: true };
    expect(planSshAccess(false, host({ server: cut }))).toMatchObject([{ work: { rootForbidden: false } }]);
  });
});
