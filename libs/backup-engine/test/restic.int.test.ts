import { describeEngine } from "./engine-suite.ts";
import { openRestic } from "./open.ts";

describeEngine("restic", openRestic, ["file", "sftp", "ftp", "webdav", "smb", "s3"]);
