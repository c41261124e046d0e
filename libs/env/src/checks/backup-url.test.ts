import { describe, expect, it } from "vitest";
import { appliance, parse } from "../testing/parse.ts";

const parseUrl = (url: string) => parse(appliance(`backup: {url: ${JSON.stringify(url)}}`));

function problemOf(url: string) {
  const [problem] = parseUrl(url).problems;
  return problem && `${problem.severity}: ${problem.message}`;
}

describe("the URL of the backup", () => {
  it.each([
    "file:///volatile/ecs-backup-test/",
    "ftp://user:pass@host/dir",
    "ftps://user@host:990/dir",
    "ftpes://host/dir",
    "sftp://user:p%40ss@host.example:2222//absolute/dir",
    "sftp://user@[2001:db8::1]:22/dir",
    "scp://host/dir",
    "pexpect+scp://host/dir",
    "rsync://user@host:873::/module/dir",
    "rsync://host::module/dir",
    "webdavs://user@host/dir",
    "s3:///bucket/prefix",
    "boto3+s3://bucket/prefix",
    "b2://account:key@bucket/folder",
    "azure://container",
    "rclone://remote:folder",
    "rclone:remote:folder",
    "swift://container",
    "multi:///etc/targets.json?mode=mirror",
    "par2+sftp://user@host/dir",
    "imaps://user@host",
    "gio+smb://host/share",
    "xorriso:///dev/sr0:/backup",
  ])("%s is taken as it is", (url) => {
    expect(problemOf(url)).toBeUndefined();
  });

  it.each([
    ["ssh://user@host/dir", "warning: duplicity no longer has the scheme 'ssh'; write sftp://"],
    ["ftpssl://user@host/dir", "warning: duplicity no longer has the scheme 'ftpssl'; write ftps://"],
    ["s3+http://bucket", "warning: duplicity no longer has the scheme 's3+http'; write s3://"],
    ["gs://bucket/folder", "warning: duplicity no longer has the scheme 'gs'; write s3://"],
    ["stfp://host/dir", "error: unknown scheme 'stfp'"],
    ["par2+stfp://host/dir", "error: unknown scheme 'stfp'"],
    ["cifs://host/share", "error: cifs is mounted: write file:///mnt/… here"],
    ["/var/backup", "error: must be a URL with a scheme; a folder of this host is written file:///path"],
    ["--no-encryption", "error: must be a URL with a scheme"],
    ["file://var/backup", "error: must have the absolute path of a folder: file:///path"],
    ["file:///a/../b", "error: a path with '..' is not taken"],
    ["sftp:///dir", "error: must name a host, as in sftp://user@host/path"],
    ["sftp://-oProxyCommand=id/dir", "error: the name of the host must begin with a letter or digit"],
    ["sftp://user@-oProxyCommand=id/dir", "error: the name of the host must begin with a letter or digit"],
    ["sftp://host:99999/dir", "error: what stands behind the host's ':' is no port"],
    ["sftp://user:pa ss@host/dir", "error: a URL has no blanks"],
  ])("%s is met with: %s", (url, expected) => {
    expect(problemOf(url)?.slice(0, expected.length)).toBe(expected);
  });

  it("of a former scheme is checked like any other", () => {
    expect(parseUrl("ssh://-oProxyCommand=id/x").env).toBeUndefined();
  });

  it("with a password that cuts it short is refused without showing the password", () => {
    const message = problemOf("sftp://user:hunter2/22@host/dir");
    expect(message).toMatch(/no port .* written %2F/);
    expect(message).not.toContain("hunter2");
  });
});
