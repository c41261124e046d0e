import { describeEngine } from "./engine-suite.ts";
import { openDuplicity } from "./open.ts";

describeEngine("duplicity", openDuplicity, ["file", "sftp", "scp", "ftp", "ftps", "webdav", "boto3+s3"]);
